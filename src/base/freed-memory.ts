import { freeBytes } from './free-bytes.ts'

/** glibc then keeps twice as much; tls 7.1. */
const BLOCK_BYTES = 8 * 2 ** 20

let isKept = false

/**
 * Has the allocator keep freed memory at the end of its heap, up to 16 MiB, where glibc returns what exceeds 128 KiB.
 *
 * OpenSSL allocates a buffer for each record that it reads, and frees it. Where that buffer is the last of the heap, it takes the
 * pages before it along to the system, which makes and clears them anew for the next. In every other process that cost 80 to 130 page
 * faults for each MiB over TLS, and a third of the speed (`perf stat`). glibc raises its threshold to twice the size of a
 * block that was mapped on its own, when that is freed (mallopt(3), M_MMAP_THRESHOLD), unless MALLOC_TRIM_THRESHOLD_ is
 * set. Such a block costs no memory, as nobody touches it. Other allocators do not mind.
 */
export function keepFreedMemory (): void {
  if (!isKept) {
    isKept = true
    freeBytes(new Uint8Array(BLOCK_BYTES))
  }
}
