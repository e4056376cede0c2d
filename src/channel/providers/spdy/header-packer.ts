import { DICTIONARY_ID } from './dictionary.ts'

/** Deflate with a window of 32 KiB; a preset dictionary; a check that makes it a multiple of 31 (RFC 1950 2.2). */
const ZLIB_HEADER = [0x78, 0xBB]

const ZLIB_HEADER_BYTES = 6
const STORED_HEADER_BYTES = 5

/**
 * Writes header blocks as one zlib stream for the life of the connection; SPDY 2.6.10.1.
 *
 * Its blocks are stored, not compressed: the headers of a stream are a few short ones, any inflater takes
 * this, and it needs neither state nor waiting. An empty block behind each makes the reader hand it on at
 * once, as a flush does.
 */
export class HeaderPacker {
  #hasBegun = false

  /** `block` has at most 65,535 bytes. */
  pack (block: Uint8Array): Uint8Array {
    const start = this.#hasBegun ? 0 : ZLIB_HEADER_BYTES
    const packed = new Uint8Array(start + STORED_HEADER_BYTES + block.byteLength + STORED_HEADER_BYTES)
    const view = new DataView(packed.buffer)

    if (!this.#hasBegun) {
      packed.set(ZLIB_HEADER)
      view.setUint32(ZLIB_HEADER.length, DICTIONARY_ID)
      this.#hasBegun = true
    }

    setStoredLength(view, start, block.byteLength)
    packed.set(block, start + STORED_HEADER_BYTES)
    setStoredLength(view, start + STORED_HEADER_BYTES + block.byteLength, 0)

    return packed
  }
}

/** The header of a stored block: its type, which is 0, then its length, twice (RFC 1951 3.2.4). */
function setStoredLength (view: DataView, offset: number, length: number): void {
  view.setUint16(offset + 1, length, true)
  view.setUint16(offset + 3, ~length, true)
}
