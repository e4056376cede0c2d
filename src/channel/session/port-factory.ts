import { StreamReceivePort } from './stream-receive-port.ts'
import { StreamSendPort } from './stream-send-port.ts'
import type { Framing } from './framing.ts'
import type { OpenStream, PortHome, PortHost } from './open-stream.ts'
import type { SessionLimits } from '../contract/index.ts'

/** Makes the ports of a session, which have its framing and limits. */
export class PortFactory {
  readonly host: PortHost
  readonly #home: PortHome

  constructor (host: PortHost, framing: Framing, limits: SessionLimits) {
    this.host = host
    this.#home = { host, framing, limits }
  }

  createSendPort (stream: OpenStream): StreamSendPort {
    return new StreamSendPort(stream, this.#home)
  }

  createReceivePort (stream: OpenStream): StreamReceivePort {
    return new StreamReceivePort(stream, this.#home)
  }
}
