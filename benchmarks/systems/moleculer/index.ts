import { ServiceBroker } from 'moleculer'
import { MESSAGE_BYTES } from '../system.ts'
import { Work, expectEcho, expectReceived, inParallel } from '../work.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'
import type { BrokerOptions, Context } from 'moleculer'

interface Message {
  text: string
}

/** Of a text, which is what JSON carries best. */
const MESSAGE: Message = { text: 'm'.repeat(MESSAGE_BYTES) }
/** `emit` resolves when the socket has taken the event. */
const EMITS_UNDER_WAY = 256
const SERVER = 'server'
const FOUND_WITHIN_MS = 20_000

function createBroker (nodeID: string, urls = ''): ServiceBroker {
  const options: BrokerOptions = {
    nodeID,
    logger: false,
    registry: { discoverer: 'Local' },
    serializer: 'JSON',
    tracking: { enabled: false },
    transporter: { type: 'TCP', options: { udpDiscovery: false, useHostname: false, urls } },
    // nothing that a call passes through beside what carries it
    metrics: false,
    tracing: false,
    validator: false,
    cacher: false,
    internalServices: false,
    internalMiddlewares: false
  }

  return new ServiceBroker(options)
}

/** In the list of nodes a port stands beside the address. */
function addressOf (broker: ServiceBroker): string {
  const { port } = broker.getLocalNodeInfo() as unknown as { port: number }

  return `127.0.0.1:${port}/${SERVER}`
}

class Client implements ClientEnd {
  readonly #broker: ServiceBroker

  constructor (broker: ServiceBroker) {
    this.#broker = broker
  }

  async messages (amount: Amount): Promise<Done> {
    const work = new Work(amount)

    await Promise.all(Array.from({ length: EMITS_UNDER_WAY }, async () => {
      while (work.next()) {
        await this.#broker.emit('message', MESSAGE)
      }
    }))

    expectReceived(await this.#broker.call<number>('bench.count'), work.taken)

    return work.done()
  }

  requests (amount: Amount, outstanding: number): Promise<Done> {
    return inParallel(amount, outstanding, async () => {
      expectEcho((await this.#broker.call<Message, Message>('bench.echo', MESSAGE)).text.length)
    })
  }

  close (): Promise<void> {
    return this.#broker.stop()
  }
}

export const moleculer: System = {
  name: 'moleculer',
  about: `moleculer with its TCP transporter in clear, JSON with a text as message; no metrics, validation, cache or internal middlewares; ${EMITS_UNDER_WAY} emits under way`,
  packages: ['moleculer'],

  async serve () {
    const broker = createBroker(SERVER)
    let received = 0

    broker.createService({
      name: 'bench',
      actions: {
        echo: (context: Context<Message>) => context.params,
        count: () => {
          const count = received

          received = 0

          return count
        }
      },
      events: { message: () => { received++ } }
    })
    await broker.start()

    return { address: addressOf(broker), close: () => broker.stop() }
  },

  async connect (address) {
    const broker = createBroker(`client-${process.pid}`, address)

    await broker.start()
    await broker.waitForServices('bench', FOUND_WITHIN_MS)

    return new Client(broker)
  }
}
