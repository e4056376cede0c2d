import { Permits, toError } from '../base/index.ts'
import { serve, ServiceError, VERBS } from '../service/index.ts'
import type { Clock } from '../base/index.ts'
import type { ByteStream, ChannelEnd, Receiver } from '../channel/index.ts'
import type { Call, Message, Server } from '../service/index.ts'

/** Files and lines that wait for those before them; then the next message waits in its channel. */
export const MAX_WAITING_INPUTS = 16

/** What becomes of the input of a stage that takes bytes and text. */
export interface InputHandlers {
  /**
   * Bytes: what comes behind them waits until this resolves. What it leaves unread is thrown away, and whoever
   * writes is told that nobody reads.
   */
  onBytes(bytes: ByteStream, args: readonly string[]): Promise<void>
  /** A text, behind all that came before it. `args` are those of `log`: a stream, and the text. */
  onText(text: string, args: readonly string[]): Promise<void>
  /** Answers everything else, without waiting for bytes. */
  readonly server: Server
  readonly clock: Clock
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Handles what a stage is sent, files and texts in the order in which they came. Resolves at the end of the input,
 * with all of it handled, or when the stage has cancelled it.
 *
 * @throws at once ServiceError Unavailable when the input was cut off, which is no end; what the handlers throw; the
 * signal's reason. The input is cancelled then, and bytes that wait are reset.
 */
export async function handleInput (input: Receiver<Message>, handlers: InputHandlers): Promise<void> {
  const { server, clock, signal } = handlers
  const inOrder = new InOrder()
  const onAbort = (): void => { inOrder.fail(toError(signal?.reason)) }

  answerBytesAndText(handlers, inOrder)
  signal?.addEventListener('abort', onAbort, { once: true })

  if (signal?.aborted === true) {
    onAbort()
  }

  const served = serve(server, input, { clock })

  // not by `served`: calls that wait for bytes would keep it from ending
  void input.closed.then((end) => { inOrder.check(end, server.name) })

  try {
    await Promise.race([served.then(async () => inOrder.rest()), inOrder.failed])
  } catch (thrown) {
    input.cancel(toError(thrown))
    throw thrown
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function answerBytesAndText ({ server, onBytes, onText }: InputHandlers, inOrder: InOrder): void {
  server.onVerb(VERBS.file, async (call) => {
    const { att, args } = call

    if (att == null) {
      throw new ServiceError('InvalidArgument', `${server.name} takes files that come with their bytes, received one without: ${args.join(' ')}`)
    }

    await inOrder.add(call, async () => onBytes(att, args))
  })

  server.onVerb(VERBS.log, async (call) => {
    await inOrder.add(call, async () => onText(call.args.at(1) ?? '', call.args))
  })
}

/** Work that is done piece by piece, up to the first that fails. */
class InOrder {
  /** Rejects with what failed first, and never resolves. */
  readonly failed: Promise<never>
  readonly #reject: (error: Error) => void
  readonly #permits = new Permits(MAX_WAITING_INPUTS)
  #error: Error | undefined
  /** Never rejects. */
  #last: Promise<void> = Promise.resolve()
  /** The bytes that are read now. */
  #current: ByteStream | undefined

  constructor () {
    const { promise, reject } = Promise.withResolvers<never>()

    promise.catch(() => {}) // whoever races for it may have won before
    this.failed = promise
    this.#reject = reject
  }

  /** Resolves when the work waits for its turn; if the call wants an answer, when it is done and answered. */
  async add (call: Call, work: () => Promise<void>): Promise<void> {
    const permit = await this.#permits.acquire()
    const done = this.#last.then(async () => this.#do(work, call.att))

    this.#last = done.catch((thrown: unknown) => { this.fail(toError(thrown)) }).finally(() => { permit[Symbol.dispose]() })

    if (call.isOpen) {
      await done
      await call.ack()
      await call.end()
    }
  }

  /** Resolves when all has been done. @throws what failed */
  async rest (): Promise<void> {
    await this.#last

    if (this.#error != null) {
      throw this.#error
    }
  }

  /** The first one counts: nothing more is begun. */
  fail (error: Error): void {
    if (this.#error == null) {
      this.#error = error
      this.#reject(error)
      stopReading(this.#current)
    }
  }

  /** Fails, unless the input ended as it should. */
  check (end: ChannelEnd, name: string): void {
    if (end.how === 'aborted') {
      this.fail(new ServiceError('Unavailable', `the input of ${name} was cut off: ${end.reason.message === '' ? 'whoever sent it gave up' : end.reason.message}`))
    } else if (end.how === 'lost') {
      this.fail(new ServiceError('Unavailable', `the input of ${name} was lost: ${end.error.message}`, { cause: end.error }))
    }
  }

  async #do (work: () => Promise<void>, bytes: ByteStream | undefined): Promise<void> {
    if (this.#error != null) {
      bytes?.reset(this.#error)
      throw this.#error
    }

    this.#current = bytes

    try {
      await work()
    } finally {
      this.#current = undefined
      stopReading(bytes)
    }
  }
}

/** The chunks of a byte stream, up to its end. Leaving early, unlike in a loop over the stream itself, ends nothing. */
export async function * chunksOf (bytes: ByteStream): AsyncGenerator<Uint8Array, void, undefined> {
  for (let chunk = await bytes.read(); chunk != null; chunk = await bytes.read()) {
    yield chunk
  }
}

/** Tells whoever writes that nobody reads. */
export function stopReading (bytes: ByteStream | undefined, why = 'nobody reads any more'): void {
  // behind our own end, so that the other side is told at once
  bytes?.closeWrite().catch(() => {})
  bytes?.closeRead(why)
}
