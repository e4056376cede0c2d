import { adoptByteStream, joinByteStreams, LinkByteStream } from '../bytes/index.ts'
import { REASON_CODE, REFERENCE } from '../contract/index.ts'
import { isReceiver, isSender, takeReceivePort, takeSendPort } from '../pipe/index.ts'
import { ContinuedReceivePort } from './continued-receive-port.ts'
import { moved } from './ends.ts'
import { LateReceivePort } from './late-receive-port.ts'
import { LateSendPort } from './late-send-port.ts'
import { NestedLink, NestedReceivePort, NestedSendPort } from './nested-ends.ts'
import { Pump } from './pump.ts'
import { StreamReceivePort } from './stream-receive-port.ts'
import { StreamSendPort } from './stream-send-port.ts'
import { WatchedLink } from './watched-link.ts'
import type { OpenStream } from './open-stream.ts'
import type { Origins } from './origins.ts'
import type { PortFactory } from './port-factory.ts'
import type { StreamTable } from './stream-table.ts'
import type { ByteStream, EncodeContext, MessageLimits, ReceivePort, Reference, ReferenceKind, SendPort, StreamDirection } from '../contract/index.ts'
import type { ChannelReceiver, ChannelSender } from '../pipe/index.ts'

const KINDS: Record<StreamDirection, ReferenceKind> = {
  duplex: REFERENCE.duplexStream,
  writable: REFERENCE.inboundStream,
  readable: REFERENCE.outboundStream
}

/** Something that travels in a message. */
interface Passenger {
  readonly value: object
  readonly ref: number
  /** Whether a stream is opened for it. */
  readonly needsStream: boolean
  readonly continues: number | undefined
  /** Moves it. Whatever may go wrong with that was checked before. */
  depart(stream: OpenStream): void
}

interface OutgoingInit {
  streams: StreamTable
  origins: Origins
  ports: PortFactory
  limits: MessageLimits
}

/**
 * Encodes messages, and moves what travels in them; spec-channel 8. First all is looked at and encoded, then the
 * streams are opened, then all is moved: whatever fails on the way, nothing has happened.
 */
export class Outgoing implements EncodeContext {
  readonly limits: MessageLimits
  readonly #streams: StreamTable
  readonly #origins: Origins
  readonly #ports: PortFactory
  /** Of the message that is being encoded. */
  #passengers: Passenger[] | undefined

  constructor ({ streams, origins, ports, limits }: OutgoingInit) {
    this.limits = limits
    this.#streams = streams
    this.#origins = origins
    this.#ports = ports
  }

  /** @throws as `Sender.send` */
  encode (value: unknown, carrier: OpenStream): Uint8Array {
    // a getter in a message may send another one
    const outer = this.#passengers
    const first = this.#streams.numbers.next
    let passengers: Passenger[] | undefined
    let bytes: Uint8Array

    this.#passengers = undefined

    try {
      bytes = carrier.codec.encode(value, this)
      passengers = this.#passengers
    } catch (error) {
      this.#giveBackNumbers(first, this.#passengers ?? [])
      throw error
    } finally {
      this.#passengers = outer
    }

    if (passengers != null) {
      this.#dispatch(passengers, carrier)
    }

    return bytes
  }

  refer (value: object): Reference | undefined {
    if (isSender(value)) {
      return this.#referSender(value)
    }

    if (isReceiver(value)) {
      return this.#referReceiver(value)
    }

    this.#assertOnce(value)

    const adopted = adoptByteStream(value)

    return adopted == null ? undefined : this.#referBytes(value, adopted.stream, adopted.direction)
  }

  #referSender (sender: ChannelSender<unknown>): Reference {
    const kind = REFERENCE.inboundChannel
    const port = unwrapSendPort(sender.desk.port)

    if (port instanceof StreamSendPort && port.isOpen && this.#cameFromThem(port.stream)) {
      return this.#add(kind, {
        value: sender,
        ref: port.stream.ref,
        needsStream: false,
        depart: () => {
          takeSendPort(sender)
          port.giveBack()
        }
      })
    }

    return this.#add(kind, {
      value: sender,
      depart: (stream) => {
        const source = this.#ports.createReceivePort(stream)
        const target = unwrapSendPort(takeSendPort(sender) ?? port)

        if (target instanceof NestedSendPort) {
          this.#origins.addNestedSender(stream.ref, source)
          target.travel(source)
        } else {
          this.#origins.addSender(stream.ref, source, target)
        }
      }
    })
  }

  #referReceiver (receiver: ChannelReceiver<unknown>): Reference {
    const kind = REFERENCE.outboundChannel
    const port = unwrapReceivePort(receiver.desk.port)

    if (port instanceof StreamReceivePort && !port.hasEnded && this.#cameFromThem(port.stream)) {
      return this.#add(kind, {
        value: receiver,
        continues: port.stream.ref,
        depart: (stream) => {
          takeReceivePort(receiver)
          port.giveBack()
          new Pump(port, this.#ports.createSendPort(stream)).start()
        }
      })
    }

    return this.#add(kind, {
      value: receiver,
      depart: (stream) => {
        const source = unwrapReceivePort(takeReceivePort(receiver) ?? port)
        const target = this.#ports.createSendPort(stream)

        if (source instanceof NestedReceivePort) {
          this.#origins.addNestedReceiver(stream.ref, target)
          source.travel(target)
        } else {
          this.#origins.addReceiver(stream.ref, source, target)
        }
      }
    })
  }

  #referBytes (value: object, local: ByteStream, direction: StreamDirection): Reference {
    return this.#add(KINDS[direction], {
      value,
      depart: (stream) => {
        const link = new WatchedLink(this.#ports.host, stream)
        const taken = local instanceof LinkByteStream ? local.release() : undefined

        if (taken instanceof NestedLink && !taken.isUsed) {
          taken.travel(link)
        } else {
          const mine = taken == null ? local : new LinkByteStream(taken, { direction, isLazy: true })

          void joinByteStreams(mine, new LinkByteStream(link, { isLazy: true }), direction)
        }
      }
    })
  }

  #add (kind: ReferenceKind, { ref, needsStream = true, continues, value, depart }: Pick<Passenger, 'value' | 'depart'> & Partial<Passenger>): Reference {
    this.#assertOnce(value)

    const passenger: Passenger = { value, ref: ref ?? this.#streams.numbers.take(), needsStream, continues, depart }

    this.#passengers ??= []
    this.#passengers.push(passenger)

    return { kind, ref: passenger.ref }
  }

  /** Whether it came in a message of this session, and from a side that takes it back. */
  #cameFromThem (stream: OpenStream): boolean {
    return !stream.isOurs && stream.parent !== 0 && this.#streams.hasParity && this.#streams.find(stream.ref) === stream
  }

  /** The same object twice in one message would be moved twice. */
  #assertOnce (value: object): void {
    for (const passenger of this.#passengers ?? []) {
      if (passenger.value === value) {
        throw moved()
      }
    }
  }

  #dispatch (passengers: readonly Passenger[], carrier: OpenStream): void {
    const opened: OpenStream[] = []

    try {
      for (const { ref, needsStream, continues } of passengers) {
        opened.push(needsStream ? this.#streams.open({ ref, parent: carrier.ref, continues }) : carrier)
      }

      passengers.forEach((passenger, index) => { passenger.depart(opened[index] ?? carrier) })
    } catch (error) {
      for (const stream of opened) {
        this.#discard(stream)
      }

      throw error
    }
  }

  /** The stream of something that did not depart. */
  #discard (stream: OpenStream): void {
    if (stream.port == null) {
      this.#streams.remove(stream)
      stream.link.reset({ code: REASON_CODE.unclaimed, message: 'its message could not be sent' })
    }
  }

  /** Of a message that could not be encoded, unless another one took numbers meanwhile. */
  #giveBackNumbers (first: number, passengers: readonly Passenger[]): void {
    const { numbers } = this.#streams
    const taken = passengers.filter(({ needsStream }) => needsStream).length

    if (numbers.next === first + 2 * taken) {
      numbers.giveBack(first)
    }
  }
}

/** The port that is behind one of ours, once nothing lies in front of that. */
function unwrapSendPort (port: SendPort<unknown>): SendPort<unknown> {
  let inner = port

  for (;;) {
    const next = nextSendPort(inner)

    if (next == null) {
      return inner
    }

    inner = next
  }
}

function unwrapReceivePort (port: ReceivePort<unknown>): ReceivePort<unknown> {
  let inner = port

  for (;;) {
    const next = nextReceivePort(inner)

    if (next == null) {
      return inner
    }

    inner = next
  }
}

function nextSendPort (port: SendPort<unknown>): SendPort<unknown> | undefined {
  if (port instanceof LateSendPort || port instanceof NestedSendPort) {
    return port.inner
  }

  return port instanceof StreamSendPort ? port.successor : undefined
}

function nextReceivePort (port: ReceivePort<unknown>): ReceivePort<unknown> | undefined {
  if (port instanceof LateReceivePort || port instanceof NestedReceivePort || port instanceof ContinuedReceivePort) {
    return port.inner
  }

  return port instanceof StreamReceivePort ? port.successor : undefined
}
