import { MAX_HEADER_BYTES } from './constants.ts'
import { violation } from './errors.ts'
import type { StreamHeaders } from '../../contract/index.ts'

/*
 * Names and values before they are packed: a count, then each with its length in front, all of four
 * bytes; SPDY 2.6.10.
 */

const COUNT_BYTES = 4

/** @throws RangeError for more than a frame may carry */
export function encodeHeaders (headers: StreamHeaders): Uint8Array {
  const strings = Object.entries(headers).flat().map((text) => new TextEncoder().encode(text))
  const length = strings.reduce((sum, { byteLength }) => sum + COUNT_BYTES + byteLength, COUNT_BYTES)

  if (length > MAX_HEADER_BYTES) {
    throw new RangeError(`the headers of a stream may have ${MAX_HEADER_BYTES} bytes, received ${length}`)
  }

  const block = new Uint8Array(length)
  const view = new DataView(block.buffer)
  let offset = COUNT_BYTES

  view.setUint32(0, strings.length / 2)

  for (const bytes of strings) {
    view.setUint32(offset, bytes.byteLength)
    block.set(bytes, offset + COUNT_BYTES)
    offset += COUNT_BYTES + bytes.byteLength
  }

  return block
}

/** @throws CodedError ProtocolViolation */
export function decodeHeaders (block: Uint8Array): StreamHeaders {
  const reader = new StringReader(block)
  const headers = new Map<string, string>()

  for (let left = reader.count(); left > 0; left--) {
    const name = reader.string()

    if (name === '' || name !== name.toLowerCase() || headers.has(name)) {
      throw violation(`the header name ${JSON.stringify(name)} is empty, not in lower case, or there twice`)
    }

    headers.set(name, reader.string())
  }

  if (!reader.isAtEnd) {
    throw violation('bytes follow the last header of a block')
  }

  // own properties all of them, `__proto__` too
  return Object.freeze(Object.fromEntries(headers))
}

class StringReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #decoder = new TextDecoder()
  #offset = 0

  constructor (bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd (): boolean {
    return this.#offset === this.#bytes.byteLength
  }

  count (): number {
    if (this.#offset + COUNT_BYTES > this.#bytes.byteLength) {
      throw violation('a header block ends before its headers do')
    }

    const count = this.#view.getUint32(this.#offset)

    this.#offset += COUNT_BYTES

    return count
  }

  string (): string {
    const length = this.count()
    const end = this.#offset + length

    if (end > this.#bytes.byteLength) {
      throw violation(`a header says that it has ${length} bytes, and ${this.#bytes.byteLength - this.#offset} are left`)
    }

    const text = this.#decoder.decode(this.#bytes.subarray(this.#offset, end))

    this.#offset = end

    return text
  }
}
