import { Deadline, Permits, raceSignal, toError } from '../base/index.ts'
import { byteStreamPair } from '../channel/index.ts'
import { errorMessage } from './answers.ts'
import { discardBytes } from './discard.ts'
import { readMessages } from './read-messages.ts'
import { reference } from './serve.ts'
import { ServiceError } from './service-error.ts'
import { splitBytes } from './split-bytes.ts'
import { task } from './task.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { Reference, ServiceLike } from './service.ts'
import type { BytesCopy } from './split-bytes.ts'
import type { Task, TaskContext, TaskOptions } from './task.ts'
import type { Clock } from '../base/index.ts'

export const TEE_DEFAULTS = Object.freeze({ maxStallMs: 10_000 })

/** Byte streams that are copied at a time; the next message waits. */
export const MAX_SPLIT_STREAMS = 64

export interface TeeOptions extends TaskOptions {
  /** How long a branch may hold up all others with one message, or one piece of bytes; then it is given up. @default 10000 */
  maxStallMs?: number | undefined
}

/**
 * A stage that passes on what comes, and sends the same to each of `branches`: what has a `ret`, as only one can answer,
 * without it; bytes as bytes of their own, which only go there. All go at the pace of the slowest. A branch that fails, or stalls for
 * `maxStallMs`, is reported as an `error` and gets nothing more. It owns its branches: they are closed when the input ends, and
 * aborted if that was cut off.
 */
export function tee (branches: readonly ServiceLike[], { maxStallMs = TEE_DEFAULTS.maxStallMs, ...options }: TeeOptions = {}): Task {
  const name = options.name ?? 'tee'

  return task(async (context) => {
    const { clock } = context
    const all = branches.map((branch, index) => new Branch(reference(branch, { clock }), { name: `branch ${index + 1} of ${name}`, maxStallMs, clock }))

    await new Tee(context, all).run()
  }, { ...options, name })
}

class Tee {
  readonly #context: TaskContext
  readonly #branches: Set<Branch>
  readonly #permits = new Permits(MAX_SPLIT_STREAMS)
  readonly #splits = new Set<Promise<void>>()

  constructor (context: TaskContext, branches: readonly Branch[]) {
    this.#context = context
    this.#branches = new Set(branches)
  }

  async run (): Promise<void> {
    const { input, signal } = this.#context

    try {
      for await (const message of readMessages(input, { signal })) {
        await (message.att == null ? this.#passOn(message) : this.#passOnBytes(message))
      }

      await raceSignal(Promise.all(this.#splits), signal)
      await this.#give(async (branch) => branch.close())
    } catch (thrown) {
      for (const branch of this.#branches) {
        branch.abort(toError(thrown))
      }

      throw thrown
    }
  }

  async #passOn (message: ReceivedMessage): Promise<void> {
    await this.#context.output.send(message)
    await this.#give(async (branch) => branch.send(withoutRet(message)))
  }

  async #passOnBytes (message: ReceivedMessage): Promise<void> {
    const { att: source } = message
    const { output, signal } = this.#context

    if (source == null) {
      return
    }

    const permit = await this.#permits.acquire(signal)
    const [main, theirs] = byteStreamPair()
    const copies: BytesCopy[] = []

    await output.send({ ...message, att: theirs })
    await this.#give(async (branch) => {
      const [ours, copy] = byteStreamPair()

      await branch.send({ ...withoutRet(message), att: copy })
      copies.push(branch.toCopy(ours, async (error) => this.#onFailed(branch, error)))
    })

    const onAbort = (): void => { discardBytes(source, toError(signal.reason)) }
    const split = splitBytes(source, main, copies).catch(() => {}).finally(() => { // both sides have been told
      signal.removeEventListener('abort', onAbort)
      permit[Symbol.dispose]()
      this.#splits.delete(split)
    })

    signal.addEventListener('abort', onAbort, { once: true })
    this.#splits.add(split)
  }

  async #give (work: (branch: Branch) => Promise<void>): Promise<void> {
    await Promise.all(Array.from(this.#branches, async (branch) => {
      try {
        await work(branch)
      } catch (thrown) {
        await this.#onFailed(branch, toError(thrown))
      }
    }))
  }

  async #onFailed (branch: Branch, error: Error): Promise<void> {
    if (this.#branches.delete(branch)) {
      branch.abort(error)
      await this.#context.output.send(errorMessage(new ServiceError('Unavailable', `${branch.name} gets nothing more: ${error.message}`, { cause: error })))
    }
  }
}

interface BranchInit {
  readonly name: string
  readonly maxStallMs: number
  readonly clock: Clock
}

/** One of the others, for which nobody waits longer than `maxStallMs`. */
class Branch {
  readonly #target: Reference
  readonly #init: BranchInit

  constructor (target: Reference, init: BranchInit) {
    this.#target = target
    this.#init = init
  }

  get name (): string {
    return this.#init.name
  }

  async send (message: Message): Promise<void> {
    await this.#inTime(async (signal) => this.#target.send(message, { signal }))
  }

  async close (): Promise<void> {
    await this.#inTime(async (signal) => this.#target.close({ signal }))
  }

  abort (error: Error): void {
    this.#target.abort(error)
  }

  toCopy (stream: ReturnType<typeof byteStreamPair>[0], onFailed: (error: Error) => Promise<void>): BytesCopy {
    stream.closeRead() // what it writes goes nowhere

    return {
      write: async (bytes) => this.#inTime(async (signal) => stream.write(bytes, { signal })),
      end: async () => stream.closeWrite(),
      reset: (error) => { stream.reset(error) },
      onFailed
    }
  }

  async #inTime (work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, maxStallMs: timeoutMs, name } = this.#init

    using scope = new Deadline({ clock, timeoutMs, onTimeout: () => new ServiceError('DeadlineExceeded', `${name} took nothing for ${timeoutMs} ms`) })

    await work(scope.signal)
  }
}

function withoutRet ({ ret: _, ...message }: ReceivedMessage): ReceivedMessage {
  return message
}
