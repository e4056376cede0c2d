import { connectOver } from './connect-over.ts'
import { SCHEMES } from './schemes.ts'
import type { ConnectOptions, Session } from './contract/index.ts'

/**
 * Connects to where somebody listens.
 *
 * `tcp://host:port`, `tls://host:port`, `unix:///path`, `ws://host:port/path`, `wss:`, `http2:`, `https2:`, `spdy:`,
 * `spdys:` and, within this process, `memory:name`.
 *
 * @throws CodedError ConnectFailed with the cause, ProtocolViolation when somebody else answers, InvalidAddress;
 * RangeError, TypeError for options that make no sense; the signal's reason
 */
export async function connect (url: string | URL, options: ConnectOptions = {}): Promise<Session> {
  return connectOver(SCHEMES, url, options)
}
