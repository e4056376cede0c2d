import { byteStreamPair, LinkByteStream } from '../bytes/index.ts'
import { MemoryChannel } from '../pipe/index.ts'
import { LateLink } from './late-link.ts'
import { LateReceivePort } from './late-receive-port.ts'
import { LateSendPort } from './late-send-port.ts'
import type { Unsent } from './unsent.ts'
import type { ByteLink, ByteStream, ChannelEnd, ChannelReason, LinkEvents, ReceivePort, ReceiveTicket, SendPort, SendTicket } from '../contract/index.ts'

/*
 * The ends that a session makes to be sent in messages. When the remote end is sent, the local one is put on the
 * stream itself, and nothing is copied. When the remote end is used here instead, the two are joined in memory.
 */

/** A sender to be sent, of which the receiver stays here. */
export class NestedSendPort implements SendPort<unknown> {
  readonly local: LateReceivePort
  #inner: SendPort<unknown> | undefined

  constructor (unsent: Unsent) {
    this.local = new LateReceivePort(unsent)
  }

  /** What is behind it since it was used here. */
  get inner (): SendPort<unknown> | undefined {
    return this.#inner
  }

  get closed (): Promise<ChannelEnd> {
    return this.#use().closed
  }

  /** It travels: what comes on the stream is what is sent to it. */
  travel (port: ReceivePort<unknown>): void {
    this.local.open(port)
  }

  trySend (value: unknown): boolean {
    return this.#use().trySend(value)
  }

  offer (ticket: SendTicket<unknown>): void {
    this.#use().offer(ticket)
  }

  withdraw (ticket: SendTicket<unknown>): void {
    this.#inner?.withdraw(ticket)
  }

  close (): Promise<void> {
    return this.#use().close()
  }

  abort (reason: ChannelReason): void {
    this.#use().abort(reason)
  }

  #use (): SendPort<unknown> {
    if (this.#inner == null) {
      const channel = new MemoryChannel<unknown>(0)

      this.#inner = channel.sendPort
      this.local.open(channel.receivePort)
    }

    return this.#inner
  }
}

/** A receiver to be sent, of which the sender stays here. */
export class NestedReceivePort implements ReceivePort<unknown> {
  readonly local: LateSendPort
  #inner: ReceivePort<unknown> | undefined

  constructor (unsent: Unsent) {
    this.local = new LateSendPort(unsent)
  }

  /** What is behind it since it was used here. */
  get inner (): ReceivePort<unknown> | undefined {
    return this.#inner
  }

  get closed (): Promise<ChannelEnd> {
    return this.#use().closed
  }

  /** It travels: what is sent here goes to the stream. */
  travel (port: SendPort<unknown>): void {
    this.local.open(port)
  }

  tryReceive (): IteratorResult<unknown, void> | undefined {
    return this.#use().tryReceive()
  }

  offer (ticket: ReceiveTicket<unknown>): void {
    this.#use().offer(ticket)
  }

  withdraw (ticket: ReceiveTicket<unknown>): void {
    this.#inner?.withdraw(ticket)
  }

  cancel (reason: ChannelReason): void {
    this.#use().cancel(reason)
  }

  #use (): ReceivePort<unknown> {
    if (this.#inner == null) {
      const channel = new MemoryChannel<unknown>(0)

      this.#inner = channel.receivePort
      this.local.open(channel.sendPort)
    }

    return this.#inner
  }
}

/** What is beneath a byte stream to be sent, of which the other end stays here. */
export class NestedLink implements ByteLink {
  readonly #local: LateLink
  #inner: ByteLink | undefined

  constructor (local: LateLink) {
    this.#local = local
  }

  get isUsed (): boolean {
    return this.#inner != null
  }

  /** It travels: the stream takes its place. */
  travel (link: ByteLink): void {
    this.#local.open(link)
  }

  attach (events: LinkEvents): void {
    this.#use().attach(events)
  }

  pause (): void {
    this.#use().pause()
  }

  resume (): void {
    this.#use().resume()
  }

  write (bytes: Uint8Array): boolean {
    return this.#use().write(bytes)
  }

  end (): void {
    this.#use().end()
  }

  reset (reason: ChannelReason): void {
    this.#use().reset(reason)
  }

  #use (): ByteLink {
    if (this.#inner == null) {
      const [ours, theirs] = byteStreamPair()

      this.#inner = release(theirs)
      this.#local.open(release(ours))
    }

    return this.#inner
  }
}

/** Two ends of a byte stream, of which the second is to be sent. */
export function nestedByteStream (unsent: Unsent): [local: ByteStream, remote: ByteStream] {
  const late = new LateLink(unsent)

  return [new LinkByteStream(late), new LinkByteStream(new NestedLink(late), { isLazy: true })]
}

function release (stream: ByteStream): ByteLink {
  if (stream instanceof LinkByteStream) {
    return stream.release()
  }

  throw new TypeError('a byte stream in memory has a link')
}
