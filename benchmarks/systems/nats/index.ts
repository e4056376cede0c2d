import { connect } from '@nats-io/transport-node'
import { MESSAGE_BYTES } from '../system.ts'
import { Work, expectEcho, expectReceived, inParallel } from '../work.ts'
import { NATS_SERVER_VERSION, natsServer, startBroker } from './broker.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'
import type { NatsConnection } from '@nats-io/transport-node'

/** After so many messages the subscriber is asked what it has got, and a few such questions may be open. */
const BATCH = 4096
const MAX_BATCHES_UNDER_WAY = 4
const REQUEST = { timeout: 60_000 }
const MESSAGE = new Uint8Array(MESSAGE_BYTES)

class Client implements ClientEnd {
  readonly #nats: NatsConnection

  constructor (nats: NatsConnection) {
    this.#nats = nats
  }

  async messages (amount: Amount): Promise<Done> {
    const work = new Work(amount)
    const counts: Array<Promise<number>> = []
    let received = 0

    while (work.next()) {
      this.#nats.publish('messages', MESSAGE)

      if (work.taken % BATCH === 0 && counts.push(this.#count()) > MAX_BATCHES_UNDER_WAY) {
        received += await counts.shift() ?? 0
      }
    }

    for (const count of [...counts, this.#count()]) {
      received += await count
    }

    expectReceived(received, work.taken)

    return work.done()
  }

  requests (amount: Amount, outstanding: number): Promise<Done> {
    return inParallel(amount, outstanding, async () => {
      expectEcho((await this.#nats.request('echo', MESSAGE, REQUEST)).data.byteLength)
    })
  }

  async close (): Promise<void> {
    await this.#nats.close()
  }

  /** Messages that the subscriber has got since it was last asked; questions do not overtake messages. */
  async #count (): Promise<number> {
    return (await this.#nats.request('count', undefined, REQUEST)).json<number>()
  }
}

function subscribe (nats: NatsConnection): void {
  let received = 0

  nats.subscribe('messages', { callback: () => { received++ } })
  nats.subscribe('count', {
    callback: (_, message) => {
      message.respond(JSON.stringify(received))
      received = 0
    }
  })
  nats.subscribe('echo', { callback: (_, message) => { message.respond(message.data) } })
}

export const nats: System = {
  name: 'NATS',
  about: `@nats-io/transport-node in clear over TCP, with nats-server ${NATS_SERVER_VERSION} between the two ends; callbacks, no async traces; the subscriber is asked for its count after ${BATCH} messages`,
  packages: ['@nats-io/transport-node'],
  missing: () => natsServer.missing(),

  async serve () {
    const broker = await startBroker()
    const connection = await connect({ servers: broker.address, noAsyncTraces: true })

    subscribe(connection)
    await connection.flush()

    return {
      address: broker.address,
      pids: [broker.pid],

      async close () {
        await connection.close()
        await broker.close()
      }
    }
  },

  connect: async (address) => new Client(await connect({ servers: address, noAsyncTraces: true }))
}
