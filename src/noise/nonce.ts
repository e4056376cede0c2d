import { CodedError } from '../base/index.ts'

const NONCE_BYTES = 12
const LOW_OFFSET = 4
const HIGH_OFFSET = 8
const MAX_UINT32 = 2 ** 32 - 1

/** Counts the messages of one key, in 64 bits; noise 3.5. */
export class Nonce {
  readonly #bytes = new Uint8Array(NONCE_BYTES)
  #low: number
  #high: number

  /** Begins at `high` * 2^32 + `low`. */
  constructor (low: number = 0, high: number = 0) {
    this.#low = low
    this.#high = high
    this.#write(high, HIGH_OFFSET)
  }

  /**
   * The nonce of the next message, in memory that the next call changes.
   *
   * @throws CodedError ResourceLimit when all have been used
   */
  next (): Uint8Array {
    if (this.#low > MAX_UINT32) {
      this.#low = 0
      this.#write(++this.#high, HIGH_OFFSET)
    }

    // the specification keeps the last value for itself
    if (this.#low === MAX_UINT32 && this.#high === MAX_UINT32) {
      throw new CodedError('ResourceLimit', 'one key is good for 2^64 - 1 messages, and there were as many: connect again')
    }

    this.#write(this.#low++, LOW_OFFSET)

    return this.#bytes
  }

  /** Byte by byte: a DataView would take the bytes out of the heap, for as long as the connection lives. */
  #write (uint32: number, offset: number): void {
    this.#bytes[offset] = uint32
    this.#bytes[offset + 1] = uint32 >>> 8
    this.#bytes[offset + 2] = uint32 >>> 16
    this.#bytes[offset + 3] = uint32 >>> 24
  }
}
