/* A swarm and its streams, as they come: `read` and `write`. */
import { echoOnce, Requester, requestsDuringBulk } from '../byte-pipe.ts'
import { PipeClient } from '../pipe-client.ts'
import { inParallel } from '../work.ts'
import { crowd } from './crowd.ts'
import { addressOf, clientNode, serverNode } from './nodes.ts'
import { openOn, openPipe, serve } from './stream-pipe.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { PipeSource } from '../pipe-client.ts'
import type { Amount, Done, System } from '../system.ts'
import type { Security } from './nodes.ts'
import type { Swarm } from '../../../src/index.ts'

/** At a time, where many connections or streams are only to be there. */
const PARALLEL_OPENINGS = 16

class Node implements PipeSource {
  readonly streams = 'many'
  readonly security: Security
  readonly server: string
  readonly #swarm: Swarm

  constructor (security: Security, server: string, swarm: Swarm) {
    this.security = security
    this.server = server
    this.#swarm = swarm
  }

  open (purpose: Purpose): Promise<BytePipe> {
    return openPipe(this.#swarm, this.server, purpose)
  }

  async close (): Promise<void> {
    await this.#swarm.close()
  }
}

class StreamsClient extends PipeClient<Node> {
  /** A peer has one connection to another: many connections take many peers. */
  readonly #others: Swarm[] = []
  readonly #idle: BytePipe[] = []

  streams (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, async () => echoOnce(await this.source.open('echo')))
  }

  async connections (amount: Amount, parallel: number): Promise<Done> {
    await this.#grow(parallel)

    return inParallel(amount, parallel, async (worker) => {
      const connection = await this.#others[worker]?.dial(this.source.server)

      if (connection != null) {
        await echoOnce(await openOn(connection, 'echo'))
        await connection.close()
      }
    })
  }

  async requestsDuringBulk (amount: Amount): Promise<Done> {
    return requestsDuringBulk(await this.requester(), await this.source.open('sink'), amount)
  }

  async prepareIdle (count: number): Promise<void> {
    await this.#grow(count)
  }

  async idleConnections (count: number): Promise<void> {
    const dials = this.#others.slice(0, count).values()

    await inParallel({ seconds: Infinity, count }, PARALLEL_OPENINGS, async () => { await dials.next().value?.dial(this.source.server) })
  }

  async idleStreams (count: number): Promise<void> {
    await inParallel({ seconds: Infinity, count }, PARALLEL_OPENINGS, async () => {
      const pipe = await this.source.open('echo')

      this.#idle.push(pipe)
      await new Requester(pipe).requests({ seconds: Infinity, count: 1 }, 1)
    })
  }

  async fanIn (callers: number): Promise<Done> {
    await using swarm = await clientNode(this.source.security)

    return await inParallel({ seconds: Infinity, count: callers }, callers, async () => echoOnce(await openPipe(swarm, this.source.server, 'echo')))
  }

  override async close (): Promise<void> {
    await Promise.all(this.#others.map((swarm) => swarm.close()))
    await super.close()
  }

  async #grow (count: number): Promise<void> {
    while (this.#others.length < count) {
      this.#others.push(await clientNode(this.source.security))
    }
  }
}

function streams (security: Security): System {
  return {
    name: `swarmd ${security}`,
    about: `a swarm over TCP, ${security} and yamux, with its defaults but for raised limits; streams with \`read\` and \`write\``,
    packages: [],

    async serve () {
      const swarm = await serverNode(security)

      serve(swarm)

      return { address: addressOf(swarm), close: () => swarm.close() }
    },

    async connect (address) {
      const swarm = await clientNode(security)

      await swarm.dial(address)

      return new StreamsClient(new Node(security, address, swarm))
    },

    ...security === 'Noise' ? { crowd } : {}
  }
}

export const swarmdNoise = streams('Noise')
export const swarmdTls = streams('TLS')
