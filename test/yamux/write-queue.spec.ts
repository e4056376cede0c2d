import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it } from 'vitest'
import { WriteQueue } from '../../src/yamux/write-queue.ts'

function bytes (size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => index)
}

describe('WriteQueue', () => {
  it('gives bytes in their order, in any sizes', () => {
    const write = fc.uint8Array({ maxLength: 20 })

    fc.assert(fc.property(fc.array(fc.record({ write, take: fc.nat({ max: 30 }) }), { maxLength: 120 }), (steps) => {
      const queue = new WriteQueue()
      const out: Uint8Array[] = []
      let left = 0

      for (const { write, take } of steps) {
        const count = Math.min(take, left + write.byteLength)

        queue.push(write)
        queue.moveTo(out, count)
        left += write.byteLength - count
        expect(queue.byteLength).toBe(left)
      }

      queue.moveTo(out, left)
      expect(Buffer.concat(out)).toEqual(Buffer.concat(steps.map(({ write }) => write)))
    }))
  })

  it('takes lists, copies nothing, and forgets all when told', () => {
    const queue = new WriteQueue()
    const chunk = bytes(10)
    const out: Uint8Array[] = []

    queue.push(new Uint8ArrayList(chunk, bytes(5)))
    queue.moveTo(out, 4)

    expect(out[0]?.buffer).toBe(chunk.buffer)
    expect(queue.byteLength).toBe(11)

    queue.clear()
    expect(queue.byteLength).toBe(0)
  })

  it('refuses to give more than it has', () => {
    const queue = new WriteQueue()

    queue.push(bytes(3))

    expect(() => { queue.moveTo([], 5) }).toThrow('cannot take 5 bytes of a queue that has 3')
  })
})
