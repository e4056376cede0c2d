import { describe, expect, it } from 'vitest'
import { REASON_CODE } from '../../../src/channel/contract/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { muxPair } from './mux-pair.ts'
import { LinkRecorder } from './mux-recorder.ts'
import { opening, stranger } from './mux-stranger.ts'
import type { ProviderStream } from '../../../src/channel/contract/index.ts'

const WINDOW_BYTES = 256 * 1024

describe('back-pressure', () => {
  it('holds a writer back when nobody reads, and costs one window', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open({ isPaused: true })
    const chunk = new Uint8Array(64 * 1024)
    let written = 0

    while (ours.link.write(chunk)) {
      written += chunk.byteLength
      await turns(2)
    }

    expect(written).toBe(WINDOW_BYTES)
    await turns(20)
    expect(ours.events).toEqual([])
    theirs.link.resume()
    await eventually(() => theirs.byteLength === written + chunk.byteLength)

    expect(ours.events).toEqual(['room'])
  })

  it('of one stream never holds up another', async () => {
    using pair = await muxPair({ highWaterBytes: 100_000 })
    const [stalled] = await pair.open({ isPaused: true })
    const [ours, theirs] = await pair.open()
    stalled.link.write(new Uint8Array(1_000_000))

    ours.link.write(new Uint8Array(2_000_000))
    ours.link.end()
    await theirs.ended

    expect(theirs.byteLength).toBe(2_000_000)
  })

  it('of the pipe holds back all, and lets them go on', async () => {
    using pair = await muxPair({ highWaterBytes: 10_000 })
    const [ours, theirs] = await pair.open()
    pair.links[0].isStalled = true

    expect(ours.link.write(new Uint8Array(50_000))).toBe(false)
    const before = pair.links[0].written.length
    expect(ours.link.write(new Uint8Array(50_000))).toBe(false)
    await turns(5)
    expect(pair.links[0].written.length).toBe(before)
    pair.links[0].unstall()
    await eventually(() => ours.events.includes('room'))

    expect(theirs.byteLength).toBe(100_000)
  })

  it('holds for a stream that is not open yet', async () => {
    using pair = await muxPair({ maxOpenStreams: 1 })
    const [open, ours] = [1, 2].map(() => new LinkRecorder(pair.near.provider.open({}))) as [LinkRecorder, LinkRecorder]

    expect(ours.link.write(new Uint8Array(10_000))).toBe(true)
    expect(ours.link.write(new Uint8Array(60_000))).toBe(false)
    open.link.reset({ code: 0, message: '' })
    await eventually(() => ours.events.length > 0)

    expect(ours.events).toEqual(['room'])
  })
})

describe('a reset', () => {
  it('ends both directions at both sides, with its code', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open()
    const reason = { code: 300, message: 'quota' }

    ours.link.reset(reason)
    ours.link.reset({ code: 1, message: 'twice' })
    expect(ours.events).toEqual([])
    await theirs.closed

    expect(ours.events).toEqual(['close StreamAborted'])
    expect(ours.error).toMatchObject({ reason, message: 'the stream was reset here: code 300: quota' })
    expect(theirs.events).toEqual(['close StreamReset'])
    expect(theirs.error).toMatchObject({ reason: { code: 300, message: '' } })
    expect(ours.link.write(new Uint8Array(5))).toBe(true)
    ours.link.end()
    ours.link.resume()
    await turns(5)
    expect(ours.events).toHaveLength(1)
  })

  it('throws away what is unread here, even within a delivery', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open({ isPaused: true })
    ours.link.write(new Uint8Array(100_000))
    ours.link.write(new Uint8Array(1000))
    ours.link.end()
    await turns(5)
    theirs.onChunk = () => { theirs.link.reset({ code: REASON_CODE.cancelled, message: '' }) }

    theirs.link.resume()
    await theirs.closed
    await turns(5)

    expect(theirs.events).toEqual([expect.stringMatching(/^data/), 'close StreamAborted'])
    expect(await ours.closed).toMatchObject({ code: 'StreamReset', reason: { code: REASON_CODE.cancelled } })
  })

  it('throws away an end that was not told', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open({ isPaused: true })
    ours.link.end()
    await turns(5)

    theirs.link.reset({ code: 0, message: '' })
    await turns(5)

    expect(theirs.events).toEqual(['close StreamAborted'])
  })

  it('with a code beyond ours says nothing', async () => {
    const { send, end } = await stranger()

    await send(opening(1, {}), 'window 1 RST 65536', opening(3, {}), 'window 3 RST 65535')
    const streams = end.streams.map((stream) => new LinkRecorder(stream))
    await turns(2)

    expect(streams.map(({ error }) => error)).toMatchObject([{ reason: { code: 0 } }, { reason: { code: 65_535 } }])
  })

  it.each([
    ['has just been opened', 0, 5],
    ['waits for room in the pipe', 1, 0]
  ])('of a stream that %s reaches the other side behind its headers', async (_, highWaterBytes, bytesAhead) => {
    using pair = await muxPair()
    const [busy] = await pair.open()
    pair.links[0].isStalled = highWaterBytes > 0
    pair.links[0].highWaterBytes = highWaterBytes > 0 ? highWaterBytes : Infinity
    busy.link.write(new Uint8Array(100_000))
    const ours = new LinkRecorder(pair.near.provider.open({ a: 'b' }))
    ours.link.write(new Uint8Array(5))
    await turns(highWaterBytes * 5)

    ours.link.reset({ code: 300, message: '' })
    expect(ours.link.write(new Uint8Array(5))).toBe(true)
    await turns(10)
    expect(ours.events).toEqual(['close StreamAborted'])
    pair.links[0].unstall()
    await eventually(() => pair.far.streams.length === 2)
    const theirs = new LinkRecorder(pair.far.streams[1] as ProviderStream)

    expect(await theirs.closed).toMatchObject({ code: 'StreamReset', reason: { code: 300 } })
    expect(theirs.byteLength).toBe(bytesAhead)
    expect({ ...pair.far.streams[1]?.headers }).toEqual({ a: 'b' })
  })

  it('of a stream that waits to be opened is never heard of at the other side', async () => {
    using pair = await muxPair({ maxOpenStreams: 1 })
    const streams = [1, 2].map(() => new LinkRecorder(pair.near.provider.open({})))

    streams[1]?.link.reset({ code: 1, message: '' })
    streams[0]?.link.reset({ code: 1, message: '' })
    await turns(10)

    expect(streams[1]?.events).toEqual(['close StreamAborted'])
    expect(pair.far.streams).toHaveLength(1)
  })

  it('of many streams that are not open yet leaves room for others', async () => {
    using pair = await muxPair({ maxOpenStreams: 2 })

    for (let count = 0; count < 10; count++) {
      const ours = new LinkRecorder(pair.near.provider.open({}))
      ours.link.reset({ code: 1, message: '' })
      await turns(5)
    }

    expect(pair.far.streams).toHaveLength(10)
  })

  it('that waits for its announcement ends with the connection', async () => {
    using pair = await muxPair()
    const ours = new LinkRecorder(pair.near.provider.open({}))

    ours.link.reset({ code: 1, message: '' })
    pair.near.provider.abort(new Error('enough'))
    await turns(10)

    expect(ours.events).toEqual(['close StreamAborted'])
    expect(pair.near.closes).toHaveLength(1)
  })
})

// spec-channel 2.4
describe('the limit of open streams', () => {
  it('lets as many wait, and opens them as others end', async () => {
    using pair = await muxPair({ maxOpenStreams: 3 })
    const streams = Array.from({ length: 6 }, (_, ref) => new LinkRecorder(pair.near.provider.open({ ref: String(ref) })))

    for (const { link } of streams) {
      link.write(new Uint8Array(10))
      link.end()
    }

    await turns(10)
    expect(pair.far.streams.map(({ headers: { ref } }) => ref)).toEqual(['0', '1', '2'])
    expect(() => pair.near.provider.open({})).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))

    pair.far.streams[1]?.end()
    await eventually(() => pair.far.streams.length === 4)
    streams[0]?.link.reset({ code: 1, message: '' })
    await eventually(() => pair.far.streams.length === 5)
    streams[5]?.link.reset({ code: 1, message: '' }) // waits, and will not any more
    new LinkRecorder(pair.near.provider.open({ ref: '6' })).link.end()
    pair.far.streams[2]?.reset({ code: 1, message: '' })
    await eventually(() => pair.far.streams.length === 6)

    expect(pair.far.streams.map(({ headers: { ref } }) => ref)).toEqual(['0', '1', '2', '3', '4', '6'])
    expect(streams[5]?.events).toEqual(['close StreamAborted'])
  })

  it('ends those that wait with the session', async () => {
    using pair = await muxPair({ maxOpenStreams: 1, clock: new FakeClock() })
    const [open, waiting] = [1, 2].map(() => new LinkRecorder(pair.near.provider.open({})))

    await pair.near.provider.close()

    expect(open?.events).toEqual(['close SessionClosed'])
    expect(waiting?.events).toEqual(['close SessionClosed'])
  })

  it('ends those that wait with the connection', async () => {
    using pair = await muxPair({ maxOpenStreams: 1 })
    const [open, waiting] = [1, 2].map(() => new LinkRecorder(pair.near.provider.open({})))

    pair.links[0].lose()
    await turns(5)

    expect(open?.events).toEqual(['close ConnectionLost'])
    expect(waiting?.events).toEqual(['close ConnectionLost'])
  })

  it('is kept by the side that accepts', async () => {
    const { send, end, received } = await stranger()
    const ids = Array.from({ length: 4097 }, (_, i) => 2 * i + 1)

    await send(...ids.map((id) => opening(id, {})))

    expect(end.streams).toHaveLength(4096)
    expect(received().filter((frame) => frame.includes('RST'))).toEqual(['window 8193 RST 0'])
  })

  it('is not reached by 10,000 streams one after the other, which leave nothing behind', async () => {
    const clock = new FakeClock()
    using pair = await muxPair({ clock, maxOpenStreams: 8 })
    pair.links.forEach((link) => { link.isRecording = false })
    pair.far.take = (stream) => {
      const theirs = new LinkRecorder(stream)
      theirs.link.end()
      pair.far.streams.length = 0
    }

    for (let count = 0; count < 2_000; count++) {
      const streams = Array.from({ length: 5 }, () => new LinkRecorder(pair.near.provider.open({})))
      streams.forEach(({ link }) => { link.end() })
      await Promise.all(streams.map(async ({ closed }) => closed))
    }

    await pair.near.provider.close()
    await turns(5)
    expect(clock.pending).toBe(0)
  })
})

describe('a stream', () => {
  it('attached after it ended is told so', async () => {
    using pair = await muxPair()
    const ours = pair.near.provider.open({})
    await eventually(() => pair.far.streams.length === 1)
    const theirs = pair.far.streams[0] as ProviderStream

    pair.links[0].lose()
    pair.links[1].lose()
    await turns(5)
    const recorders = [new LinkRecorder(ours), new LinkRecorder(theirs, { isPaused: true })]
    expect(recorders.flatMap(({ events }) => events)).toEqual([])
    await turns(2)

    expect(recorders.map(({ events }) => events)).toEqual([['close ConnectionLost'], ['close ConnectionLost']])
  })
})
