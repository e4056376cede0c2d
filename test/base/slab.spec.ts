import { describe, expect, it } from 'vitest'
import { slab } from '../../src/base/index.ts'

describe('the slab', () => {
  it('gives pieces that do not overlap', () => {
    const pieces = Array.from({ length: 500 }, (_, index) => slab.take(index % 600).fill(index % 251))

    expect(pieces.every((piece, index) => piece.byteLength === index % 600 && piece.every((byte) => byte === index % 251))).toBe(true)
  })

  it('lets small pieces share memory, and of that 8 KiB at most', () => {
    const first = slab.take(100)
    const pieces = Array.from({ length: 100 }, () => slab.take(100))

    expect(pieces.some(({ buffer }) => buffer === first.buffer)).toBe(true)
    expect(first.buffer.byteLength).toBe(8 * 1024)
  })

  it.each([1, 64, 513, 5000])('gives %i bytes memory of their own', (byteLength) => {
    expect(slab.take(byteLength).buffer.byteLength).toBe(byteLength)
  })
})
