import { pipe, REASON_CODE } from '../channel/index.ts'
import { discard } from './discard.ts'
import { reasonOf } from './relay.ts'
import type { Message } from './message.ts'
import type { ChannelEnd, ReasonInput, Receiver, Sender } from '../channel/index.ts'

/**
 * One output for many listeners, at the pace of the slowest. Everybody hears plain messages; what can be used
 * by one only, as it carries a channel or bytes, goes to the listener who came first. As long as nobody has come, it
 * waits; when the last has left, whoever speaks is told by a cancellation, as by SIGPIPE.
 */
export class Broadcast {
  readonly #listeners = new Set<Sender<Message>>()
  /** Kept for who comes after the end. */
  #last: readonly Message[] | undefined
  #source: Receiver<Message> | undefined
  /** Resolves when there is no need to wait for listeners: one has come, or none is to be waited for. */
  #arrival = Promise.withResolvers<void>()
  #isReleased = false
  #isUnheard = false

  /** Whether all who listened have left before the end. */
  get isUnheard (): boolean {
    return this.#isUnheard
  }

  /** What is said from now on, up to the end. */
  listen (): Receiver<Message> {
    const [receiver, sender] = pipe<Message>()

    if (this.#last != null) {
      void finish(sender, this.#last)

      return receiver
    }

    this.#listeners.add(sender)
    this.#arrival.resolve()
    void sender.closed.then((end) => { this.#leave(sender, end) })

    return receiver
  }

  /** Says all that comes. Resolves when that has ended, however it did; cancels it when all listeners have gone. */
  async feed (messages: Receiver<Message>): Promise<void> {
    this.#source = messages

    try {
      for await (const message of messages) {
        await this.#say(message, messages)
      }
    } catch {
      // whoever sent them knows how it ended
    }
  }

  /** Waits for nobody to come any more: what nobody hears is thrown away. */
  release (): void {
    this.#isReleased = true
    this.#arrival.resolve()
  }

  /** Gives up those who listen. */
  abandon (reason: ReasonInput): void {
    this.release()

    for (const listener of this.#listeners) {
      listener.abort(reason)
    }
  }

  /** Says some last things, and ends. */
  end (last: readonly Message[]): void {
    this.#last = last
    this.release()

    for (const listener of this.#listeners) {
      void finish(listener, last)
    }
  }

  async #say (message: Message, source: Receiver<Message>): Promise<void> {
    if (this.#listeners.size === 0 && !this.#isReleased) {
      await Promise.race([this.#arrival.promise, source.closed])
    }

    const [first, ...others] = this.#listeners

    if (first == null) {
      discard(message, 'nobody listens')

      return
    }

    if (message.ret != null || message.att != null) {
      await hear(first, message)
    } else {
      await Promise.all([first, ...others].map(async (listener) => hear(listener, message)))
    }
  }

  #leave (listener: Sender<Message>, end: ChannelEnd): void {
    this.#listeners.delete(listener)

    if (this.#listeners.size > 0 || this.#last != null) {
      return
    }

    if (!this.#isReleased) {
      this.#arrival = Promise.withResolvers()
    }

    if (this.#source != null) {
      this.#isUnheard = true
      this.#source.cancel({ ...reasonOf(end), code: REASON_CODE.cancelled })
    }
  }
}

async function hear (listener: Sender<Message>, message: Message): Promise<void> {
  try {
    await listener.send(message)
  } catch {
    discard(message, 'whoever listened has gone')
  }
}

async function finish (listener: Sender<Message>, last: readonly Message[]): Promise<void> {
  try {
    for (const message of last) {
      await listener.send(message)
    }

    await listener.close()
  } catch {
    // it has gone
  }
}
