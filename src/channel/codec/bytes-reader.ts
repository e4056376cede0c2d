import { slab } from '../../base/index.ts'

/**
 * Bytes from `start` to `end`, for the application to keep. What is most of the memory it lies in is a view; what is
 * less is copied, so that a few bytes never hold on to a network buffer. Short ones share memory: who transfers their
 * ArrayBuffer takes others along.
 */
export function readBytes (bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start

  if (length * 2 > bytes.buffer.byteLength) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset + start, length)
  }

  const copy = slab.take(length)

  copy.set(bytes.subarray(start, end))

  return copy
}
