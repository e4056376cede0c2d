import { CodedError, Deadline } from '../../../base/index.ts'
import { REASON_CODE } from '../../contract/index.ts'
import { describeForeign } from './foreign-protocol.ts'
import type { Clock } from '../../../base/index.ts'
import type { ByteLink, LinkEvents } from '../../contract/index.ts'

/** The first bytes of both sides; spec-channel 12.1. */
export const PREAMBLE: Uint8Array = new TextEncoder().encode('libchan/1\n')

export interface PreambleInit {
  /** For messages. */
  remoteAddress: string
  /** Why the other side may have hung up at once, for messages. */
  hangUpHint?: string | undefined
  clock: Clock
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/**
 * Both sides say which protocol they speak; spec-channel 12.1. Then the link, paused, is `proceed`'s, with what
 * came behind the other side's word. Where this fails the link has been reset.
 *
 * @throws CodedError ProtocolViolation when the other side speaks something else, ConnectFailed when it says
 * nothing in time or ends the connection; the signal's reason
 */
export async function exchangePreamble<T> (link: ByteLink, proceed: (rest: Uint8Array) => T, { remoteAddress, hangUpHint, clock, timeoutMs, signal }: PreambleInit): Promise<T> {
  const deadline = new Deadline({
    clock,
    timeoutMs,
    signal,
    onTimeout: () => new CodedError('ConnectFailed', `${remoteAddress} did not say libchan/1 within ${timeoutMs} ms: does it serve channels?`)
  })
  const listener = new PreambleListener(link, proceed, { remoteAddress, hangUpHint })
  const onAbort = (): void => { listener.fail(deadline.signal.reason) }

  deadline.signal.addEventListener('abort', onAbort, { once: true })

  if (deadline.signal.aborted) {
    onAbort()
  } else {
    listener.start()
  }

  try {
    return await listener.result
  } finally {
    deadline[Symbol.dispose]()
    deadline.signal.removeEventListener('abort', onAbort)
  }
}

class PreambleListener<T> implements LinkEvents {
  readonly #link: ByteLink
  readonly #remoteAddress: string
  readonly #hangUpHint: string
  readonly #proceed: (rest: Uint8Array) => T
  readonly #result = Promise.withResolvers<T>()
  #seen = new Uint8Array(0)
  #isDone = false

  constructor (link: ByteLink, proceed: (rest: Uint8Array) => T, { remoteAddress, hangUpHint }: Pick<PreambleInit, 'remoteAddress' | 'hangUpHint'>) {
    this.#link = link
    this.#remoteAddress = remoteAddress
    this.#hangUpHint = hangUpHint ?? 'does it serve channels, and did it have room for one more?'
    this.#proceed = proceed
  }

  get result (): Promise<T> {
    return this.#result.promise
  }

  start (): void {
    this.#link.attach(this)
    this.#link.write(PREAMBLE)
    this.#link.resume()
  }

  onData (bytes: Uint8Array): void {
    if (this.#isDone) {
      return
    }

    const seen = new Uint8Array(this.#seen.byteLength + bytes.byteLength)

    seen.set(this.#seen)
    seen.set(bytes, this.#seen.byteLength)
    this.#seen = seen

    // at the first byte that differs: who speaks another protocol may wait for our answer to what it said
    if (!seen.subarray(0, PREAMBLE.byteLength).every((byte, at) => byte === PREAMBLE[at])) {
      this.fail(new CodedError('ProtocolViolation', `${this.#remoteAddress} does not speak libchan/1: it began with ${describeForeign(seen)}`))
    } else if (seen.byteLength >= PREAMBLE.byteLength) {
      this.#isDone = true
      this.#link.pause()
      // in this very turn: the link must not end while nobody is told
      this.#result.resolve(this.#proceed(seen.subarray(PREAMBLE.byteLength)))
    }
  }

  onEnd (): void {
    this.fail(new CodedError('ConnectFailed', `${this.#remoteAddress} ended the connection before it had said libchan/1: ${this.#hangUpHint}`))
  }

  onRoom (): void {}

  onClose (error?: Error): void {
    this.fail(new CodedError('ConnectFailed', `the connection with ${this.#remoteAddress} was lost before it had said libchan/1${error == null ? '' : `: ${error.message}`}`, error == null ? {} : { cause: error }))
  }

  fail (reason: unknown): void {
    if (!this.#isDone) {
      this.#isDone = true
      this.#result.reject(reason)
      this.#link.reset({ code: REASON_CODE.protocolViolation, message: '' })
    }
  }
}
