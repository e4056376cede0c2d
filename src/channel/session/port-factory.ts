import { StreamReceivePort } from './stream-receive-port.ts'
import { StreamSendPort } from './stream-send-port.ts'
import type { Framing } from './framing.ts'
import type { OpenStream, PortHost } from './open-stream.ts'
import type { SessionLimits } from '../contract/index.ts'

/** Makes the ports of a session, which have its framing and limits. */
export class PortFactory {
  readonly host: PortHost
  readonly #framing: Framing
  readonly #limits: SessionLimits

  constructor (host: PortHost, framing: Framing, limits: SessionLimits) {
    this.host = host
    this.#framing = framing
    this.#limits = limits
  }

  createSendPort (stream: OpenStream): StreamSendPort {
    return new StreamSendPort({ host: this.host, stream, framing: this.#framing, sendBufferBytes: this.#limits.sendBufferBytes })
  }

  createReceivePort (stream: OpenStream): StreamReceivePort {
    return new StreamReceivePort({ host: this.host, stream, framing: this.#framing, receiveBufferBytes: this.#limits.receiveBufferBytes })
  }
}
