import { once } from 'node:events'
import { RpcTarget, newWebSocketRpcSession } from 'capnweb'
import { WebSocket } from 'ws'
import { MESSAGE_BYTES } from '../system.ts'
import { serveWebSockets } from '../websockets.ts'
import { Work, expectEcho, expectReceived, inParallel } from '../work.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'
import type { RpcStub } from 'capnweb'

/** Of a text, which is what JSON carries best. */
const MESSAGE = 'm'.repeat(MESSAGE_BYTES)
/** After so many messages the server is asked for its count, and a few such questions may be open. */
const BATCH = 1024
const MAX_BATCHES_UNDER_WAY = 4

class Api extends RpcTarget {
  #received = 0

  echo (message: string): string {
    return message
  }

  take (_message: string): void {
    this.#received++
  }

  /** Messages since it was last asked. */
  count (): number {
    const received = this.#received

    this.#received = 0

    return received
  }
}

class Client implements ClientEnd {
  readonly #api: RpcStub<Api>
  readonly #socket: WebSocket

  constructor (socket: WebSocket) {
    this.#api = newWebSocketRpcSession<Api>(standard(socket))
    this.#socket = socket
  }

  async messages (amount: Amount): Promise<Done> {
    const work = new Work(amount)
    const counts: Array<PromiseLike<number>> = []
    let received = 0

    while (work.next()) {
      this.#api.take(MESSAGE)[Symbol.dispose]() // nobody asks for its answer, so none is sent

      if (work.taken % BATCH === 0 && counts.push(this.#api.count()) > MAX_BATCHES_UNDER_WAY) {
        received += await counts.shift() ?? 0
      }
    }

    for (const count of [...counts, this.#api.count()]) {
      received += await count
    }

    expectReceived(received, work.taken)

    return work.done()
  }

  requests (amount: Amount, outstanding: number): Promise<Done> {
    return inParallel(amount, outstanding, async () => { expectEcho((await this.#api.echo(MESSAGE)).length) })
  }

  async close (): Promise<void> {
    this.#api[Symbol.dispose]()

    if (this.#socket.readyState !== WebSocket.CLOSED) {
      await once(this.#socket, 'close')
    }
  }
}

/** Its types ask for the WebSocket of browsers, and its README passes those of ws. */
function standard (socket: WebSocket): globalThis.WebSocket {
  return socket as unknown as globalThis.WebSocket
}

export const capnweb: System = {
  name: 'capnweb',
  about: `capnweb over ws in clear, JSON with a text as message; one-way messages are calls whose promise is disposed of at once, and the server is asked for its count after ${BATCH}`,
  packages: ['capnweb', 'ws'],

  serve: async () => serveWebSockets((socket) => { newWebSocketRpcSession(standard(socket), new Api()) }),

  async connect (address) {
    const socket = new WebSocket(address, { perMessageDeflate: false })

    await once(socket, 'open')

    return new Client(socket)
  }
}
