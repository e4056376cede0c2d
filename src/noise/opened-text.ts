import { plainBytes } from '../base/index.ts'

const NO_SLAB = new Uint8Array(0)

/** Plaintext of short messages shares memory of at most so many bytes. */
const MAX_SLAB_BYTES = 64 * 1024

/** Plaintext on its way out: that of short messages in a row comes in one piece. */
export class OpenedText {
  readonly #give: (text: Uint8Array) => void
  #slab: Uint8Array = NO_SLAB
  /** The first byte that was not given. */
  #start = 0
  /** Behind the last byte that was committed. */
  #end = 0

  constructor (give: (text: Uint8Array) => void) {
    this.#give = give
  }

  /** Room for `count` bytes; `more` bytes of messages are here behind them. */
  reserve (count: number, more: number): Uint8Array {
    if (this.#slab.byteLength - this.#end < count) {
      this.flush()
      this.#slab = plainBytes(Buffer.allocUnsafe(Math.min(count + more, Math.max(count, MAX_SLAB_BYTES))))
    }

    return this.#slab.subarray(this.#end, this.#end + count)
  }

  /** What lies in the first `count` bytes of that room is proven. */
  commit (count: number): void {
    this.#end += count
  }

  /** Adds a piece that has memory of its own. */
  add (text: Uint8Array): void {
    this.#giveRun()
    this.#give(text)
  }

  /** Gives what is left, and the memory with it. */
  flush (): void {
    this.#giveRun()
    this.#slab = NO_SLAB
    this.#start = this.#end = 0
  }

  #giveRun (): void {
    if (this.#end > this.#start) {
      this.#give(this.#slab.subarray(this.#start, this.#end))
      this.#start = this.#end
    }
  }
}
