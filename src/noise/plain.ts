/** The same memory as anybody expects it: `slice` of a Buffer makes no copy. */
export function plain ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
