import { toError } from '../../base/index.ts'
import { MessageParser } from './message-parser.ts'
import { endedEarly, negotiationTimeout } from './multistream.ts'
import type { MessageRequest } from './message-parser.ts'
import type { Negotiation } from './multistream.ts'
import type { Pending, SharedTimeout } from '../../base/index.ts'

/** Where a handshake finds what the peer says. */
export interface HandshakeSource {
  /** Why nothing more comes. */
  readonly error: Error | undefined
  /** Whether the peer has ended its direction, and all was taken. */
  readonly ended: boolean
  take(): Uint8Array | undefined
  /** Gets back what lies behind the last message. */
  unread(bytes: Uint8Array): void
}

/** A negotiation that goes before all other reading. When it fails, so does the stream. */
export interface PortNegotiation {
  readonly negotiation: Negotiation
  readonly timeout: SharedTimeout
  /** What is waited for, as 'the peer to take /echo/1.0.0'. */
  readonly wanted: string
  /** There is an agreement. */
  onAgreed?(protocol: string): void
  /** There will be none. */
  onFailed?(error: Error): void
}

/** Whose handshake it is. */
export interface HandshakeOwner {
  /** It is over: before the negotiation hears of an agreement, and after it has heard of a failure. */
  onHandshakeEnd(error?: Error): void
}

/** Brings a negotiation forward whenever something arrives, in the same moment; it waits for nothing else. */
export class Handshake implements Pending {
  readonly #source: HandshakeSource
  readonly #init: PortNegotiation
  readonly #owner: HandshakeOwner
  readonly #parser = new MessageParser()
  #step: IteratorResult<MessageRequest, string> | undefined
  #hasBegun = false
  #hasNews = false
  #isRunning = false
  #isOver = false

  constructor (source: HandshakeSource, init: PortNegotiation, owner: HandshakeOwner) {
    this.#source = source
    this.#init = init
    this.#owner = owner
  }

  get hasBegun (): boolean {
    return this.#hasBegun
  }

  begin (): void {
    this.#hasBegun = true
    this.#init.timeout.add(this)
    this.advance()
  }

  /** Something has arrived, or nothing more will. */
  advance (): void {
    this.#hasNews = true

    // what we send may bring an answer at once, of which the loop below takes care
    if (this.#isRunning || !this.#hasBegun) {
      return
    }

    this.#isRunning = true

    try {
      while (this.#hasNews && !this.#isOver) {
        this.#hasNews = false
        this.#advance()
      }
    } catch (thrown) {
      this.#fail(toError(thrown))
    }

    this.#isRunning = false
  }

  onTimeout (): void {
    this.#fail(negotiationTimeout(this.#init.timeout.timeoutMs, this.#init.wanted))
  }

  /** Nobody wants to know any more. */
  cancel (): void {
    this.#isOver = true
    this.#init.timeout.delete(this)
  }

  #advance (): void {
    const { negotiation } = this.#init
    let step = this.#step ?? negotiation.next()

    while (step.done !== true) {
      const text = this.#nextMessage(step.value)

      if (text == null) {
        this.#step = step
        return
      }

      step = negotiation.next(text)
    }

    this.cancel()
    this.#source.unread(this.#parser.rest)
    this.#owner.onHandshakeEnd()
    this.#init.onAgreed?.(step.value)
  }

  #nextMessage (request: MessageRequest): string | undefined {
    for (;;) {
      const text = this.#parser.parse(request)

      if (text != null) {
        return text
      }

      const chunk = this.#source.take()

      if (chunk == null) {
        this.#throwIfEnded()
        request.onWait?.()

        return undefined
      }

      this.#parser.push(chunk)
    }
  }

  #throwIfEnded (): void {
    const { error, ended } = this.#source

    if (error != null) {
      throw error
    }

    if (ended) {
      throw endedEarly()
    }
  }

  #fail (error: Error): void {
    if (!this.#isOver) {
      this.cancel()
      this.#init.onFailed?.(error)
      this.#owner.onHandshakeEnd(error)
    }
  }
}
