/** Numbers in use out of order that are remembered one by one. */
const MAX_REMEMBERED = 8192

/** Numbers the streams of one side: every other number; spec-channel 2.3. */
export class StreamNumbers {
  readonly #first: number
  #next: number

  constructor (isInitiator: boolean) {
    this.#first = isInitiator ? 1 : 2
    this.#next = this.#first
  }

  get next (): number {
    return this.#next
  }

  take (): number {
    const ref = this.#next

    this.#next += 2

    return ref
  }

  /** Gives numbers back that were not used, from `first` to what was taken last. */
  giveBack (first: number): void {
    this.#next = first
  }

  isOurs (ref: number): boolean {
    return ref % 2 === this.#first % 2
  }

  wasTaken (ref: number): boolean {
    return ref < this.#next
  }
}

/**
 * The numbers that the other side has used. Streams may come a little out of order, and a number may never come;
 * so what lies far behind counts as used.
 */
export class UsedNumbers {
  /** All up to here count as used. */
  #floor: number
  readonly #above = new Set<number>()

  /** Begins at 1 or 2. */
  constructor (first: number) {
    this.#floor = first - 2
  }

  has (ref: number): boolean {
    return ref <= this.#floor || this.#above.has(ref)
  }

  add (ref: number): void {
    if (ref === this.#floor + 2) {
      this.#floor = ref
    } else {
      this.#above.add(ref)
    }

    while (this.#above.size > 0 && this.#above.delete(this.#floor + 2)) {
      this.#floor += 2
    }

    if (this.#above.size > MAX_REMEMBERED) {
      this.#raise()
    }
  }

  #raise (): void {
    const sorted = [...this.#above].sort((a, b) => a - b)
    const floor = sorted[MAX_REMEMBERED >> 1] ?? this.#floor

    this.#floor = floor

    for (const ref of sorted) {
      if (ref <= floor) {
        this.#above.delete(ref)
      }
    }
  }
}
