/* The service that all systems of gRPC offer, and calls of it as pipes. */
import { makeGenericClientConstructor } from '@grpc/grpc-js'
import { sink } from '../byte-pipe.ts'
import { decodePayload, encodePayload } from './payload.ts'
import type { BytePipe } from '../byte-pipe.ts'
import type { Client, ClientDuplexStream, ClientUnaryCall, ClientWritableStream, MethodDefinition, ServerDuplexStream, ServerReadableStream, UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Duplex, Readable, Writable } from 'node:stream'

type Method = MethodDefinition<Uint8Array, Buffer>
/** What is not there is not used: the answers of `collect` come in its callback. */
type Call = Duplex | Readable | Writable
type Callback = (error: Error | null, answer?: Buffer) => void

function method (name: string, requestStream: boolean, responseStream: boolean): Method {
  return {
    path: `/benchmark.Pipes/${name}`,
    requestStream,
    responseStream,
    requestSerialize: encodePayload,
    requestDeserialize: decodePayload,
    responseSerialize: encodePayload,
    responseDeserialize: decodePayload
  }
}

export const SERVICE = {
  echoOnce: method('EchoOnce', false, false),
  echo: method('Echo', true, true),
  /** Client streaming: the answer is the count. */
  collect: method('Collect', true, false),
  /** As `collect`, on a stream of two directions. */
  sink: method('Sink', true, true)
}

export interface PipesClient extends Client {
  echoOnce (request: Uint8Array, callback: Callback): ClientUnaryCall
  echo (): ClientDuplexStream<Uint8Array, Buffer>
  collect (callback: Callback): ClientWritableStream<Uint8Array>
  sink (): ClientDuplexStream<Uint8Array, Buffer>
}

export const PipesConstructor = makeGenericClientConstructor(SERVICE, 'Pipes')

export const IMPLEMENTATION: UntypedServiceImplementation = {
  echoOnce: (call: { request: Buffer }, callback: Callback) => { callback(null, call.request) },
  echo: (call: ServerDuplexStream<Buffer, Uint8Array>) => {
    call.on('data', (message: Buffer) => { call.write(message) })
    call.on('end', () => { call.end() })
  },
  collect: (call: ServerReadableStream<Buffer, Uint8Array>, callback: Callback) => {
    let answer = Buffer.alloc(0)
    const counted = sink({
      write: (bytes) => { answer = Buffer.from(bytes); return undefined },
      end: () => {},
      read: (onBytes) => new CallPipe(call).read(onBytes)
    })

    counted.then(() => { callback(null, answer) }, callback)
  },
  sink: (call: ServerDuplexStream<Buffer, Uint8Array>) => { sink(new CallPipe(call)).catch(() => {}) }
}

/** A call whose messages go one way or both ways. */
export class CallPipe implements BytePipe {
  readonly #call: Call
  #room: PromiseWithResolvers<void> | undefined

  constructor (call: Call) {
    this.#call = call
    call.on('drain', () => {
      this.#room?.resolve()
      this.#room = undefined
    })
  }

  write (bytes: Uint8Array): Promise<void> | undefined {
    return (this.#call as Writable).write(bytes) ? undefined : (this.#room ??= Promise.withResolvers<void>()).promise
  }

  end (): void {
    (this.#call as Writable).end()
  }

  read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#call.on('data', onBytes)
      this.#call.once('end', resolve)
      this.#call.once('error', reject)
    })
  }
}

/** A call that is answered when its requests have ended. */
export class CollectPipe implements BytePipe {
  readonly call: ClientWritableStream<Uint8Array>
  readonly #pipe: CallPipe
  readonly #answer = Promise.withResolvers<Buffer>()

  constructor (client: PipesClient) {
    this.call = client.collect((error, answer) => {
      if (error == null && answer != null) {
        this.#answer.resolve(answer)
      } else {
        this.#answer.reject(error)
      }
    })

    this.#pipe = new CallPipe(this.call)
  }

  write (bytes: Uint8Array): Promise<void> | undefined {
    return this.#pipe.write(bytes)
  }

  end (): void {
    this.#pipe.end()
  }

  async read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    onBytes(await this.#answer.promise)
  }
}
