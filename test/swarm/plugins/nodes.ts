import { memory } from '@libp2p/memory'
import { onTestFinished } from 'vitest'
import { asLibp2p, createSwarm } from '../../../src/swarm/index.ts'
import type { Swarm, SwarmErrorDetail, SwarmInit } from '../../../src/swarm/index.ts'
import type { Libp2p, Libp2pEvents, ServiceMap } from '@libp2p/interface'

let count = 0

/** A swarm that is closed when the test has ended, with its js-libp2p face and the errors that it reported. */
export interface TestNode<Services extends ServiceMap = ServiceMap> {
  swarm: Swarm<Services>
  libp2p: Libp2p<Services>
  errors: SwarmErrorDetail[]
}

export async function createNode<Services extends ServiceMap = ServiceMap> (init: SwarmInit<Services> = {}): Promise<TestNode<Services>> {
  const swarm = await createSwarm<Services>(init)
  const errors: SwarmErrorDetail[] = []

  onTestFinished(() => swarm.close())
  swarm.addEventListener('error', ({ detail }) => { errors.push(detail) })

  return { swarm, libp2p: asLibp2p(swarm), errors }
}

/** A node in memory, which listens. */
export async function memoryNode<Services extends ServiceMap = ServiceMap> (init: SwarmInit<Services> = {}): Promise<TestNode<Services>> {
  return createNode({ transports: [memory()], listen: [`/memory/plugins-${++count}`], ...init })
}

/** A node on a TCP port of this machine. */
export async function tcpNode<Services extends ServiceMap = ServiceMap> (init: SwarmInit<Services> = {}): Promise<TestNode<Services>> {
  return createNode({ listen: ['/ip4/127.0.0.1/tcp/0'], ...init })
}

/** The next event of this type that `isWanted`. */
export async function nextEvent<Type extends keyof Libp2pEvents> (target: Libp2p, type: Type, isWanted: (detail: Libp2pEvents[Type]['detail']) => boolean = () => true): Promise<Libp2pEvents[Type]['detail']> {
  return new Promise((resolve) => {
    const onEvent = (event: Libp2pEvents[Type]): void => {
      if (isWanted(event.detail)) {
        target.removeEventListener(type, onEvent as never)
        resolve(event.detail)
      }
    }

    target.addEventListener(type, onEvent)
  })
}
