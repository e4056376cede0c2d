import { constants, inflateRawSync } from 'node:zlib'
import { DEFLATE_WINDOW_BYTES, MAX_HEADER_BYTES } from './constants.ts'
import { DICTIONARY, DICTIONARY_ID } from './dictionary.ts'
import { violation } from './errors.ts'

const ZLIB_HEADER_BYTES = 2
const DICTIONARY_ID_BYTES = 4
const DEFLATE_METHOD = 8
const HAS_DICTIONARY = 0x20

/** What a flush ends with: an empty stored block. */
const FLUSH = [0x00, 0x00, 0xFF, 0xFF]

const STORED_HEADER_BYTES = 5

/** Enough for the dictionary and the headers of a few streams. */
const MIN_WINDOW_BYTES = 4 * 1024

const MAX_WINDOW_BYTES = 2 * DEFLATE_WINDOW_BYTES

/**
 * Reads header blocks that were packed into one zlib stream for the life of the connection; SPDY 2.6.10.1.
 *
 * Each block ends in a flush, at the end of a byte and of a deflate block, where all that the stream
 * remembers is the bytes before. So each is inflated by itself, at once, with those bytes as dictionary.
 */
export class HeaderUnpacker {
  /** Grows to twice what is needed, so that its end moves to the front rarely. */
  #window = new Uint8Array(MIN_WINDOW_BYTES)
  #windowEnd = 0
  #hasBegun = false

  /** @throws CodedError ProtocolViolation, also for more than a frame may carry; of no use after that */
  unpack (packed: Uint8Array): Uint8Array {
    const deflated = this.#begin(packed)

    if (!endsInFlush(deflated)) {
      throw violation('a header block does not end in a flush')
    }

    const block = unstore(deflated) ?? this.#inflate(deflated)

    if (block.byteLength > MAX_HEADER_BYTES) {
      throw violation(`the headers of a frame have more than ${MAX_HEADER_BYTES} bytes`)
    }

    this.#remember(block)

    return block
  }

  /** What is behind the header of the zlib stream. */
  #begin (packed: Uint8Array): Uint8Array {
    if (this.#hasBegun) {
      return packed
    }

    const [method = 0, flags = 0] = packed

    if ((method & 0x0F) !== DEFLATE_METHOD || (method * 256 + flags) % 31 !== 0) {
      throw violation('the first header block does not begin a zlib stream')
    }

    this.#hasBegun = true

    if ((flags & HAS_DICTIONARY) === 0) {
      return packed.subarray(ZLIB_HEADER_BYTES)
    }

    const start = ZLIB_HEADER_BYTES + DICTIONARY_ID_BYTES
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)

    if (packed.byteLength < start || view.getUint32(ZLIB_HEADER_BYTES) !== DICTIONARY_ID) {
      throw violation('the header blocks are packed with another dictionary')
    }

    this.#remember(DICTIONARY)

    return packed.subarray(start)
  }

  #inflate (deflated: Uint8Array): Uint8Array {
    const before = this.#window.subarray(Math.max(0, this.#windowEnd - DEFLATE_WINDOW_BYTES), this.#windowEnd)

    try {
      return inflateRawSync(deflated, {
        ...(before.byteLength > 0 && { dictionary: before }),
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MAX_HEADER_BYTES
      })
    } catch (thrown) {
      throw violation('a header block cannot be inflated, or not to so little', { cause: thrown })
    }
  }

  #remember (bytes: Uint8Array): void {
    if (this.#windowEnd + bytes.byteLength > this.#window.byteLength) {
      this.#makeRoom(bytes.byteLength)
    }

    this.#window.set(bytes, this.#windowEnd)
    this.#windowEnd += bytes.byteLength
  }

  #makeRoom (count: number): void {
    const kept = this.#window.subarray(Math.max(0, this.#windowEnd - DEFLATE_WINDOW_BYTES), this.#windowEnd)
    let size = this.#window.byteLength

    while (size < MAX_WINDOW_BYTES && size < kept.byteLength + count) {
      size *= 2
    }

    const window = size > this.#window.byteLength ? new Uint8Array(size) : this.#window

    window.set(kept)
    this.#window = window
    this.#windowEnd = kept.byteLength
  }
}

function endsInFlush (deflated: Uint8Array): boolean {
  const start = deflated.byteLength - FLUSH.length

  return start >= 0 && FLUSH.every((byte, index) => deflated[start + index] === byte)
}

/** The contents if this is one stored block and a flush, as our own side writes it: inflating costs much more. */
function unstore (deflated: Uint8Array): Uint8Array | undefined {
  const length = deflated.byteLength - 2 * STORED_HEADER_BYTES

  if (length < 0 || deflated[0] !== 0 || deflated[length + STORED_HEADER_BYTES] !== 0) {
    return undefined
  }

  const view = new DataView(deflated.buffer, deflated.byteOffset, deflated.byteLength)
  const isWhole = view.getUint16(1, true) === length && view.getUint16(3, true) === 0xFFFF - length

  return isWhole ? deflated.subarray(STORED_HEADER_BYTES, STORED_HEADER_BYTES + length) : undefined
}
