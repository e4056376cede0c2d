import { Deadline, systemClock } from '../base/index.ts'
import { callerOf, LOCAL, withCaller } from './caller.ts'
import { discard, discardBytes } from './discard.ts'
import { lastWord } from './last-word.ts'
import { META } from './message.ts'
import { ServiceError, toErrorArgs } from './service-error.ts'
import { verbName, VERBS } from './verb.ts'
import type { Caller } from './caller.ts'
import type { Message, ReceivedMessage, Reference } from './message.ts'
import type { Verb } from './verb.ts'
import type { Clock } from '../base/index.ts'
import type { ByteStream, Sender } from '../channel/index.ts'

export interface CallInit {
  /** Who sent it, where the message does not say so itself. @default LOCAL */
  caller?: Caller | undefined
  /** @default systemClock */
  clock?: Clock | undefined
}

/** A message and what its handler may know and do about it. */
export class Call {
  readonly message: ReceivedMessage
  readonly caller: Caller
  readonly clock: Clock
  /** When the caller stops waiting, on `clock`; undefined when it waits for ever. */
  readonly deadline: number | undefined

  /** Where answers go, until it is taken or ended. */
  #ret: Sender<Message> | undefined
  #scope: Deadline | undefined
  /** What the deadline is for: the first answer. */
  readonly #begun = Promise.withResolvers<void>()
  #hasBegun = false
  /** Whether the message was handed on, with its bytes. */
  #isPassedOn = false

  constructor (message: ReceivedMessage, { caller = LOCAL, clock = systemClock }: CallInit = {}) {
    const timeoutMs = timeoutOf(message)

    this.message = message
    this.caller = callerOf(message) ?? caller
    this.clock = clock
    this.deadline = timeoutMs == null ? undefined : clock.now() + timeoutMs
    this.#ret = message.ret
  }

  get verb (): Verb {
    return this.message.verb
  }

  get args (): readonly string[] {
    return this.message.args
  }

  /** The bytes that came along. */
  get att (): ByteStream | undefined {
    return this.message.att
  }

  get meta (): Readonly<Record<string, string>> {
    return this.message.meta ?? {}
  }

  /** Whether somebody waits for an answer that nobody has given in full yet. */
  get isOpen (): boolean {
    return this.#ret != null
  }

  /** Aborts when the caller gives up, is gone, or when the deadline passes before the first answer. */
  get signal (): AbortSignal {
    return (this.#scope ??= this.#openScope()).signal
  }

  /** Resolves when the first answer has been given, or answering has been left to somebody else. */
  get begun (): Promise<void> {
    return this.#begun.promise
  }

  /**
   * Sends one message to the caller; nothing happens if none is wanted. What the message carries is let go of when it
   * cannot be sent.
   *
   * @throws as `Sender.send`; the reason of `signal` when the deadline passes before the first answer has been taken
   */
  async answer (answer: Message): Promise<void> {
    const ret = this.#ret

    try {
      if (ret == null) {
        discard(answer, 'no answer is wanted')
      } else {
        await ret.send(answer, this.deadline == null || this.#hasBegun ? undefined : { signal: this.signal })
      }
    } catch (thrown) {
      discard(answer, 'the caller does not take it')
      throw thrown
    }

    this.#begin()
  }

  /** The plain answer: it is done. @throws as `answer` */
  async ack (...args: string[]): Promise<void> {
    await this.answer({ verb: VERBS.ack, args })
  }

  /** Ends the answers. */
  async end (): Promise<void> {
    await this.takeRet()?.close()
  }

  /**
   * Answers with an error, and ends. Never rejects, as there is nobody else to tell, and waits no longer than `LAST_WORD_MS` for
   * a caller who does not read.
   */
  async fail (thrown: unknown): Promise<void> {
    const ret = this.takeRet()

    if (ret != null) {
      await lastWord(ret, { verb: VERBS.error, args: toErrorArgs(thrown) }, this.clock)
    }
  }

  /** Resets the bytes that came along, unless they were handed on: nobody will read them, and whoever writes would wait. */
  dropBytes (error: Error): void {
    if (!this.#isPassedOn) {
      discardBytes(this.att, error)
    }
  }

  /** Hands over the channel of answers: from here on, ending it is up to whoever took it. */
  takeRet (): Sender<Message> | undefined {
    const ret = this.#ret

    this.#ret = undefined
    this.#begin()

    return ret
  }

  /**
   * Lets another object handle the message as it is: its answers go straight to the caller, and it sees the
   * same caller and deadline.
   *
   * @throws as `Sender.send`; the call can then still be answered. The reason of `signal` when the caller waits no longer.
   */
  async forward (target: Reference): Promise<void> {
    const ret = this.#ret

    try {
      await target.send(this.toMessage(), ret == null ? undefined : { signal: this.signal })
    } catch (thrown) {
      this.#isPassedOn = false
      throw thrown
    }

    // only now: if it could not be sent, whoever forwards can still say so
    if (this.#ret === ret) {
      this.takeRet()
    }
  }

  /** The message for the next object: marked with its caller, the time that is left written into it. */
  toMessage (): Message {
    const { deadline, clock, message, caller } = this

    this.#isPassedOn = true

    const meta = deadline == null ? message.meta : { ...message.meta, [META.timeoutMs]: String(Math.max(0, Math.ceil(deadline - clock.now()))) }

    return withRet({ ...message, meta }, this.#ret, caller)
  }

  #begin (): void {
    this.#hasBegun = true
    this.#scope?.[Symbol.dispose]() // its timer: that the caller goes is still told
    this.#begun.resolve()
  }

  #openScope (): Deadline {
    const scope = new Deadline({
      clock: this.clock,
      timeoutMs: this.deadline == null || this.#hasBegun ? Infinity : Math.max(0, this.deadline - this.clock.now()),
      onTimeout: () => new ServiceError('DeadlineExceeded', `the caller of ${verbName(this.verb)} waits no longer`)
    })

    void this.#ret?.closed.then((end) => {
      if (end.how !== 'closed' && end.how !== 'moved') {
        scope.abort(new ServiceError('CallCancelled', `the caller of ${verbName(this.verb)} gave up`, { cause: 'error' in end ? end.error : undefined }))
      }
    })

    return scope
  }
}

function withRet (message: ReceivedMessage, ret: Sender<Message> | undefined, caller: Caller): Message {
  return withCaller(ret == null ? { ...message, ret: undefined } : { ...message, ret }, caller)
}

/** @throws ServiceError InvalidMessage */
function timeoutOf ({ meta }: ReceivedMessage): number | undefined {
  const text = meta?.[META.timeoutMs]

  if (text == null) {
    return undefined
  }

  if (!/^\d{1,15}(?:\.\d{1,15})?$/.test(text)) {
    throw new ServiceError('InvalidMessage', `wanted ${META.timeoutMs} to be a number of milliseconds from 0, received ${JSON.stringify(text)}`)
  }

  return Number(text)
}
