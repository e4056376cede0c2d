/**
 * Frees the memory of bytes that nobody will look at again, if they have it to themselves; of others it does nothing. Memory
 * outside of its heap makes V8 collect garbage: a fast connection would cause that ten times a second for dead buffers alone.
 */
export function freeBytes ({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === buffer.byteLength && byteLength >= MIN_FREED_BYTES && buffer instanceof ArrayBuffer) {
    buffer.transfer(0)
  }
}

/** It is not worth the while for less. */
export const MIN_FREED_BYTES = 4 * 1024
