import { toError } from '../base/index.ts'
import { assertCarries, resolveConnection } from './connection-options.ts'
import { transportFor } from './scheme-table.ts'
import { createSession } from './session/index.ts'
import type { ConnectOptions, Session } from './contract/index.ts'
import type { SchemeTable } from './scheme-table.ts'

/** As `connect`, over the transports of `schemes`. */
export async function connectOver (schemes: SchemeTable, address: string | URL, options: ConnectOptions): Promise<Session> {
  const resolved = resolveConnection(options)
  const { url, transport } = await transportFor(schemes, address)
  const signal = options.signal ?? new AbortController().signal

  signal.throwIfAborted()
  assertCarries(transport, options.codec)

  const provider = await transport.connect(url, {
    ...resolved,
    tls: options.tls ?? {},
    headers: options.headers ?? {},
    server: undefined,
    signal
  })

  if (signal.aborted) {
    // it came too late: nobody would close it
    provider.abort(toError(signal.reason))
    throw signal.reason
  }

  try {
    return createSession(provider, options)
  } catch (thrown) {
    provider.abort(toError(thrown))
    throw thrown
  }
}
