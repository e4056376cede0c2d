import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { YamuxProtocolError } from '../../src/yamux/index.ts'
import { settle } from '../support/fake-clock.ts'
import { encode, Scene } from '../support/yamux-scene.ts'

/** Frames that make sense more often than not. */
const frame = fc.record({
  type: fc.constantFrom('data', 'data', 'window', 'window', 'ping', 'goAway'),
  id: fc.constantFrom(0, 1, 1, 3, 3, 5, 2, 4, 2 ** 32 - 1),
  flags: fc.constantFrom('-', '-', 'SYN', 'SYN', 'ACK', 'FIN', 'RST', 'SYN+FIN', 'ACK+FIN'),
  length: fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(70_000, 262_144, 300_000))
}).map(({ type, id, flags, length }) => encode(`${type} ${id} ${flags} ${type === 'data' ? length : length * 40_000}`))

const mutation = fc.record({ at: fc.nat({ max: 11 }), to: fc.nat({ max: 255 }), isOn: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) })

/** What a consumer does with a stream. */
const habit = fc.constantFrom('ignore', 'read', 'pause', 'echo', 'abort', 'close', 'iterate')

function follow (scene: Scene, habit: string): void {
  scene.muxer.addEventListener('stream', ({ detail: stream }) => {
    if (habit === 'read' || habit === 'echo') {
      stream.addEventListener('message', ({ data }) => {
        if (habit === 'echo' && stream.writeStatus === 'writable') {
          stream.send(data)
        }
      })
    } else if (habit === 'pause') {
      stream.addEventListener('message', () => {})
      stream.pause()
    } else if (habit === 'abort') {
      stream.abort(new Error('unwanted'))
    } else if (habit === 'close') {
      stream.close().catch(() => {})
    } else if (habit === 'iterate') {
      (async () => {
        for await (const bytes of stream) {
          expect(bytes.byteLength).toBeGreaterThan(0)
        }
      })().catch((error: Error) => { expect(error.name).toMatch(/Error$/) })
    }
  })
}

function assertBounded (scene: Scene): void {
  const buffered = scene.muxer.streams.reduce((sum, { readBufferLength }) => sum + readBufferLength, 0)

  expect(buffered).toBeLessThanOrEqual(scene.muxer.windowBytes)
  expect(scene.muxer.streams.length).toBeLessThanOrEqual(4)

  if (scene.link.abortedWith != null) {
    expect(scene.link.abortedWith).toBeInstanceOf(YamuxProtocolError)
  }
}

describe('a muxer', () => {
  it('survives any frames: it goes on, or ends with a typed error, and keeps no more than its windows', async () => {
    const feed = fc.record({ frame, mutation, pieces: fc.integer({ min: 1, max: 30 }) })

    await fc.assert(fc.asyncProperty(fc.array(feed, { maxLength: 40 }), habit, async (feeds, habit) => {
      const scene = new Scene({ maxInboundStreams: 3 })

      follow(scene, habit)

      for (const { frame, mutation, pieces } of feeds) {
        const bytes = Uint8Array.from(frame)
        const pieceBytes = Math.ceil(bytes.byteLength / pieces)

        if (mutation.isOn) {
          bytes[mutation.at] = mutation.to
        }

        for (let from = 0; from < bytes.byteLength; from += pieceBytes) {
          scene.link.receive(bytes.subarray(from, from + pieceBytes))
          assertBounded(scene)
        }
      }

      await settle()
      assertBounded(scene)
      scene.muxer.abort(new Error('done'))
      await settle()
      expect([scene.muxer.windowBytes, scene.clock.pending, scene.link.listenerCount('message')]).toEqual([0, 0, 0])
    }), { numRuns: 300 })
  })

  it('survives bytes without any sense', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), async (chunks) => {
      const scene = new Scene()

      chunks.forEach((chunk) => { scene.link.receive(chunk) })
      assertBounded(scene)
      await settle()
    }), { numRuns: 300 })
  })
})
