import { describe, expect, it } from 'vitest'
import { slab } from '../../src/base/index.ts'

describe('the slab', () => {
  it('gives pieces that do not overlap', () => {
    const pieces = Array.from({ length: 500 }, (_, index) => slab.take(index % 70).fill(index % 251))

    expect(pieces.every((piece, index) => piece.byteLength === index % 70 && piece.every((byte) => byte === index % 251))).toBe(true)
  })

  it('lets small pieces share memory, and of that 8 KiB at most', () => {
    const first = slab.take(10)
    const pieces = Array.from({ length: 100 }, () => slab.take(10))

    expect(pieces.some(({ buffer }) => buffer === first.buffer)).toBe(true)
    expect(first.buffer.byteLength).toBe(8 * 1024)
  })

  it('gives a large piece memory of its own', () => {
    expect(slab.take(1025).buffer.byteLength).toBe(1025)
  })
})
