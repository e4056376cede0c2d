import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChannelError } from '../../../src/channel/contract/index.ts'
import { seededRandom } from '../../../src/testing/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { spdyPair, StreamRecorder } from './spdy-scene.ts'
import type { ProviderStream } from '../../../src/channel/contract/index.ts'

const REASON = { code: 300, message: 'quota used up' }

function bytes (length: number, value = 1): Uint8Array {
  return new Uint8Array(length).fill(value)
}

describe('streams over SPDY between two sides of this specification', () => {
  it('carry their headers, and tell both sides the version', async () => {
    using pair = spdyPair()

    expect([pair.near.provider.peerVersion, pair.far.provider.peerVersion]).toEqual([undefined, undefined])
    await pair.open({ headers: { 'libchan-ref': '7', 'libchan-parent-ref': '5', 'x-other': 'grüße' } })
    await eventually(() => pair.near.provider.peerVersion != null)

    expect(pair.far.streams[0]?.headers).toEqual({ 'libchan-ref': '7', 'libchan-parent-ref': '5', 'x-other': 'grüße', 'libchan-version': '1' })
    expect([pair.near.provider.peerVersion, pair.far.provider.peerVersion]).toEqual([1, 1])
    expect(pair.near.provider).toMatchObject({ name: 'spdy', remoteAddress: 'spdy://far', isInitiator: true, framing: 'values' })
  })

  it('carry bytes both ways, and end each way apart from the other', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open()

    near.link.write(Buffer.from('there'))
    near.link.end()
    await far.ended
    far.link.write(Buffer.from('and back'))
    far.link.end()
    far.link.end()
    await Promise.all([near.closed, far.closed])

    expect([far.text, far.signs]).toEqual(['there', ['end', 'close']])
    expect([near.text, near.signs]).toEqual(['and back', ['end', 'close']])
  })

  it('are opened by either side', async () => {
    using pair = spdyPair()

    const ours = new StreamRecorder(pair.far.provider.open({ 'libchan-ref': '2' }))
    await eventually(() => pair.near.streams.length === 1)
    const [stream] = pair.near.streams
    stream?.write(Buffer.from('hello'))
    await eventually(() => ours.byteLength === 5)

    expect([ours.text, stream?.headers['libchan-ref']]).toEqual(['hello', '2'])
  })

  it('hold back what comes while they are paused, with the end behind it', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open({ isPaused: true })

    near.link.write(bytes(10))
    near.link.write(bytes(20))
    near.link.end()
    await turns(20)
    const before = [...far.events]
    far.link.resume()
    await far.ended

    expect(before).toEqual([])
    expect([far.byteLength, far.signs]).toEqual([30, ['end']])
  })

  it('hold back an end by itself, too', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open({ isPaused: true })

    near.link.end()
    await turns(20)
    const before = [...far.events]
    far.link.resume()
    await far.ended

    expect(before).toEqual([])
  })

  it('deliver nothing more once the consumer pauses within a delivery', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open({ isPaused: true })

    near.link.write(bytes(100_000))
    await turns(20)
    far.onChunk = () => { far.link.pause() }
    far.link.resume()
    await turns(20)
    const first = far.events.length
    far.onChunk = undefined
    far.link.resume()
    await eventually(() => far.byteLength === 100_000)

    expect(first).toBe(1)
  })

  it('are reset with a reason that the other side gets, behind what it had got', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open()

    near.link.write(bytes(5))
    await eventually(() => far.byteLength === 5)
    near.link.write(bytes(7))
    near.link.reset(REASON)
    near.link.reset({ code: 1, message: 'again' })
    await Promise.all([near.closed, far.closed])

    expect([near.events, far.events]).toEqual([['close StreamAborted'], ['data 5', 'close StreamReset']])
    expect([near.error, far.error].map((error) => (error as ChannelError).reason)).toEqual([REASON, REASON])
  })

  it('end with a reason behind what was written', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open()

    near.link.write(bytes(500_000))
    far.link.write(bytes(3)) // comes too late, and is not wanted
    near.link.endWith?.(REASON)
    near.link.write(bytes(10))
    near.link.endWith?.({ code: 1, message: 'again' })
    await Promise.all([near.closed, far.closed])

    expect([far.byteLength, far.signs, (far.error as ChannelError).reason]).toEqual([500_000, ['close StreamReset'], REASON])
    expect([near.events, (near.error as ChannelError).reason]).toEqual([['close StreamAborted'], REASON])
  })

  it('end with a reason after an end of their own, too', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open()

    near.link.end()
    await far.ended
    near.link.endWith?.(REASON)
    await far.closed

    expect(far.signs).toEqual(['end', 'close StreamReset'])
  })

  it('cut the message of a reason at 1,024 bytes', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open()

    near.link.reset({ code: 1, message: `${'x'.repeat(1021)}\0äöü` })
    await far.closed

    expect((far.error as ChannelError).reason?.message).toBe(`${'x'.repeat(1021)} ä`) // a NUL would end the value of a header
  })

  it('let what had come be had after a reset, by resuming, and tell the error behind it', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open({ isPaused: true })

    near.link.write(bytes(50))
    await turns(20)
    near.link.reset(REASON)
    await turns(20)
    const before = [...far.signs]
    far.link.resume()
    await far.closed

    expect(before).toEqual(['room']) // nobody is to wait for room any more
    expect([far.byteLength, far.signs.at(-1)]).toEqual([50, 'close StreamReset'])
  })

  it('deliver nothing after a reset of their own', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open({ isPaused: true })

    near.link.write(bytes(50))
    near.link.end()
    await turns(20)
    far.link.reset(REASON)
    far.link.resume()
    await far.closed

    expect(far.events).toEqual(['close StreamAborted'])
  })

  it('tell nothing of the other side once they were given up before it was heard', async () => {
    using pair = spdyPair()
    pair.far.take = (stream) => { stream.end() }

    const near = new StreamRecorder(pair.near.provider.open({ 'libchan-ref': '1' }))
    near.link.reset(REASON)
    await near.closed
    await turns(20)
    pair.far.take = undefined
    const far = new StreamRecorder(pair.far.streams[0] as ProviderStream)
    await far.closed

    expect([near.events, (far.error as ChannelError).reason]).toEqual([['close StreamAborted'], REASON])
  })

  it('tell the writer to wait at the backlog, and when there is room again', async () => {
    using pair = spdyPair({ sendBufferBytes: 1000, highWaterBytes: 1 })
    const [near, far] = await pair.open()
    pair.links[0].isStalled = true
    near.link.write(bytes(1))
    await turns(2) // that fills the pipe

    const answers = [near.link.write(bytes(999)), near.link.write(bytes(1)), near.link.write(bytes(1))]
    await turns(5)
    const before = [...near.events]
    pair.links[0].unstall()
    await eventually(() => far.byteLength === 1002)

    expect([answers, before]).toEqual([[true, false, false], []])
    expect(near.events).toEqual(['room'])
  })

  it('hold up nobody else when nobody reads them, and then take a window of bytes', async () => {
    using pair = spdyPair()
    const [stalled, far] = await pair.open({ isPaused: true })
    const [near, other] = await pair.open()

    stalled.link.write(bytes(1_000_000))
    near.link.write(bytes(1_000_000))
    await eventually(() => other.byteLength === 1_000_000)
    await turns(20)
    const sent = pair.links[0].written.reduce((sum, { byteLength }) => sum + byteLength, 0)
    far.link.resume()
    await eventually(() => far.byteLength === 1_000_000)

    expect(sent).toBeGreaterThan(1_000_000 + 262_144)
    expect(sent).toBeLessThan(1_000_000 + 262_144 + 1000)
  })

  it('take turns', async () => {
    using pair = spdyPair({ highWaterBytes: 1 })
    const [near, far] = await pair.open()
    const [other, otherFar] = await pair.open()
    const order: string[] = []
    far.onChunk = () => { order.push('long') }
    otherFar.onChunk = () => { order.push('short') }

    near.link.write(bytes(640_000))
    other.link.write(bytes(1))
    await eventually(() => far.byteLength === 640_000 && otherFar.byteLength === 1)

    expect(order.indexOf('short')).toBeLessThan(3)
  })

  it('are given no more than so many at a time; as many wait, and more are refused', async () => {
    using pair = spdyPair({ maxOpenStreams: 2 })
    const open = (): StreamRecorder => new StreamRecorder(pair.near.provider.open({ 'libchan-ref': '1' }))

    const links = [open(), open(), open(), open()]
    links[2]?.link.write(bytes(4))
    links[2]?.link.end()
    await turns(20)
    const before = pair.far.streams.length

    expect(open).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))
    expect(before).toBe(2)

    links[0]?.link.reset(REASON)
    await eventually(() => pair.far.streams.length === 3)
    const third = new StreamRecorder(pair.far.streams[2] as ProviderStream)
    await third.ended
    links[3]?.link.reset(REASON)
    await links[3]?.closed
    third.link.end()
    await links[2]?.closed
    const fifth = open()
    await eventually(() => pair.far.streams.length === 4)

    fifth.link.write(bytes(5))
    const far = new StreamRecorder(pair.far.streams[3] as ProviderStream)
    await eventually(() => far.byteLength === 5)

    expect(third.byteLength).toBe(4)
    expect(links[3]?.events).toEqual(['close StreamAborted'])
  })

  it('are refused where taking them throws, with its reason if it has one', async () => {
    using pair = spdyPair()
    const reasons: unknown[] = []
    const errors = [new Error('not today'), new ChannelError('UnsupportedCodec', 'what is that', { reason: { code: 10, message: 'unknown codec' } })]

    for (const error of errors) {
      pair.far.take = () => { throw error }
      const near = new StreamRecorder(pair.near.provider.open({ 'libchan-ref': '1' }))
      reasons.push((await near.closed as ChannelError).reason)
    }

    expect(reasons).toEqual([{ code: 13, message: 'not today' }, { code: 10, message: 'unknown codec' }])
  })

  it('come through links that cut and hold back as they like', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 50_000 }), fc.integer(), async (pieceBytes, highWaterBytes, seed) => {
      using pair = spdyPair({ pieceBytes, highWaterBytes })
      const random = seededRandom(seed)
      const ends = [await pair.open(), await pair.open()]
      const sent = ends.map(([near]) => {
        const pieces = Array.from({ length: 10 }, (_, index) => bytes(Math.floor(random() * 3000), index))

        for (const piece of pieces) {
          near.link.write(piece)
        }

        near.link.end()

        return Buffer.concat(pieces).toString('hex')
      })

      await Promise.all(ends.map(async ([, far]) => far.ended))

      expect(ends.map(([, far]) => Buffer.from(far.bytes).toString('hex'))).toEqual(sent)
    }), { numRuns: 30 })
  })

  it('leave nothing behind when 10,000 were opened and closed', async () => {
    using pair = spdyPair({ maxOpenStreams: 100 })
    pair.far.take = (stream) => {
      const recorder = new StreamRecorder(stream)

      void recorder.ended.then(() => { stream.end() })
    }
    pair.links[0].isRecording = pair.links[1].isRecording = false

    for (let round = 0; round < 100; round++) {
      await Promise.all(Array.from({ length: 100 }, async () => {
        const near = new StreamRecorder(pair.near.provider.open({ 'libchan-ref': '1' }))

        near.link.end()
        await near.closed
      }))
    }

    expect(pair.far.streams).toHaveLength(10_000)
    expect(() => pair.near.provider.open({})).not.toThrow()
  })
})
