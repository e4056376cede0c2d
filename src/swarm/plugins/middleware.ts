import { StreamStateError } from '@libp2p/interface'
import { toError } from '../../base/index.ts'
import type { Connection, Stream, StreamCloseEvent, StreamMiddleware } from '@libp2p/interface'

export interface Passed {
  stream: Stream
  connection: Connection
}

/** Middleware by protocol. What it gives out are copies, so that nobody lengthens a chain by accident. */
export class MiddlewareTable {
  readonly #chains = new Map<string, readonly StreamMiddleware[]>()

  use (protocol: string, middleware: StreamMiddleware[]): void {
    this.#chains.set(protocol, [...middleware])
  }

  unuse (protocol: string): void {
    this.#chains.delete(protocol)
  }

  get (protocol: string): StreamMiddleware[] {
    return [...this.#chains.get(protocol) ?? []]
  }
}

/**
 * Sends a stream through `chain`. What comes out may be another stream, or another connection.
 *
 * @throws what a middleware throws, or what the stream closes with when one never lets it pass
 */
export async function runMiddleware (stream: Stream, connection: Connection, chain: readonly StreamMiddleware[]): Promise<Passed> {
  let passed: Passed = { stream, connection }

  for (const middleware of chain) {
    passed = await runOne(middleware, passed)
  }

  return passed
}

async function runOne (middleware: StreamMiddleware, { stream, connection }: Passed): Promise<Passed> {
  const { promise, resolve, reject } = Promise.withResolvers<Passed>()
  const onClose = ({ error }: StreamCloseEvent): void => {
    reject(error ?? new StreamStateError('The stream was closed before its middleware let it pass'))
  }

  stream.addEventListener('close', onClose)

  try {
    const running = middleware(stream, connection, (nextStream, nextConnection) => {
      resolve({ stream: nextStream, connection: nextConnection })
    })

    Promise.resolve(running).catch((thrown: unknown) => { reject(toError(thrown)) })

    return await promise
  } finally {
    stream.removeEventListener('close', onClose)
  }
}
