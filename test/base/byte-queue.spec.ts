import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteQueue } from '../../src/base/byte-queue.ts'

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values)

function drain (queue: ByteQueue): Uint8Array[] {
  const chunks: Uint8Array[] = []

  for (let chunk = queue.shift(); chunk != null; chunk = queue.shift()) {
    chunks.push(chunk)
  }

  return chunks
}

/** Bytes that count up. */
const countedFrom = (first: number, size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (first + i) & 0xff)

const joined = (chunks: Uint8Array[]): number[] => chunks.flatMap((chunk) => [...chunk])

describe('ByteQueue', () => {
  it('gives a chunk that does not wait for others as it came, without a copy', () => {
    const queue = new ByteQueue()
    const chunk = bytesOf(1, 2, 3)

    queue.push(chunk)

    expect(queue.shift()).toBe(chunk)
    expect(queue.shift()).toBeUndefined()
    expect(queue.byteLength).toBe(0)
  })

  it('puts bytes back in front', () => {
    const queue = new ByteQueue()

    queue.push(bytesOf(1, 2, 3))
    queue.push(new Uint8Array(1_000).fill(9))

    const first = queue.shift()

    queue.unshift(first?.subarray(1) ?? bytesOf())

    expect(queue.byteLength).toBe(1_002)
    expect(joined(drain(queue)).slice(0, 3)).toEqual([2, 3, 9])
  })

  it('does not let bytes that were taken come back with those that are joined', () => {
    const queue = new ByteQueue()

    queue.push(bytesOf(1))
    queue.push(bytesOf(2))
    queue.unshift(queue.shift()?.subarray(1) ?? bytesOf())
    queue.push(bytesOf(3))

    expect(joined(drain(queue))).toEqual([2, 3])
  })

  it('keeps 256 KiB that came byte by byte in at most 64 chunks', () => {
    const queue = new ByteQueue()

    for (let i = 0; i < 256 * 1024; i++) {
      queue.push(bytesOf(i & 0xff))
    }

    const chunks = drain(queue)

    expect(chunks.length).toBeLessThanOrEqual(64)
    expect(joined(chunks).every((byte, i) => byte === (i & 0xff))).toBe(true)
  })

  it('does not copy chunks of more than 512 bytes', () => {
    const queue = new ByteQueue()
    const chunks = [new Uint8Array(513), new Uint8Array(513), new Uint8Array(70_000)]

    chunks.forEach((chunk) => { queue.push(chunk) })

    expect(drain(queue)).toEqual(chunks)
  })

  it('forgets everything, and tells how much that was', () => {
    const queue = new ByteQueue()

    queue.push(bytesOf(1, 2))
    queue.push(bytesOf(3))

    expect(queue.clear()).toBe(3)
    expect(queue.clear()).toBe(0)
    queue.push(bytesOf(4))
    expect(joined(drain(queue))).toEqual([4])
  })

  it('gives back what was put in, in order, whatever is done to it', () => {
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.record({ type: fc.constant('push'), size: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 400, max: 900 })) }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('shift'), size: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('putBack'), size: fc.integer({ min: 0, max: 10 }) }) }
    )

    fc.assert(fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const queue = new ByteQueue()
      const taken: number[] = []
      let next = 0

      for (const { type, size } of operations) {
        if (type === 'push') {
          queue.push(countedFrom(next, size))
          next += size
          continue
        }

        const chunk = queue.shift() ?? new Uint8Array(0)
        const kept = type === 'putBack' ? Math.min(size, chunk.byteLength) : chunk.byteLength

        taken.push(...chunk.subarray(0, kept))
        queue.unshift(chunk.subarray(kept))
        expect(queue.byteLength).toBe(next - taken.length)
      }

      taken.push(...joined(drain(queue)))
      expect(taken).toEqual([...countedFrom(0, next)])
    }))
  })
})
