import { systemClock, systemRandom } from '../../base/index.ts'
import { isReceiver } from './channel-receiver.ts'
import { isSender } from './channel-sender.ts'
import { ReceiveBranch, SendBranch, SignalBranch, StopBranch, TimerBranch } from './select-branches.ts'
import type { Branch, Choice, Taken } from './select-branches.ts'
import type { FittingBranches, SelectBranch, SelectBranches, SelectOptions, SelectResult } from './select-types.ts'
import type { Clock, Random } from '../../base/index.ts'

/**
 * Waits for several things, and takes the first. Resolves to the name of that branch and what it gave; nothing has
 * happened on the others: no message was taken or sent there.
 *
 * A branch is a receiver, `[sender, value]`, an AbortSignal, or `{ afterMs }`. Of those that are ready one is taken by
 * chance, each as likely; time counts only while none of the others is ready, so `{ afterMs: 0 }` means "or not at all".
 *
 * @example
 * ```ts
 * const next = await select({ job: receiver, answer: [sender, 42], stop: signal, idle: { afterMs: 1_000 } })
 *
 * if (next.name === 'job' && !next.done) {
 *   work(next.value)
 * }
 * ```
 *
 * @throws what `receive` and `send` throw on the branch that was taken; `options.signal`'s reason
 * @throws TypeError when there is no branch, or one is none of these
 * @throws RangeError when `afterMs` is below 0 or not a number
 */
export function select<const B extends SelectBranches> (
  branches: B & FittingBranches<B>,
  options: SelectOptions = {}
): Promise<SelectResult<B>> {
  return new Promise<Taken>((resolve, reject) => {
    new Selection(resolve, reject).start(branches, options)
  }) as Promise<SelectResult<B>>
}

/** One call of `select`: whoever claims first decides it. */
class Selection implements Choice {
  readonly #resolve: (outcome: Taken) => void
  readonly #reject: (error: unknown) => void
  readonly #begun: Branch[] = []
  #isDecided = false

  constructor (resolve: (outcome: Taken) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  start (branches: SelectBranches, { signal, clock = systemClock, random = systemRandom }: SelectOptions): void {
    const all = Object.entries(branches).map(([name, branch]) => this.#toBranch(name, branch, clock))

    if (all.length === 0) {
      throw new TypeError('select needs at least one branch, received none: it would wait for ever')
    }

    const timers = all.filter((branch) => branch instanceof TimerBranch)
    const ready = shuffle(all.filter((branch) => !(branch instanceof TimerBranch)), random)
    const stop = signal == null ? [] : [new StopBranch(this, signal)]

    try {
      this.#begin([...stop, ...ready, ...timers])
    } catch (error) {
      // a clock that is not ours may throw
      this.#isDecided = true
      this.#leave()
      throw error
    }
  }

  claim (): boolean {
    if (this.#isDecided) {
      return false
    }

    this.#isDecided = true

    return true
  }

  done (outcome: Taken): void {
    this.#resolve(outcome)
    this.#leave()
  }

  fail (error: unknown): void {
    this.#reject(error)
    this.#leave()
  }

  #begin (branches: readonly Branch[]): void {
    for (const branch of branches) {
      if (this.#isDecided) {
        return
      }

      this.#begun.push(branch)
      branch.begin()
    }
  }

  #leave (): void {
    for (const branch of this.#begun) {
      branch.end()
    }
  }

  #toBranch (name: string, branch: SelectBranch, clock: Clock): Branch {
    if (isReceiver(branch)) {
      return new ReceiveBranch(this, name, branch.desk)
    }

    if (isSendBranch(branch)) {
      const [sender, value] = branch

      if (isSender(sender)) {
        return new SendBranch(this, name, sender.desk, value)
      }
    } else if (isSignal(branch)) {
      return new SignalBranch(this, name, branch)
    } else if ('afterMs' in Object(branch)) {
      return new TimerBranch(this, name, clock, (branch as { afterMs: number }).afterMs)
    }

    throw new TypeError(`branch ${name} of select must be a receiver, [sender, value], an AbortSignal or { afterMs }, received ${String(branch)}`)
  }
}

function isSendBranch (branch: SelectBranch): branch is Extract<SelectBranch, readonly unknown[]> {
  return Array.isArray(branch)
}

/** Also one of another realm or a polyfill. */
function isSignal (branch: object): branch is AbortSignal {
  return branch instanceof AbortSignal || Object.prototype.toString.call(branch) === '[object AbortSignal]'
}

/** In place; every order is as likely. */
function shuffle<T> (items: T[], random: Random): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [a, b] = [items[last], items[other]]

    items[last] = b as T
    items[other] = a as T
  }

  return items
}
