import { CodedError, isCoded, toError, Outcome } from '../../base/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { TicketQueue } from '../pipe/index.ts'
import { abortedByThem, cannotReceive, reasonOf, resetReason } from './ends.ts'
import type { FrameReader } from './frame-reader.ts'
import type { Framing } from './framing.ts'
import type { OpenStream, PortHome, PortHost, StreamPort } from './open-stream.ts'
import type { ChannelEnd, ChannelReason, LinkEvents, ReceivePort, ReceiveTicket } from '../contract/index.ts'

const DONE: IteratorReturnResult<void> = Object.freeze({ done: true, value: undefined })

/**
 * The receiving end of a channel on a stream; spec-channel 6. Messages stay bytes until somebody receives them,
 * and what came before an end is received before it.
 */
export class StreamReceivePort implements ReceivePort<unknown>, StreamPort, LinkEvents {
  readonly stream: OpenStream
  readonly #host: PortHost
  readonly #framing: Framing
  readonly #receiveBufferBytes: number
  readonly #reader: FrameReader
  readonly #waiting = new TicketQueue<ReceiveTicket<unknown>>()
  readonly #end = new Outcome<ChannelEnd>()
  /** What receiving gives from now on: an error, or `closed`. */
  #result: Error | 'closed' | undefined
  #isPaused = false
  /** Of the stream: the other side has ended its direction, and both are over. */
  #hasFin = false
  #loss: Error | undefined
  #onReturned: (() => ReceivePort<unknown>) | undefined
  /** What goes on in its place, since the channel came back. */
  #successor: ReceivePort<unknown> | undefined

  constructor (stream: OpenStream, { host, framing, limits }: PortHome) {
    this.stream = stream
    this.#host = host
    this.#framing = framing
    this.#receiveBufferBytes = limits.receiveBufferBytes
    this.#reader = framing.createMessageReader(stream.codec)
    stream.port = this
    stream.link.attach(this)
    stream.link.resume()
  }

  get closed (): Promise<ChannelEnd> {
    return this.#end.promise
  }

  get hasUnread (): boolean {
    return this.#reader.buffered > 0
  }

  get hasEnded (): boolean {
    return this.#result != null
  }

  get successor (): ReceivePort<unknown> | undefined {
    return this.#successor
  }

  tryReceive (): IteratorResult<unknown, void> | undefined {
    if (this.#successor != null) {
      return this.#successor.tryReceive()
    }

    return this.#waiting.size > 0 ? undefined : this.#next()
  }

  offer (ticket: ReceiveTicket<unknown>): void {
    if (this.#successor != null) {
      this.#successor.offer(ticket)
      return
    }

    this.#waiting.add(ticket)
    this.#serve()
  }

  withdraw (ticket: ReceiveTicket<unknown>): void {
    this.#waiting.delete(ticket)
    this.#successor?.withdraw(ticket)
  }

  cancel (reason: ChannelReason): void {
    this.#successor?.cancel(reason)

    if (this.#result == null) {
      this.#giveUp({ how: 'cancelled', reason }, cannotReceive(reason), reason)
      this.#serve()
    }
  }

  /**
   * Gives the channel back to the side that it came from: that sends no more, and what it has sent is still
   * received here; spec-channel 9.3.
   */
  giveBack (): void {
    if (this.#result == null) {
      this.#framing.giveBack(this.stream.link)
    }
  }

  /**
   * From now on the other side may give the channel back; spec-channel 9.2. Behind its last message `callback` is
   * called then, and gives the port that goes on in the place of this one.
   */
  onReturned (callback: () => ReceivePort<unknown>): void {
    this.#onReturned = callback
  }

  sessionCloses (): void {}

  sessionEnds (error: Error): void {
    // what had arrived can still be received, but whoever looks at `closed` need not wait for that
    this.#settle(this.#hasFin ? { how: 'closed' } : { how: 'lost', error })
  }

  onData (bytes: Uint8Array): void {
    if (this.#result != null) {
      return // given up, and thrown away; spec-channel 6.4
    }

    this.#reader.push(bytes)
    this.#serve()
    this.#endIfReached()
    this.#regulate()
  }

  onEnd (): void {
    this.#hasFin = true
    this.#serve()
    this.#endIfReached()
  }

  onRoom (): void {}

  onClose (error?: Error): void {
    this.#loss = error
    this.#serve()
    this.#endIfReached()
    this.#host.gone(this.stream)
  }

  /** Gives what is there to those who wait, in the order in which they came. */
  #serve (): void {
    while (this.#waiting.size > 0 && this.#hasNext()) {
      // an end is noted before anybody is asked to take it: those who wait may go on elsewhere
      this.#endIfReached()
      this.#serveNext()
    }
  }

  #serveNext (): void {
    const ticket = this.#waiting.claim()

    if (ticket == null) {
      return
    }

    let result: IteratorResult<unknown, void> | undefined

    try {
      result = this.#next()
    } catch (error) {
      ticket.fail(error)
      return
    }

    ticket.done(result ?? DONE)
  }

  #hasNext (): boolean {
    return this.#result != null || this.#hasFin || this.#loss != null || this.#reader.hasNext()
  }

  /** @throws the error with which the channel ended */
  #next (): IteratorResult<unknown, void> | undefined {
    if (this.#result != null) {
      return this.#ended(this.#result)
    }

    let value: unknown

    try {
      const frame = this.#reader.next()

      if (!(frame instanceof Uint8Array)) {
        return this.#nextEnd(frame)
      }

      value = this.#host.decode(frame, this.stream)
    } catch (error) {
      throw this.#refuse(toError(error))
    }

    this.#regulate()

    if (this.#reader.buffered === 0) {
      this.#host.drained(this.stream)
      this.#endIfReached()
    }

    return { done: false, value }
  }

  #ended (result: Error | 'closed'): IteratorReturnResult<void> {
    if (result === 'closed') {
      return DONE
    }

    throw result
  }

  /** There are no more messages: either more must come, or this is the end. */
  #nextEnd (reason: ChannelReason | undefined): IteratorResult<unknown, void> | undefined {
    this.#reachEnd(reason)

    if (this.#successor != null) {
      return this.#successor.tryReceive()
    }

    return this.#result == null ? undefined : this.#ended(this.#result)
  }

  /** Notes an end that nobody asks for, and that nothing lies in front of. */
  #endIfReached (): void {
    if (this.#result != null || (this.#reader.hasNext() && !this.#reader.hasEnd())) {
      return
    }

    try {
      const reason = this.#reader.next()

      this.#reachEnd(reason instanceof Uint8Array ? undefined : reason)
    } catch (error) {
      this.#refuse(toError(error))
    }
  }

  #reachEnd (aborted: ChannelReason | undefined): void {
    const reason = aborted ?? (this.#hasFin || this.#loss == null ? undefined : resetReason(this.#loss))

    if (reason?.code === REASON_CODE.returned && this.#onReturned != null && this.#host.takesBack) {
      this.#giveWay(this.#onReturned(), reason)
    } else if (reason != null) {
      this.#finish(abortedByThem(reason), { how: 'aborted', reason })
    } else if (this.#hasFin) {
      this.#assertComplete()
      this.#finish('closed', { how: 'closed' })
    } else if (this.#loss != null) {
      this.#finish(this.#loss, { how: 'lost', error: this.#loss })
    }
  }

  #assertComplete (): void {
    const count = this.#reader.buffered

    if (count > 0) {
      throw new CodedError('ProtocolViolation', `the sender ended the channel in the middle of a message, after ${count} bytes of it`)
    }
  }

  #giveWay (successor: ReceivePort<unknown>, reason: ChannelReason): void {
    this.#successor = successor
    this.#end.follow(successor)
    this.#finish(abortedByThem(reason), { how: 'aborted', reason })

    for (const ticket of this.#waiting.takeAll()) {
      successor.offer(ticket)
    }
  }

  #settle (end: ChannelEnd): void {
    if (this.#successor == null) {
      this.#end.settle(end)
    }
  }

  #finish (result: Error | 'closed', end: ChannelEnd): void {
    this.#result = result
    this.#settle(end)
    this.#reader.clear()
    this.stream.link.end()
    this.#discardRest()
    this.#host.ended(this.stream)
  }

  /** What came cannot be received, and nothing behind it. */
  #refuse (error: Error): Error {
    if (this.#result == null) {
      const reason = reasonOf(error)

      this.#giveUp({ how: 'cancelled', reason }, error, reason)
    }

    return error
  }

  #giveUp (end: ChannelEnd, error: Error, reason: ChannelReason): void {
    this.#result = error
    this.#settle(end)
    this.#reader.clear()

    if (isCoded(error, 'ProtocolViolation')) {
      this.stream.link.reset(reason)
    } else {
      this.#framing.cancel(this.stream.link, reason)
    }

    this.#discardRest()
    this.#host.ended(this.stream)
  }

  /** What is still under way is thrown away, up to the sender's end. */
  #discardRest (): void {
    if (this.#isPaused) {
      this.#isPaused = false
      this.stream.link.resume()
    }
  }

  /** Holds the sender back when enough lies here, but never in the middle of the only message. */
  #regulate (): void {
    const unread = this.#reader.buffered

    if (this.#result != null) {
      return
    }

    if (this.#isPaused) {
      if (unread <= this.#receiveBufferBytes / 2 || !this.#reader.hasNext()) {
        this.#isPaused = false
        this.stream.link.resume()
      }
    } else if (unread > this.#receiveBufferBytes && this.#reader.hasNext()) {
      this.#isPaused = true
      this.stream.link.pause()
    }
  }
}
