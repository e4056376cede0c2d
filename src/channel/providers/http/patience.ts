import type { TransportOptions } from '../../contract/index.ts'
import type { ServerOptions } from 'node:http'

/** How long a server of ours waits for a request. */
export function patience ({ handshakeTimeoutMs }: TransportOptions): ServerOptions {
  // to Node 0 is for ever
  const timeout = Number.isFinite(handshakeTimeoutMs) ? Math.ceil(handshakeTimeoutMs) : 0

  return {
    headersTimeout: timeout,
    requestTimeout: timeout,
    ...(timeout > 0 ? { connectionsCheckingInterval: timeout } : {})
  }
}
