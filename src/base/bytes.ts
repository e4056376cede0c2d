import { slab } from './slab.ts'

/** All bytes behind one another, copied. */
export function concat (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let byteLength = 0

  for (const part of parts) {
    byteLength += part.byteLength
  }

  const all = slab.take(byteLength)
  let at = 0

  for (const part of parts) {
    all.set(part, at)
    at += part.byteLength
  }

  return all
}

/** The same memory as no Buffer, whose `slice` makes no copy and which equals no Uint8Array. */
export function plainBytes (bytes: ArrayBufferView): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes as Uint8Array : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The chunks of a list, or bytes as the only chunk. */
export function chunksOf (bytes: Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  return bytes instanceof Uint8Array ? [bytes] : bytes
}
