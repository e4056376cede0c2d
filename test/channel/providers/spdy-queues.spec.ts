import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ControlSender } from '../../../src/channel/providers/spdy/control-sender.ts'
import { FrameBatch } from '../../../src/channel/providers/spdy/frame-batch.ts'
import { windowUpdate } from '../../../src/channel/providers/spdy/frame.ts'
import { Outbox } from '../../../src/channel/providers/spdy/outbox.ts'
import { ReadQueue } from '../../../src/channel/providers/spdy/read-queue.ts'
import { WriteQueue } from '../../../src/channel/providers/spdy/write-queue.ts'
import { turns } from '../../support/settle.ts'
import { linkPair } from './mux-pipe.ts'

const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 30 })

describe('ReadQueue', () => {
  it('gives back what was put in, in order', () => {
    fc.assert(fc.property(pieces, fc.infiniteStream(fc.boolean()), (pushed, turns) => {
      const queue = new ReadQueue()
      const taken: Uint8Array[] = []

      for (const piece of pushed) {
        queue.push(piece)

        if (turns.next().value === true && queue.byteLength > 0) {
          taken.push(queue.shift())
        }
      }

      while (queue.byteLength > 0) {
        taken.push(queue.shift())
      }

      expect(Buffer.concat(taken).toString('hex')).toBe(Buffer.concat(pushed).toString('hex'))
    }))
  })

  it('copies short pieces of large buffers together', () => {
    const queue = new ReadQueue()
    const buffers = new Set<ArrayBufferLike>()

    for (let count = 0; count < 10_000; count++) {
      queue.push(new Uint8Array(1000).subarray(1, 2))
    }

    for (let left = queue.byteLength; left > 0;) {
      const chunk = queue.shift()

      left -= chunk.byteLength
      buffers.add(chunk.buffer)
    }

    expect([...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(20_000)
    expect(queue.byteLength).toBe(0)
  })

  it('does not copy what fills its buffer', () => {
    const queue = new ReadQueue()
    const bytes = new Uint8Array(4096)

    queue.push(bytes)

    expect(queue.shift()).toBe(bytes)
  })
})

describe('ControlSender', () => {
  it('keeps the window of the session open, which is no limit', async () => {
    const [link] = linkPair()
    const sender = new ControlSender(new Outbox(link, () => {}), true)

    sender.keepSessionOpen(2 ** 30 - 1)
    await turns(1)
    const before = link.written.length
    sender.keepSessionOpen(10)
    sender.keepSessionOpen(10)
    await turns(1)

    expect(before).toBe(0)
    expect(Buffer.concat(link.written).equals(Buffer.from(windowUpdate(0, 2 ** 30 + 9)))).toBe(true)
  })
})

describe('WriteQueue and FrameBatch', () => {
  it('hand on what was written, cut anywhere', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 20_000 }), { maxLength: 10 }), fc.integer({ min: 1, max: 30_000 }), (pushed, step) => {
      const queue = new WriteQueue()
      const batch = new FrameBatch()
      const taken: Uint8Array[] = []

      for (const piece of pushed) {
        queue.push(piece)
      }

      while (queue.byteLength > 0) {
        queue.moveTo(batch, Math.min(step, queue.byteLength))
        taken.push(...(queue.byteLength % 2 === 0 ? batch.take() : []))
      }

      taken.push(...batch.take())

      expect(Buffer.concat(taken).equals(Buffer.concat(pushed))).toBe(true)
      expect([batch.byteLength, batch.take()]).toEqual([0, []])
    }))
  })

  it('leave long pieces where they are', () => {
    const batch = new FrameBatch()
    const long = new Uint8Array(8192)

    batch.add(Uint8Array.of(1))
    batch.add(Uint8Array.of(2))
    batch.add(long)
    batch.add(Uint8Array.of(3))
    const [first, second, third] = batch.take()

    expect([[...first ?? []], second === long, [...third ?? []]]).toEqual([[1, 2], true, [3]])
  })

  it('give no more than there is', () => {
    const queue = new WriteQueue()

    queue.push(Uint8Array.of(1))

    expect(() => { queue.moveTo(new FrameBatch(), 2) }).toThrow(RangeError)
  })
})
