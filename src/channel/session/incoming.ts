import { LinkByteStream } from '../bytes/index.ts'
import { REFERENCE } from '../contract/index.ts'
import { ChannelReceiver, ChannelSender } from '../pipe/index.ts'
import { ContinuedReceivePort } from './continued-receive-port.ts'
import { unknownReference } from './ends.ts'
import { LateLink } from './late-link.ts'
import { LateReceivePort } from './late-receive-port.ts'
import { LateSendPort } from './late-send-port.ts'
import { WatchedLink } from './watched-link.ts'
import type { Claims, Expectation } from './claims.ts'
import type { OpenStream } from './open-stream.ts'
import type { Origins } from './origins.ts'
import type { PortFactory } from './port-factory.ts'
import type { StreamTable } from './stream-table.ts'
import type { Clock } from '../../base/index.ts'
import type { ByteLink, DecodeContext, MessageLimits, ReceivePort, Reference, ReferenceKind, StreamDirection } from '../contract/index.ts'

interface IncomingInit {
  streams: StreamTable
  claims: Claims
  origins: Origins
  ports: PortFactory
  limits: MessageLimits
  clock: Clock
  /** How the session ended, if it did. */
  ending(): Error | undefined
}

/** Decodes messages, and makes ends of what they refer to; spec-channel 8.4, 8.5, 9. */
export class Incoming implements DecodeContext {
  readonly limits: MessageLimits
  readonly #init: IncomingInit

  constructor (init: IncomingInit) {
    this.limits = init.limits
    this.#init = init
  }

  /** @throws as `Receiver.receive` */
  decode (bytes: Uint8Array, carrier: OpenStream): unknown {
    return carrier.codec.decode(bytes, this)
  }

  resolve ({ kind, ref }: Reference): unknown {
    const { streams, claims } = this.#init

    if (streams.isOurs(ref)) {
      return this.#takeBack(kind, ref)
    }

    const stream = claims.claim(ref)

    return stream == null ? this.#expect(kind, ref) : this.#createEnd(kind, stream)
  }

  #createEnd (kind: ReferenceKind, stream: OpenStream): unknown {
    switch (kind) {
      case REFERENCE.inboundChannel: return new ChannelSender(this.#init.ports.createSendPort(stream))
      case REFERENCE.outboundChannel: return new ChannelReceiver(this.#createReceivePort(stream))
      default: return new LinkByteStream(this.#createLink(stream), { direction: directionOf(kind) })
    }
  }

  #createReceivePort (stream: OpenStream): ReceivePort<unknown> {
    const port = this.#init.ports.createReceivePort(stream)

    if (stream.continues == null) {
      return port
    }

    const continued = new ContinuedReceivePort(port)

    this.#init.origins.claimReceiver(stream.continues, continued)

    return continued
  }

  #createLink (stream: OpenStream): ByteLink {
    return new WatchedLink(this.#init.ports.host, stream)
  }

  /** A sender of ours that was away; nothing else comes back under its number. */
  #takeBack (kind: ReferenceKind, ref: number): unknown {
    const port = kind === REFERENCE.inboundChannel ? this.#init.origins.claimSender(ref) : undefined

    if (port != null) {
      return new ChannelSender(port)
    }

    const [end, expectation] = this.#createLateEnd(kind)

    expectation.fail(unknownReference(ref, 'which is one of ours and does not come back'))

    return end
  }

  /** An end that waits for its stream; spec-channel 8.5. */
  #expect (kind: ReferenceKind, ref: number): unknown {
    const [end, expectation] = this.#createLateEnd(kind)
    const error = this.#init.ending()

    if (error == null) {
      this.#init.claims.expect(ref, expectation, this.#init.clock.now())
    } else {
      expectation.fail(error)
    }

    return end
  }

  #createLateEnd (kind: ReferenceKind): [end: unknown, expectation: Expectation] {
    if (kind === REFERENCE.inboundChannel) {
      const port = new LateSendPort()

      return [new ChannelSender(port), {
        open: (stream) => { port.open(this.#init.ports.createSendPort(stream)) },
        fail: (error) => { port.fail(error) }
      }]
    }

    if (kind === REFERENCE.outboundChannel) {
      const port = new LateReceivePort()

      return [new ChannelReceiver(port), {
        open: (stream) => { port.open(this.#createReceivePort(stream)) },
        fail: (error) => { port.fail(error) }
      }]
    }

    const link = new LateLink()

    return [new LinkByteStream(link, { direction: directionOf(kind) }), {
      open: (stream) => { link.open(this.#createLink(stream)) },
      fail: (error) => { link.fail(error) }
    }]
  }
}

/** What the receiver of the message may do; spec-channel 5.2. */
function directionOf (kind: ReferenceKind): StreamDirection {
  switch (kind) {
    case REFERENCE.inboundStream: return 'writable'
    case REFERENCE.outboundStream: return 'readable'
    default: return 'duplex'
  }
}
