import { allocatedOutside, plainBytes } from '../base/index.ts'
import { LENGTH_BYTES, MAX_SHORT_TEXT_BYTES, TAG_BYTES } from './constants.ts'
import { NoiseError } from './errors.ts'
import { OpenedText } from './opened-text.ts'
import type { CipherState } from './cipher-state.ts'
import type { DecipherChaCha20Poly1305 } from 'node:crypto'

const MAX_SHORT_BYTES = MAX_SHORT_TEXT_BYTES + TAG_BYTES

/** Pieces of a long message below this are gathered: a peer that sends single bytes must not cost us a buffer for each. */
const MIN_PIECE_BYTES = 1024

const NO_BYTES = new Uint8Array(0)

/**
 * Turns messages into plaintext, whatever pieces they come in; noise 4. A message of which only a part is
 * here holds back its plaintext, until its tag has proven it.
 */
export class Decryptor {
  readonly #cipher: CipherState
  readonly #opened: OpenedText
  /** The first byte of a length, when the second is not here. */
  #lengthHigh: number | undefined
  /** Of the message that is coming; 0 between two messages. */
  #messageBytes = 0
  /** Of these, what is not here. */
  #missing = 0
  /** Bytes that wait for others: of a short message all, of a long one those in small pieces. */
  #gathered: Uint8Array | undefined
  #gatheredBytes = 0
  /** At work on a long message. */
  #decipher: DecipherChaCha20Poly1305 | undefined
  readonly #tag = new Uint8Array(TAG_BYTES)
  /** Plaintext of a long message that its tag has not proven. */
  #unproven: Uint8Array[] = []

  /** Calls `give` with plaintext that is proven. */
  constructor (cipher: CipherState, give: (text: Uint8Array) => void) {
    this.#cipher = cipher
    this.#opened = new OpenedText(give)
  }

  /** What is here of a message that is not whole, and how long that is to be; undefined between messages. */
  get partial (): { received: number, wanted: number | undefined } | undefined {
    if (this.#messageBytes > 0) {
      return { received: LENGTH_BYTES + this.#messageBytes - this.#missing, wanted: LENGTH_BYTES + this.#messageBytes }
    }

    return this.#lengthHigh == null ? undefined : { received: 1, wanted: undefined }
  }

  /**
   * Takes what has arrived. Plaintext may be held back until `flush`.
   *
   * @throws NoiseError `messageLength`, `tag`; CodedError ResourceLimit when the nonces are used up
   */
  decrypt (chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength;) {
      at = this.#messageBytes === 0 ? this.#readLength(chunk, at) : this.#readMessage(chunk, at)
    }
  }

  /** Gives all plaintext that is proven. */
  flush (): void {
    this.#opened.flush()
  }

  #readLength (chunk: Uint8Array, at: number): number {
    const byte = chunk[at] ?? 0

    if (this.#lengthHigh == null) {
      this.#lengthHigh = byte

      return at + 1
    }

    const length = this.#lengthHigh * 256 + byte

    if (length < TAG_BYTES) {
      throw new NoiseError('messageLength', `a message must have at least the ${TAG_BYTES} bytes of its tag, received the length ${length}`)
    }

    this.#lengthHigh = undefined
    this.#messageBytes = this.#missing = length

    return at + 1
  }

  #readMessage (chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.byteLength, at + this.#missing)

    if (this.#messageBytes <= MAX_SHORT_BYTES) {
      this.#readShort(chunk, at, end)
    } else {
      this.#readLong(chunk, at, end)
    }

    return end
  }

  #readShort (chunk: Uint8Array, at: number, end: number): void {
    const piece = chunk.subarray(at, end)
    const isWhole = piece.byteLength === this.#messageBytes

    this.#missing -= piece.byteLength

    if (!isWhole) {
      this.#gather(piece)
    }

    if (this.#missing > 0) {
      return
    }

    const sealed = isWhole ? piece : this.#takeGathered()
    const text = this.#opened.reserve(sealed.byteLength - TAG_BYTES, chunk.byteLength - end)

    this.#messageBytes = 0

    if (!this.#cipher.open(sealed, text)) {
      throw notAuthentic(sealed.byteLength)
    }

    this.#opened.commit(text.byteLength)
  }

  #readLong (chunk: Uint8Array, at: number, end: number): void {
    const textEnd = Math.min(end, at + this.#missing - TAG_BYTES)

    if (textEnd > at) {
      this.#readText(chunk.subarray(at, textEnd))
    }

    if (end > textEnd) {
      const tagStart = Math.max(at, textEnd)

      this.#tag.set(chunk.subarray(tagStart, end), TAG_BYTES - (this.#missing - (tagStart - at)))
    }

    this.#missing -= end - at

    if (this.#missing === 0) {
      this.#prove()
    }
  }

  #readText (piece: Uint8Array): void {
    if (this.#gatheredBytes + piece.byteLength > MIN_PIECE_BYTES) {
      this.#update(this.#takeGathered())
    }

    if (piece.byteLength < MIN_PIECE_BYTES) {
      this.#gather(piece)
    } else {
      this.#update(piece)
    }
  }

  #update (piece: Uint8Array): void {
    if (piece.byteLength > 0) {
      this.#decipher ??= this.#cipher.decipher()
      this.#unproven.push(plainBytes(this.#decipher.update(piece)))
      allocatedOutside(piece.byteLength)
    }
  }

  #prove (): void {
    this.#update(this.#takeGathered())

    const decipher = this.#decipher ?? this.#cipher.decipher()
    const unproven = this.#unproven
    const byteLength = this.#messageBytes

    this.#decipher = undefined
    this.#unproven = []
    this.#messageBytes = 0
    decipher.setAuthTag(this.#tag)

    try {
      decipher.final()
    } catch (cause) {
      throw notAuthentic(byteLength, cause)
    }

    for (const text of unproven) {
      this.#opened.add(text)
    }
  }

  #gather (piece: Uint8Array): void {
    this.#gathered ??= new Uint8Array(MIN_PIECE_BYTES)
    this.#gathered.set(piece, this.#gatheredBytes)
    this.#gatheredBytes += piece.byteLength
  }

  #takeGathered (): Uint8Array {
    const byteLength = this.#gatheredBytes

    this.#gatheredBytes = 0

    return this.#gathered?.subarray(0, byteLength) ?? NO_BYTES
  }
}

function notAuthentic (byteLength: number, cause?: unknown): NoiseError {
  return new NoiseError('tag', `a message of ${byteLength} bytes is not authentic: it was changed on its way, lost, or comes twice`, cause == null ? {} : { cause })
}
