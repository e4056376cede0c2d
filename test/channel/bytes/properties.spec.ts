import { Duplex, PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { queueOfBytes } from '../../../src/channel/bytes/chunk-bytes.ts'
import { adoptByteStream, byteStreamPair, joinByteStreams, MEMORY_BUFFER_BYTES, HIGH_WATER_BYTES, takeByteStream } from '../../../src/channel/bytes/index.ts'
import { turns } from '../../support/settle.ts'
import { ForeignByteStream } from './foreign-byte-stream.ts'
import { microtasks, pattern } from './support.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'

const SIZES = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 500, max: 5000 }), fc.integer({ min: 30_000, max: 100_000 })), { maxLength: 30 })

/** What may lie between two ends of a byte stream. */
const HOPS: Record<string, (near: ByteStream) => ByteStream> = {
  'a move': (near) => takeByteStream(near),
  'a copy': (near) => joined(near, byteStreamPair()),
  'a stream of another make': (near) => joined(new ForeignByteStream(near), byteStreamPair()),
  'WHATWG views': (near) => joined(adopt({ readable: near.readable, writable: near.writable }), byteStreamPair()),
  'streams of Node': (near) => {
    const [there, back] = [quiet(new PassThrough()), quiet(new PassThrough())]
    const left = quiet(Duplex.from({ readable: back, writable: there }))
    const right = quiet(Duplex.from({ readable: there, writable: back }))

    void joinByteStreams(near, adopt(left), 'duplex')

    return adopt(right)
  }
}

const HOP = fc.constantFrom(...Object.keys(HOPS))

function joined (near: ByteStream, [left, right]: [ByteStream, ByteStream]): ByteStream {
  void joinByteStreams(near, left, 'duplex')

  return right
}

function adopt (value: object): ByteStream {
  const adopted = adoptByteStream(value)

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return adopted.stream
}

/** What is within a Duplex, or not used yet, is nobody's to listen to. */
function quiet (stream: Duplex): Duplex {
  return stream.on('error', () => {})
}

function chain (hops: string[]): [ByteStream, ByteStream] {
  const [first, near] = byteStreamPair()

  return [first, hops.reduce((stream, hop) => HOPS[hop]?.(stream) ?? stream, near)]
}

async function send (stream: ByteStream, sizes: number[]): Promise<void> {
  let at = 0

  for (const size of sizes) {
    await stream.write(pattern(size, at))
    at += size
  }

  await stream.end()
}

function total (sizes: number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0)
}

describe('a byte stream over any hops', () => {
  it('carries every byte in order, both ways, however they are cut, and closes gracefully', async () => {
    await fc.assert(fc.asyncProperty(fc.array(HOP, { maxLength: 4 }), SIZES, SIZES, async (hops, there, back) => {
      const [a, b] = chain(hops)
      const limit = { maxBytes: Infinity }

      void send(a, there)
      void send(b, back)
      const [gotBack, gotThere] = await Promise.all([a.bytes(limit), b.bytes(limit)])

      expect(Buffer.compare(gotThere, pattern(total(there)))).toBe(0)
      expect(Buffer.compare(gotBack, pattern(total(back)))).toBe(0)
      expect([await a.closed, await b.closed]).toEqual([undefined, undefined])
    }), { numRuns: 60 })
  })

  it('passes a reset on, with its reason, behind nothing but bytes that were written', async () => {
    const plain = HOP.filter((hop) => hop !== 'streams of Node')

    await fc.assert(fc.asyncProperty(fc.array(plain, { maxLength: 4 }), fc.integer({ min: 0, max: 65_535 }), async (hops, code) => {
      const [a, b] = chain(hops)
      const reason = { code, message: 'as chosen' }

      void a.write('before').catch(() => {})
      await turns(3)
      a.reset(reason)

      const chunks: number[] = []

      await expect((async () => {
        for await (const chunk of b) {
          chunks.push(chunk.byteLength)
        }
      })()).rejects.toMatchObject({ code: 'StreamReset', reason })

      expect(total(chunks) % 6).toBe(0)
      expect(await b.closed).toMatchObject({ reason })
    }), { numRuns: 60 })
  })

  it('takes a bounded number of bytes when nobody reads', async () => {
    await fc.assert(fc.asyncProperty(fc.array(HOP, { maxLength: 3 }), fc.integer({ min: 1000, max: 70_000 }), async (hops, size) => {
      const [a] = chain(hops)
      let taken = 0

      const writing = (async () => {
        for (;;) {
          await a.write(new Uint8Array(size))
          taken += size
        }
      })()

      writing.catch(() => {})

      for (let before = -1; before !== taken;) {
        before = taken
        await turns(30)
      }

      // each hop has a link, a queue before it and one behind it, and one write more may be under way in each
      expect(taken).toBeLessThanOrEqual((hops.length + 1) * 3 * (HIGH_WATER_BYTES + MEMORY_BUFFER_BYTES + size))
      a.reset()
    }), { numRuns: 25 })
  })
})

type Step = 'write' | 'read' | 'end' | 'closeRead' | 'close' | 'reset' | 'take'

const STEP = fc.record({
  side: fc.constantFrom(0, 1),
  step: fc.constantFrom<Step>('write', 'write', 'read', 'read', 'end', 'closeRead', 'close', 'reset', 'take')
})

/** Tells how a promise went; each has to go one way or the other. */
async function outcome (promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'done', (error: unknown) => (error as { code?: string }).code ?? String(error))
}

function perform (stream: ByteStream, step: Exclude<Step, 'take'>): Promise<unknown> {
  switch (step) {
    case 'write':
      return stream.write('x')
    case 'read':
      return stream.read()
    case 'end':
      return stream.end()
    case 'closeRead':
      stream.closeRead()
      break
    case 'close':
      return stream.close()
    case 'reset':
      stream.reset()
      break
    default:
      throw new TypeError(`no such step: ${String(step)}`)
  }

  return Promise.resolve()
}

describe('any order of calls on the two ends of a byte stream', () => {
  const KNOWN = new Set(['done', 'StreamClosed', 'StreamAborted', 'StreamReset', 'ChannelMoved'])

  it.each(['apart', 'joined'])('settles every promise with a known outcome, %s', async (how) => {
    await fc.assert(fc.asyncProperty(fc.array(STEP, { maxLength: 30 }), async (steps) => {
      const ends = chain(how === 'joined' ? ['a copy'] : [])
      const outcomes: Array<Promise<string>> = []

      for (const { side, step } of steps) {
        const stream = ends[side === 0 ? 0 : 1]

        if (step === 'take') {
          try {
            ends[side === 0 ? 0 : 1] = takeByteStream(stream)
          } catch (error) {
            expect(error).toMatchObject({ code: 'StreamClosed' })
          }
        } else {
          outcomes.push(outcome(perform(stream, step)))
        }

        await microtasks(1)
      }

      await microtasks()
      ends.forEach((stream) => { stream.reset() })

      const all = await Promise.all(outcomes)
      const closed = await Promise.all(ends.map(async ({ closed }) => closed))

      expect(all.filter((code) => !KNOWN.has(code))).toEqual([])
      expect(closed).toHaveLength(2)
    }), { numRuns: 400 })
  })
})

describe('a queue of bytes', () => {
  it('gives what it was given, in order, whatever is pushed and taken when', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.nat(700), fc.constant(-1)), { maxLength: 200 }), (steps) => {
      const queue = queueOfBytes()
      let [pushed, taken] = [0, 0]

      for (const step of steps) {
        const bytes = step < 0 ? queue.shift() : pattern(step, pushed)

        if (step >= 0 && bytes != null) {
          queue.push(bytes)
          pushed += step
        } else if (bytes != null) {
          expect(Buffer.compare(bytes, pattern(bytes.byteLength, taken))).toBe(0)
          taken += bytes.byteLength
        }

        expect(queue.byteLength).toBe(pushed - taken)
      }
    }))
  })
})
