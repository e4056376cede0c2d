import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReadQueue } from '../../src/message-stream/read-queue.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

function bytes (size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => index)
}

/** How much memory a list holds on to. */
function retained (list: Uint8ArrayList): number {
  return [...new Set([...list].map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0)
}

describe('ReadQueue', () => {
  it('gives all bytes in their order, kept or not, and what was put back first', () => {
    const step = fc.oneof(fc.uint8Array({ maxLength: 3000 }).map((push) => ({ push })), fc.uint8Array({ maxLength: 9 }).map((unshift) => ({ unshift })), fc.constant('keep' as const))

    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ReadQueue()
      let expected: Buffer = Buffer.alloc(0)

      for (const step of steps) {
        if (step === 'keep') {
          queue.keep()
        } else if ('push' in step) {
          queue.push(step.push)
          expected = Buffer.concat([expected, step.push])
        } else {
          queue.unshift(step.unshift)
          expected = Buffer.concat([step.unshift, expected])
        }
      }

      expect(queue.byteLength).toBe(expected.byteLength)
      expect(Buffer.from(queue.takeAll().subarray()).equals(expected)).toBe(true)
      expect(queue.byteLength).toBe(0)
    }))
  })

  it('copies nothing of what is taken in the same tick', () => {
    const queue = new ReadQueue()
    const chunk = bytes(10)

    queue.push(chunk)

    expect([...queue.takeAll()][0]).toBe(chunk)
  })

  // yamux 3.3: one byte of each of 1000 reads of 64 KiB
  it('lets go of the large buffers of small pieces that are kept', () => {
    const queue = new ReadQueue()

    for (let i = 0; i < 1000; i++) {
      queue.push(new Uint8Array(64 * 1024).subarray(0, 1))
      queue.keep()
    }

    expect(retained(queue.takeAll())).toBeLessThanOrEqual(4096)
  })

  it('leaves large pieces where they are', () => {
    const queue = new ReadQueue()
    const chunk = new Uint8Array(64 * 1024)

    queue.push(bytes(1))
    queue.push(chunk.subarray(12))
    queue.keep()
    queue.push(bytes(2))
    queue.keep()

    expect([...queue.takeAll()].map(({ byteLength, buffer }) => [byteLength, buffer === chunk.buffer])).toEqual([[1, false], [65_524, true], [2, false]])
  })
})
