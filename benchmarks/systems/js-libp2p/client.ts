import { multiaddr } from '@multiformats/multiaddr'
import { Requester, echoOnce, requestsDuringBulk } from '../byte-pipe.ts'
import { PipeClient } from '../pipe-client.ts'
import { inParallel } from '../work.ts'
import { createNode } from './node.ts'
import { openPipe } from './stream-pipe.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { PipeSource } from '../pipe-client.ts'
import type { Amount, Done } from '../system.ts'
import type { Security } from './node.ts'
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2p } from 'libp2p'

/** Handshakes at a time where many connections are only to be there. */
const PARALLEL_DIALS = 16
/** As many streams: opening one takes longer the more there are, at both ends. */
const PARALLEL_STREAMS = 16

/** A node with its connection to the server. */
class ConnectedNode implements PipeSource {
  readonly streams = 'many'
  readonly security: Security
  readonly server: Multiaddr
  readonly #node: Libp2p
  readonly #connection: Connection

  private constructor (security: Security, server: Multiaddr, node: Libp2p, connection: Connection) {
    this.security = security
    this.server = server
    this.#node = node
    this.#connection = connection
  }

  static async to (address: string, security: Security): Promise<ConnectedNode> {
    const server = multiaddr(address)
    const node = await createNode(security)

    return new ConnectedNode(security, server, node, await node.dial(server))
  }

  open (purpose: Purpose): Promise<BytePipe> {
    return openPipe(this.#connection, purpose)
  }

  async close (): Promise<void> {
    await this.#node.stop()
  }
}

export class Client extends PipeClient<ConnectedNode> {
  /** Only one connection is opened at a time from a node to another, and only one is kept: more connections take more nodes. */
  readonly #others: Libp2p[] = []
  readonly #idle: BytePipe[] = []

  static async connect (address: string, security: Security): Promise<Client> {
    return new Client(await ConnectedNode.to(address, security))
  }

  streams (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, async () => { await echoOnce(await this.source.open('echo')) })
  }

  async connections (amount: Amount, parallel: number): Promise<Done> {
    await this.prepareIdle(parallel)

    return inParallel(amount, parallel, async (worker) => {
      const connection = await this.#others[worker]?.dial(this.source.server)

      if (connection != null) {
        await echoOnce(await openPipe(connection, 'echo'))
        await connection.close()
      }
    })
  }

  async requestsDuringBulk (amount: Amount): Promise<Done> {
    return requestsDuringBulk(await this.requester(), await this.source.open('sink'), amount)
  }

  async prepareIdle (count: number): Promise<void> {
    while (this.#others.length < count) {
      this.#others.push(await createNode(this.source.security))
    }
  }

  async idleConnections (count: number): Promise<void> {
    await this.prepareIdle(count)
    await inParallel({ seconds: Infinity, count }, PARALLEL_DIALS, this.#dialNext())
  }

  async idleStreams (count: number): Promise<void> {
    await inParallel({ seconds: Infinity, count }, PARALLEL_STREAMS, async () => {
      const pipe = await this.source.open('echo')

      await new Requester(pipe).requests({ seconds: Infinity, count: 1 }, 1)
      this.#idle.push(pipe)
    })
  }

  async fanIn (callers: number): Promise<Done> {
    const node = await createNode(this.source.security)

    try {
      return await inParallel({ seconds: Infinity, count: callers }, callers, async () => {
        await echoOnce(await openPipe(await node.dial(this.source.server), 'echo'))
      })
    } finally {
      await node.stop()
    }
  }

  override async close (): Promise<void> {
    await Promise.all(this.#others.map(async (node) => { await node.stop() }))
    await super.close()
  }

  #dialNext (): () => Promise<void> {
    const nodes = this.#others.values()

    return async () => { await nodes.next().value?.dial(this.source.server) }
  }
}
