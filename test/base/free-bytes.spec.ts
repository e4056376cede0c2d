import { describe, expect, it } from 'vitest'
import { freeBytes, MIN_FREED_BYTES } from '../../src/base/index.ts'

describe('freeing bytes', () => {
  it('gives back the memory that they have to themselves', () => {
    const bytes = new Uint8Array(MIN_FREED_BYTES)

    freeBytes(bytes)

    expect([bytes.byteLength, bytes.buffer.byteLength]).toEqual([0, 0])
  })

  it('leaves memory that others share', () => {
    const whole = new Uint8Array(2 * MIN_FREED_BYTES).fill(7)

    freeBytes(whole.subarray(0, MIN_FREED_BYTES))
    freeBytes(whole.subarray(1))

    expect(whole.every((byte) => byte === 7)).toBe(true)
  })

  it('leaves what is too small to be worth it', () => {
    const bytes = new Uint8Array(MIN_FREED_BYTES - 1)

    freeBytes(bytes)

    expect(bytes.byteLength).toBe(MIN_FREED_BYTES - 1)
  })
})
