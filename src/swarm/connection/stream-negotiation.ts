import { isCoded } from '../../base/index.ts'
import { confirming } from '../stream/index.ts'
import type { StreamOwner } from './tracked-stream.ts'
import type { SharedTimeout } from '../../base/index.ts'
import type { Negotiation, PortNegotiation } from '../stream/index.ts'

/*
 * What streams have is of classes, and no literal: V8 may come to allocate a literal of which all were alive at some moment in
 * its old generation, and there it keeps its stream until everything is collected.
 */

/** The peer is told of a protocol, and believed to take it. */
export class LazyNegotiation implements PortNegotiation {
  readonly negotiation: Negotiation
  readonly timeout: SharedTimeout
  readonly #owner: StreamOwner
  readonly #protocol: string

  constructor (owner: StreamOwner, protocol: string, timeout: SharedTimeout) {
    this.negotiation = confirming(protocol)
    this.timeout = timeout
    this.#owner = owner
    this.#protocol = protocol
  }

  get wanted (): string {
    return `the peer to take ${this.#protocol}`
  }

  onFailed (error: Error): void {
    if (isCoded(error, 'UnsupportedProtocol') || isCoded(error, 'NegotiationFailed')) {
      this.#owner.components.forgetProtocol(this.#owner.connection.remotePeer, this.#protocol)
    }
  }
}

/** The peer proposes protocols. */
export class InboundNegotiation implements PortNegotiation {
  readonly wanted = 'the peer to propose a protocol'
  readonly negotiation: Negotiation
  readonly timeout: SharedTimeout
  readonly onAgreed: (protocol: string) => void
  readonly onFailed: (error: Error) => void

  constructor (negotiation: Negotiation, timeout: SharedTimeout, onAgreed: (protocol: string) => void, onFailed: (error: Error) => void) {
    this.negotiation = negotiation
    this.timeout = timeout
    this.onAgreed = onAgreed
    this.onFailed = onFailed
  }
}
