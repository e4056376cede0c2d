import { concat, slab } from '../../../base/index.ts'
import type { StreamHeaders } from '../../contract/index.ts'

/** Of what follows the length; spec-channel 3.2. */
export const MAX_HEADER_BLOCK_BYTES = 1024

/** A uvarint has at most so many; spec-channel, at its head. */
const MAX_UVARINT_BYTES = 5

/** The lengths of a block and of what is in it stay below 2^14. */
const MAX_LENGTH_BYTES = 2

/** Where a block is written before its size is known. */
const SCRATCH = new Uint8Array(MAX_LENGTH_BYTES + MAX_HEADER_BLOCK_BYTES)

/** Up to here a loop over the characters is faster than the coders of text. */
const SHORT_TEXT = 32

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The first bytes on a stream, from the side that opens it; spec-channel 3.2.
 *
 * @throws RangeError for headers that do not fit a block
 */
export function encodeHeaderBlock (headers: StreamHeaders): Uint8Array {
  const block = SCRATCH
  let end = MAX_LENGTH_BYTES

  for (const [name, value] of Object.entries(headers)) {
    end = writeText(block, writeText(block, end, name), value)
  }

  // the length goes right before what it counts, so that nothing has to be moved
  const length = end - MAX_LENGTH_BYTES
  const start = length < 0x80 ? 1 : 0

  writeUvarint(block, start, length)

  const bytes = slab.take(end - start)

  bytes.set(block.subarray(start, end))

  return bytes
}

/**
 * The headers of a complete block, without its length.
 *
 * @throws RangeError saying what is wrong with it
 */
export function decodeHeaderBlock (block: Uint8Array): StreamHeaders {
  // without a prototype: names are the other side's choice
  const headers: Record<string, string> = Object.create(null)
  let offset = 0

  while (offset < block.byteLength) {
    const name = readText(block, offset)
    const value = readText(block, name.end)

    if (name.text in headers) {
      throw new RangeError(`the header ${name.text} was sent twice`)
    }

    headers[name.text] = value.text
    offset = value.end
  }

  return headers
}

/** Collects the header block at the beginning of a stream, whatever pieces it comes in. */
export class HeaderBlockReader {
  #seen = new Uint8Array(0)

  /**
   * The headers, and what came behind them; undefined while they are not complete.
   *
   * @throws RangeError saying what is wrong with them
   */
  read (bytes: Uint8Array): { headers: StreamHeaders, rest: Uint8Array } | undefined {
    const seen = this.#seen.byteLength === 0 ? bytes : concat([this.#seen, bytes])
    const length = readUvarint(seen, 0)

    if (length != null && length.value > MAX_HEADER_BLOCK_BYTES) {
      throw new RangeError(`the headers of a stream have at most ${MAX_HEADER_BLOCK_BYTES} bytes, these have ${length.value}`)
    }

    const end = length == null ? Infinity : length.end + length.value

    if (length == null || seen.byteLength < end) {
      this.#seen = seen.slice() // a view would hold on to the whole of what arrived

      return undefined
    }

    return { headers: decodeHeaderBlock(seen.subarray(length.end, end)), rest: seen.subarray(end) }
  }
}

/** Writes a text and its length at `offset`; where it ends. */
function writeText (block: Uint8Array, offset: number, text: string): number {
  const isShort = isShortAscii(text)
  const bytes = isShort ? undefined : encoder.encode(text)
  const length = bytes?.byteLength ?? text.length
  const start = writeUvarint(block, offset, length)

  if (start + length > block.byteLength) {
    throw new RangeError(`the headers of a stream must fit ${MAX_HEADER_BLOCK_BYTES} bytes, received more`)
  }

  if (bytes != null) {
    block.set(bytes, start)
  } else {
    for (let index = 0; index < length; index++) {
      block[start + index] = text.charCodeAt(index)
    }
  }

  return start + length
}

function isShortAscii (text: string): boolean {
  if (text.length > SHORT_TEXT) {
    return false
  }

  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >= 0x80) {
      return false
    }
  }

  return true
}

function readText (block: Uint8Array, offset: number): { text: string, end: number } {
  const length = readUvarint(block, offset)

  if (length == null || length.end + length.value > block.byteLength) {
    throw new RangeError('the headers of a stream end in the middle of one')
  }

  const end = length.end + length.value

  return { text: decodeText(block, length.end, end), end }
}

function decodeText (block: Uint8Array, from: number, to: number): string {
  const text = to - from > SHORT_TEXT ? '' : decodeAscii(block, from, to)

  if (text.length === to - from) {
    return text
  }

  try {
    return decoder.decode(block.subarray(from, to))
  } catch (cause) {
    throw new RangeError('the headers of a stream must be UTF-8', { cause })
  }
}

/** Up to the first byte that is no ASCII. */
function decodeAscii (block: Uint8Array, from: number, to: number): string {
  let text = ''

  for (let index = from; index < to; index++) {
    const byte = block[index] ?? 0

    if (byte >= 0x80) {
      break
    }

    text += String.fromCharCode(byte)
  }

  return text
}

function writeUvarint (block: Uint8Array, offset: number, value: number): number {
  let at = offset

  for (let left = value; ; left >>>= 7) {
    block[at++] = left < 0x80 ? left : (left & 0x7F) | 0x80

    if (left < 0x80) {
      return at
    }
  }
}

/** Undefined when it goes on behind `block`. */
function readUvarint (block: Uint8Array, offset: number): { value: number, end: number } | undefined {
  let value = 0

  for (let count = 0; count < MAX_UVARINT_BYTES; count++) {
    const byte = block[offset + count]

    if (byte == null) {
      return undefined
    }

    // by multiplication, as a shift of 28 makes a negative number
    value += (byte & 0x7F) * 2 ** (7 * count)

    if (byte < 0x80) {
      return { value, end: offset + count + 1 }
    }
  }

  throw new RangeError(`a length has at most ${MAX_UVARINT_BYTES} bytes`)
}
