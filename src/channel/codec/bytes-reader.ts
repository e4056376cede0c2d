/**
 * Bytes from `start` to `end`, for the application to keep. What is most of the memory it lies in is a view; what is
 * less is copied, so that a few bytes never hold on to a network buffer.
 */
export function readBytes (bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start

  if (length * 2 > bytes.buffer.byteLength) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset + start, length)
  }

  // not `slice`, which gives a view if the bytes are a Buffer
  return new Uint8Array(bytes.subarray(start, end))
}

/** The same bytes as no Buffer, whose methods differ. */
export function asPlainBytes (bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
