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
