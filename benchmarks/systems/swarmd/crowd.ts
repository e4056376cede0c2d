import { MemoryNetwork } from '../../../src/testing/index.ts'
import { echoOnce } from '../byte-pipe.ts'
import { inParallel } from '../work.ts'
import { openPipe, serve } from './stream-pipe.ts'
import type { Crowd } from '../system.ts'

/** With each peer, before anything counts. */
const FIRST_OPERATIONS = 3

/** A hub that is connected to all others. */
export async function crowd (peers: number): Promise<Crowd> {
  const network = new MemoryNetwork()
  const hub = await network.add({ limits: { maxConnections: Infinity, highWater: Infinity, lowWater: Infinity } })
  const targets: string[] = []

  for (let i = 0; i < peers; i++) {
    const swarm = await network.add()

    serve(swarm)
    await hub.dial(swarm.listenAddresses())
    targets.push(String(swarm.peerId))
  }

  let turn = 0
  const operate = async (): Promise<void> => {
    await echoOnce(await openPipe(hub, targets[turn++ % targets.length] ?? '', 'echo'))
  }

  // what a connection does once is not what an operation costs
  await inParallel({ seconds: Infinity, count: peers * FIRST_OPERATIONS }, 1, operate)

  return {
    operations: (amount) => inParallel(amount, 1, operate),
    close: () => network[Symbol.asyncDispose]()
  }
}
