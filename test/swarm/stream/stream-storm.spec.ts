import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../../src/swarm/limits/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { streamPair } from '../../support/stream-pair.ts'
import { MUXERS } from '../../support/upgrade-pair.ts'
import type { SwarmStream } from '../../../src/swarm/stream/index.ts'
import type { StreamPair } from '../../support/stream-pair.ts'

/** What somebody may do to a stream; each gives what may wait. */
const DEEDS: Record<string, (stream: SwarmStream, clock: FakeClock) => Promise<unknown> | undefined> = {
  read: async (stream) => stream.read(),
  'read and give up': async (stream) => {
    const controller = new AbortController()
    const reading = stream.read({ signal: controller.signal })

    controller.abort(new Error('gave up'))

    return reading
  },
  'write a little': async (stream) => stream.write('a little'),
  'write a lot': async (stream) => stream.write(new Uint8Array(300_000)),
  'write and give up': async (stream) => {
    const controller = new AbortController()
    const writing = stream.write(new Uint8Array(600_000), { signal: controller.signal })

    controller.abort(new Error('gave up'))

    return writing
  },
  end: async (stream) => stream.end('the end'),
  closeWrite: async (stream) => stream.closeWrite(),
  closeRead: async (stream) => stream.closeRead(),
  close: async (stream) => stream.close(),
  reset: (stream) => { stream.reset() },
  'set a deadline': (stream, clock) => { stream.setDeadline(clock.now() + 50) },
  'lift the deadline': (stream) => { stream.setDeadline(null) },
  'take all': async (stream) => stream.bytes({ maxBytes: Infinity })
}

/** How it ends, for good. */
const ENDS: Record<string, (pair: StreamPair) => void> = {
  'both close': ({ near, far }) => { [near, far].forEach((stream) => { stream.close().catch(() => {}) }) },
  'both reset': ({ near, far }) => { [near, far].forEach((stream) => { stream.reset() }) },
  'one closes': ({ near }) => { near.close().catch(() => {}) },
  'one resets': ({ far }) => { far.reset() },
  'the connection is cut': ({ muxers }) => { muxers.sockets.forEach((socket) => { socket.abort(new Error('cut')) }) }
}

const deed = fc.record({
  side: fc.constantFrom('near' as const, 'far' as const),
  name: fc.constantFrom(...Object.keys(DEEDS)),
  pause: fc.constantFrom(0, 0, 1, 5)
})

/** Calls that have not ended. */
class Calls {
  open = 0

  add (call: Promise<unknown> | undefined): void {
    this.open++
    Promise.resolve(call).catch(() => {}).finally(() => { this.open-- }).catch(() => {})
  }
}

/** Bytes of a sequence that everybody knows. */
const sequence = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i) % 251)

/** Writes, and ends, resets or cuts. Gives the number of bytes that were written. */
async function writeAll ({ near, muxers }: StreamPair, sizes: number[], how: string, patience: number): Promise<number> {
  let sent = 0

  try {
    for (const size of sizes) {
      await near.write(sequence(sent, size))
      sent += size
    }

    await (how.startsWith('end') ? near.closeWrite() : undefined)
    await turns(patience)
    how.endsWith('reset') && near.reset()
    how.endsWith('cut') && muxers.sockets[0].abort(new Error('cut'))
  } catch {
    // what was written is what counts
  }

  return sent
}

/** Reads to the end or to an error, and checks what comes. */
async function readAll ({ far }: StreamPair): Promise<{ received: number, hasEnded: boolean }> {
  let received = 0

  try {
    for await (const chunk of far) {
      expect(Buffer.compare(chunk, sequence(received, chunk.byteLength))).toBe(0)
      received += chunk.byteLength
    }
  } catch (error) {
    expect(error).toHaveProperty('code')

    return { received, hasEnded: false }
  }

  return { received, hasEnded: true }
}

describe.each(MUXERS)('whatever is done to a stream over %s,', (_name, factory) => {
  it('every call ends, nothing is left, and no end is made up', async () => {
    await fc.assert(fc.asyncProperty(fc.array(deed, { maxLength: 25 }), fc.constantFrom(...Object.keys(ENDS)), async (deeds, end) => {
      const clock = new FakeClock()
      const budget = new MemoryBudget(400_000)
      using pair = await streamPair({ clock, budget, factory })
      const calls = new Calls()

      for (const { side, name, pause } of deeds) {
        calls.add(DEEDS[name]?.(pair[side], clock))
        await turns(pause)
      }

      ENDS[end]?.(pair)

      // closing gives up after 5 s, and lingers for 10 s
      for (let second = 0; second < 16; second++) {
        await turns(20)
        await clock.advance(1_000)
      }

      await eventually(() => pair.near.port.isClosed && pair.far.port.isClosed && calls.open === 0, 'all calls to end')
      await Promise.all([pair.near.closed, pair.far.closed])
      expect(budget.used).toBe(0)
      expect(clock.pending).toBe(0)
    }), { numRuns: 150 })
  }, 60_000)

  it('what is read is a part of what was written, and all of it where the end is reached', async () => {
    const sizes = fc.array(fc.constantFrom(1, 10, 700, 5_000, 70_000, 300_000), { minLength: 1, maxLength: 12 })

    await fc.assert(fc.asyncProperty(sizes, fc.constantFrom('end', 'reset', 'cut', 'end and reset', 'end and cut'), fc.nat(30), async (written, how, patience) => {
      using pair = await streamPair({ factory })
      const [sent, { received, hasEnded }] = await Promise.all([writeAll(pair, written, how, patience), readAll(pair)])

      expect(received).toBeLessThanOrEqual(sent)
      expect(hasEnded && received < sent).toBe(false)
      expect(hasEnded).toBe(how === 'end' || (hasEnded && how.startsWith('end')))
    }), { numRuns: 60 })
  }, 60_000)
})
