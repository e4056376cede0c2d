import { echoOnce, requestsDuringBulk } from '../byte-pipe.ts'
import { PipeClient } from '../pipe-client.ts'
import { MESSAGE_BYTES } from '../system.ts'
import { expectEcho, inParallel } from '../work.ts'
import { Dialer, serve } from './ends.ts'
import { CallPipe, CollectPipe } from './service.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { PipeSource } from '../pipe-client.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'
import type { PipesClient } from './service.ts'
import type { ClientDuplexStream, ClientWritableStream } from '@grpc/grpc-js'

type Call = ClientWritableStream<Uint8Array> | ClientDuplexStream<Uint8Array, Buffer>

const MESSAGE = new Uint8Array(MESSAGE_BYTES)

class Calls implements PipeSource {
  readonly streams = 'many'
  readonly dialer: Dialer
  readonly client: PipesClient
  /** A client that closes leaves its calls alone. */
  readonly #open = new Set<Call>()

  private constructor (dialer: Dialer, client: PipesClient) {
    this.dialer = dialer
    this.client = client
  }

  static async to (address: string): Promise<Calls> {
    const dialer = new Dialer(address)

    return new Calls(dialer, await dialer.dial())
  }

  async open (purpose: Purpose): Promise<BytePipe> {
    if (purpose === 'echo') {
      return new CallPipe(this.#keep(this.client.echo()))
    }

    const pipe = new CollectPipe(this.client)

    this.#keep(pipe.call)

    return pipe
  }

  async openBidi (purpose: Purpose): Promise<BytePipe> {
    return new CallPipe(this.#keep(this.client[purpose]()))
  }

  async close (): Promise<void> {
    this.#open.forEach((call) => { call.cancel() })
    this.client.close()
  }

  #keep<T extends Call> (call: T): T {
    this.#open.add(call)
    call.once('status', () => { this.#open.delete(call) })
    call.on('error', () => {})

    return call
  }
}

/** Each question with the kind of call that is meant for it: client streaming, unary, streams of two directions. */
class Client extends PipeClient<Calls> {
  override requests (amount: Amount, outstanding: number): Promise<Done> {
    return inParallel(amount, outstanding, () => callOnce(this.source.client))
  }

  streams (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, async () => { await echoOnce(await this.source.open('echo')) })
  }

  connections (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, async () => {
      const client = await this.source.dialer.dial()

      await callOnce(client)
      client.close()
    })
  }

  async requestsDuringBulk (amount: Amount): Promise<Done> {
    return requestsDuringBulk(await this.requester(), await this.source.open('sink'), amount)
  }
}

/** All on one stream of two directions. */
class BidiClient implements ClientEnd {
  readonly #pipes: PipeClient

  constructor (calls: Calls) {
    this.#pipes = new PipeClient({ streams: 'many', open: (purpose) => calls.openBidi(purpose), close: () => calls.close() })
  }

  messages (amount: Amount): Promise<Done> {
    return this.#pipes.messages(amount)
  }

  requests (amount: Amount, outstanding: number): Promise<Done> {
    return this.#pipes.requests(amount, outstanding)
  }

  close (): Promise<void> {
    return this.#pipes.close()
  }
}

function callOnce (client: PipesClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.echoOnce(MESSAGE, (error, answer) => {
      if (error == null && answer != null) {
        expectEcho(answer.byteLength)
        resolve()
      } else {
        reject(error ?? new Error('there is no answer'))
      }
    })
  })
}

const SETTINGS = 'no retries, no channelz, a window of 8 MiB at the client (its server has no option for one); protobuf by hand'

function system (name: string, about: string, isSecure: boolean, connect: System['connect']): System {
  return { name, about: `${about}; ${SETTINGS}`, packages: ['@grpc/grpc-js'], serve: () => serve(isSecure), connect }
}

const connect = async (address: string): Promise<ClientEnd> => new Client(await Calls.to(address))

export const clear = system('grpc-js', 'HTTP/2 in clear; client streaming, unary requests', false, connect)
export const tls = system('grpc-js TLS', 'HTTP/2 over TLS 1.3 with certificates on both sides; client streaming, unary requests', true, connect)
export const bidi = system('grpc-js bidi', 'as grpc-js TLS, but everything on one stream of two directions', true, async (address) => new BidiClient(await Calls.to(address)))
