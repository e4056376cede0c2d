/* What the clients of several systems share: how long to work, how many at a time, what was done. */
import { MESSAGE_BYTES } from './system.ts'
import type { Amount, Done } from './system.ts'

/** Looking at the clock costs a tenth of a small message: many are handed out without a look, if they go that fast. */
const MAX_UNSEEN_UNITS = 16
const MAX_UNSEEN_MS = 0.1

/** An amount of work, handed out unit by unit. The clock starts with the construction. */
export class Work {
  readonly #start = performance.now()
  readonly #end: number
  readonly #count: number
  #taken = 0
  #lookedAt = this.#start
  #unitsToLook = 1
  #unseenUnits = 1

  constructor ({ seconds, count = Infinity }: Amount) {
    this.#end = this.#start + seconds * 1000
    this.#count = count
  }

  /** How many units were handed out. */
  get taken (): number {
    return this.#taken
  }

  /** Takes one more unit; false when there has been enough. */
  next (): boolean {
    if (this.#taken === this.#count || (--this.#unitsToLook <= 0 && !this.#hasTime())) {
      return false
    }

    this.#taken++

    return true
  }

  /** Everything that was taken is finished now. */
  done (units = this.#taken): Done {
    return { units, seconds: (performance.now() - this.#start) / 1000 }
  }

  #hasTime (): boolean {
    const now = performance.now()

    this.#unseenUnits = now - this.#lookedAt < MAX_UNSEEN_MS ? Math.min(MAX_UNSEEN_UNITS, this.#unseenUnits * 2) : 1
    this.#unitsToLook = now < this.#end ? this.#unseenUnits : 0
    this.#lookedAt = now

    return now < this.#end
  }
}

/** Runs `one` again and again, `parallel` at a time. */
export async function inParallel (amount: Amount, parallel: number, one: (worker: number) => Promise<void>): Promise<Done> {
  const work = new Work(amount)

  await Promise.all(Array.from({ length: parallel }, async (_, worker) => {
    while (work.next()) {
      await one(worker)
    }
  }))

  return work.done()
}

/** Fails unless the server has got exactly what was sent to it. */
export function expectReceived (received: number, sent: number): void {
  if (received !== sent) {
    throw new Error(`the server has received ${received} of ${sent}`)
  }
}

/** Fails unless a message came back whole. */
export function expectEcho (bytes: number): void {
  if (bytes !== MESSAGE_BYTES) {
    throw new Error(`${bytes} bytes came back for ${MESSAGE_BYTES}`)
  }
}
