import { CodedError, Outcome } from '../../base/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { refuse, TicketQueue } from '../pipe/index.ts'
import { BatchWriter } from './batch-writer.ts'
import { cancelledByThem, cannotSend, reasonOf, resetReason, RETURNED } from './ends.ts'
import type { FrameReader } from './frame-reader.ts'
import type { Framing } from './framing.ts'
import type { OpenStream, PortHome, PortHost, StreamPort } from './open-stream.ts'
import type { ChannelEnd, ChannelReason, LinkEvents, SendPort, SendTicket } from '../contract/index.ts'

const TAKEN = Promise.resolve()
const CLOSED: ChannelEnd = Object.freeze({ how: 'closed' })

/**
 * The sending end of a channel on a stream; spec-channel 6.
 *
 * `open` takes messages; `closing` waits with the end for those who wait already; `finishing` has ended its
 * direction and waits until the receiver has come to the end.
 */
export class StreamSendPort implements SendPort<unknown>, StreamPort, LinkEvents {
  readonly hasUnread = false
  readonly hasEnded = false
  readonly stream: OpenStream
  readonly #host: PortHost
  readonly #framing: Framing
  readonly #sendBufferBytes: number
  readonly #writer: BatchWriter
  readonly #cancels: FrameReader
  readonly #waiting = new TicketQueue<SendTicket<unknown>>()
  readonly #end = new Outcome<ChannelEnd>()
  #state: 'open' | 'closing' | 'finishing' | 'ended' = 'open'
  /** What sending fails with from now on. */
  #refusal: ChannelEnd | Error | undefined
  #taken: PromiseWithResolvers<void> | undefined
  #onReturned: (() => SendPort<unknown> | undefined) | undefined
  /** What goes on in its place, since the channel came back. */
  #successor: SendPort<unknown> | undefined

  constructor (stream: OpenStream, { host, framing, limits }: PortHome) {
    this.stream = stream
    this.#host = host
    this.#framing = framing
    this.#sendBufferBytes = limits.sendBufferBytes
    this.#writer = new BatchWriter(stream.link, framing, () => { this.#serve() })
    this.#cancels = framing.createCancelReader()
    stream.port = this
    stream.link.attach(this)
    stream.link.resume()
  }

  get closed (): Promise<ChannelEnd> {
    return this.#end.promise
  }

  get isOpen (): boolean {
    return this.#state === 'open'
  }

  get successor (): SendPort<unknown> | undefined {
    return this.#successor
  }

  trySend (value: unknown): boolean {
    if (this.#successor != null) {
      return this.#successor.trySend(value)
    }

    if (this.#refusal != null) {
      throw toError(this.#refusal)
    }

    if (this.#waiting.size > 0 || this.#writer.waiting > this.#sendBufferBytes) {
      return false
    }

    this.#writer.push(this.#host.encode(value, this.stream))

    return true
  }

  offer (ticket: SendTicket<unknown>): void {
    if (this.#successor != null) {
      this.#successor.offer(ticket)
    } else if (this.#refusal != null) {
      refuse(ticket, toError(this.#refusal))
    } else if (this.#waiting.size > 0 || this.#writer.waiting > this.#sendBufferBytes) {
      this.#waiting.add(ticket)
    } else if (ticket.claim()) {
      this.#encode(ticket)
    }
  }

  withdraw (ticket: SendTicket<unknown>): void {
    this.#successor?.withdraw(ticket)

    if (this.#waiting.delete(ticket)) {
      this.#finishIfTaken()
    }
  }

  close (): Promise<void> {
    if (this.#successor != null) {
      return this.#successor.close()
    }

    if (this.#state === 'open') {
      this.#state = 'closing'
      this.#refusal = CLOSED
      this.#finishIfTaken()
    }

    if (this.#state !== 'closing') {
      return TAKEN
    }

    this.#taken ??= Promise.withResolvers()

    return this.#taken.promise
  }

  abort (reason: ChannelReason): void {
    this.#successor?.abort(reason)

    if (this.#state !== 'open' && this.#state !== 'closing') {
      return
    }

    this.#endWith({ how: 'aborted', reason })
    this.#writer.flush()
    this.#framing.abort(this.stream.link, reason)
  }

  /**
   * Gives the channel back to the side that it came from: that gets what was sent, and goes on behind it;
   * spec-channel 9.2.
   */
  giveBack (): void {
    this.abort(RETURNED)
  }

  /**
   * From now on the other side may give the channel back; spec-channel 9.3. Then `callback` is called, and gives the
   * port that goes on in the place of this one. Without one, who waits to send is let through for the last time.
   */
  onReturned (callback: () => SendPort<unknown> | undefined): void {
    this.#onReturned = callback
  }

  sessionCloses (error: Error): void {
    this.#writer.flush()
    this.#lose(error)
  }

  sessionEnds (error: Error): void {
    this.#lose(error)
  }

  onData (bytes: Uint8Array): void {
    if (this.#state === 'ended') {
      return
    }

    this.#cancels.push(bytes)

    try {
      const reason = this.#cancels.next()

      if (reason != null && !(reason instanceof Uint8Array)) {
        this.#cancelled(reason)
      }
    } catch (error) {
      this.#violated(error)
    }
  }

  onEnd (): void {
    // the receiver has come to the end; spec-channel 6.2
    if (this.#state === 'finishing') {
      this.#endWith(CLOSED)
    } else if (this.#framing.endGivesBack && this.#onReturned != null && this.#state !== 'ended' && this.#host.takesBack) {
      this.#cancelled(RETURNED)
    }
  }

  onRoom (): void {
    this.#writer.onRoom()
  }

  onClose (error?: Error): void {
    const reason = error == null ? undefined : resetReason(error)

    if (reason != null) {
      this.#endWith({ how: 'cancelled', reason })
    } else if (error != null) {
      this.#lose(error)
    } else {
      this.#endWith(CLOSED)
    }

    this.#writer.clear()
    this.#host.gone(this.stream)
  }

  /** Lets those through who wait, in the order in which they came, as far as there is room. */
  #serve (): void {
    while (this.#waiting.size > 0 && this.#writer.waiting <= this.#sendBufferBytes) {
      this.#takeNext()
    }

    this.#finishIfTaken()
  }

  #takeNext (): void {
    const ticket = this.#waiting.claim()

    if (ticket != null) {
      this.#encode(ticket)
    }
  }

  /** One that was claimed. */
  #encode (ticket: SendTicket<unknown>): void {
    try {
      this.#writer.push(this.#host.encode(ticket.value, this.stream))
    } catch (error) {
      ticket.fail(error)
      return
    }

    ticket.done()
  }

  #finishIfTaken (): void {
    if (this.#state === 'closing' && this.#waiting.size === 0) {
      this.#state = 'finishing'
      this.#writer.flush()
      this.stream.link.end()
      this.#taken?.resolve()
    }
  }

  #cancelled (reason: ChannelReason): void {
    if (reason.code === REASON_CODE.returned && this.#onReturned != null && this.#host.takesBack) {
      this.#returned(this.#onReturned)
    }

    this.#writer.clear()
    this.#endWith({ how: 'cancelled', reason })
    this.stream.link.end()
  }

  #returned (callback: () => SendPort<unknown> | undefined): void {
    if (this.#state === 'finishing') {
      // the rest, and the end, take the other way
      this.#endWith(CLOSED)
    } else {
      this.#giveWay(callback())
      this.#writer.flush()
    }
  }

  #giveWay (successor: SendPort<unknown> | undefined): void {
    if (successor == null) {
      // what left the original already must get through: it cannot be put back
      while (this.#waiting.size > 0) {
        this.#takeNext()
      }

      return
    }

    this.#successor = successor
    this.#end.follow(successor)

    for (const ticket of this.#waiting.takeAll()) {
      successor.offer(ticket)
    }

    if (this.#state === 'closing') {
      void successor.close()
    }
  }

  #violated (error: unknown): void {
    const reason = reasonOf(error)

    this.#endWith({ how: 'cancelled', reason }, error instanceof Error ? error : new CodedError('ProtocolViolation', reason.message))
    this.stream.link.reset({ code: REASON_CODE.protocolViolation, message: reason.message })
  }

  #lose (error: Error): void {
    this.#endWith({ how: 'lost', error })
  }

  /** Sending fails with what the end says, or with an error that says more. */
  #endWith (end: ChannelEnd, refusal: ChannelEnd | Error = end): void {
    if (this.#state === 'ended') {
      return
    }

    this.#state = 'ended'
    this.#refusal = refusal

    if (this.#successor == null) {
      this.#end.settle(end)
    }

    for (const ticket of this.#waiting.takeAll()) {
      refuse(ticket, toError(refusal))
    }

    this.#taken?.resolve()
  }
}

/** Errors are made when somebody gets them: they cost more than all the rest of a short channel. */
function toError (refusal: ChannelEnd | Error): Error {
  if (refusal instanceof Error) {
    return refusal
  }

  switch (refusal.how) {
    case 'lost': return refusal.error
    case 'cancelled': return cancelledByThem(refusal.reason)
    case 'aborted': return cannotSend(`aborted (${refusal.reason.message})`, refusal.reason)
    default: return cannotSend('closed')
  }
}
