import { describe, expect, it } from 'vitest'
import { REASON_CODE } from '../../../src/channel/contract/index.ts'
import { FLUSH_TIMEOUT_MS } from '../../../src/channel/providers/mux/flush.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure } from '../failure.ts'
import { muxPair } from './mux-pair.ts'
import { LinkRecorder } from './mux-recorder.ts'
import { opening, stranger } from './mux-stranger.ts'
import type { ProviderStream } from '../../../src/channel/contract/index.ts'

/** More than the window of a stream. */
const STALL_BYTES = 400_000

describe('a graceful close', () => {
  // spec-channel 2.5
  it('ends what is open on both sides with SessionClosed, which is no end', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open()

    await pair.near.provider.close()
    await turns(5)

    expect(ours.events).toEqual(['close SessionClosed'])
    expect(theirs.events).toEqual(['close SessionClosed'])
    expect(pair.near.closes).toEqual([undefined])
    expect(pair.far.closes).toEqual([undefined])
    expect(pair.links.every(({ isClosed }) => isClosed)).toBe(true)
  })

  // spec-channel 2.6
  it('lets what was written leave', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open()
    const late = pair.near.provider.open({ 'libchan-ref': '9' })
    pair.far.take = (stream) => { collected.push(new LinkRecorder(stream)) }
    const collected: LinkRecorder[] = []

    ours.link.write(new Uint8Array(3_000_000))
    late.write(new Uint8Array(100))
    late.end()
    await pair.near.provider.close()
    await turns(5)

    expect(theirs.byteLength).toBe(3_000_000)
    expect(theirs.signs).toEqual(['close SessionClosed'])
    expect(collected.map(({ byteLength, signs }) => [byteLength, signs])).toEqual([[100, ['end', 'close SessionClosed']]])
  })

  it('leaves what has arrived to be read, on both sides, and tells of the close behind it', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open({ isPaused: true })

    ours.link.write(new Uint8Array(1000))
    theirs.link.write(new Uint8Array(2000))
    await turns(5)
    await pair.near.provider.close()
    await turns(5)
    expect([...ours.events, ...theirs.events]).toEqual([])
    ours.link.resume()
    theirs.link.resume()
    await turns(5)

    expect([ours.byteLength, ...ours.signs]).toEqual([2000, 'close SessionClosed'])
    expect([theirs.byteLength, ...theirs.signs]).toEqual([1000, 'close SessionClosed'])
  })

  it('tells an end that came before it first', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open({ isPaused: true })

    ours.link.end()
    await turns(5)
    await pair.near.provider.close()
    await turns(5)
    expect(theirs.events).toEqual([])
    theirs.link.resume()
    await turns(2)

    expect(theirs.events).toEqual(['end', 'close SessionClosed'])
  })

  it('may come from both sides at once', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open()

    await Promise.all([pair.near.provider.close(), pair.far.provider.close(), pair.far.provider.close()])

    expect(ours.signs).toEqual(['close SessionClosed'])
    expect(theirs.signs).toEqual(['close SessionClosed'])
    expect([...pair.near.closes, ...pair.far.closes]).toEqual([undefined, undefined])
  })

  it('gives up a stream that nobody reads, when nothing has left for a while', async () => {
    const clock = new FakeClock()
    using pair = await muxPair({ clock })
    const [ours, theirs] = await pair.open({ isPaused: true })
    ours.link.write(new Uint8Array(STALL_BYTES))
    await turns(5) // what the window lets leave has left
    let isClosed = false
    const closed = pair.near.provider.close().then(() => { isClosed = true })

    await clock.advance(FLUSH_TIMEOUT_MS - 1)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await closed
    await turns(5)
    theirs.link.resume()
    await turns(5)

    expect(theirs.byteLength).toBe(256 * 1024) // the whole window; yamux 3.9
    expect(theirs.signs).toEqual(['close SessionClosed'])
    expect(clock.pending).toBe(0)
  })

  it('goes on as long as something leaves', async () => {
    const clock = new FakeClock()
    using pair = await muxPair({ clock })
    const [ours, theirs] = await pair.open({ isPaused: true })
    ours.link.write(new Uint8Array(2_000_000))
    const closed = pair.near.provider.close()

    for (let left = 4; left > 0; left--) {
      await clock.advance(FLUSH_TIMEOUT_MS - 1)
      theirs.link.resume()
      await turns(1)
      theirs.link.pause()
      await clock.advance(1)
    }

    theirs.link.resume()
    await closed
    await turns(5)

    expect(theirs.byteLength).toBe(2_000_000)
  })

  it('turns into an abort with the signal, and then rejects with its reason', async () => {
    const clock = new FakeClock()
    using pair = await muxPair({ clock })
    const [ours, theirs] = await pair.open({ isPaused: true })
    const controller = new AbortController()
    const reason = new Error('no time')
    ours.link.write(new Uint8Array(STALL_BYTES))
    const closed = failure(pair.near.provider.close({ signal: controller.signal }))

    await turns(5)
    controller.abort(reason)

    expect(await closed).toBe(reason)
    await turns(5)
    expect(ours.error).toBe(reason)
    expect(pair.links[0].isClosed).toBe(true)
    theirs.link.resume()
    await turns(5)
    expect(theirs.signs).toEqual(['close ConnectionLost'])
    expect(pair.far.closes[0]).toMatchObject({ code: 'ConnectionLost' })
    expect(clock.pending).toBe(0)
  })

  it('does not wait for ever for the other side to answer', async () => {
    const { end, clock, link, received, send } = await stranger()
    await send(opening(1, {}))
    received()
    let isClosed = false
    const closed = end.provider.close().then(() => { isClosed = true })
    await turns(5)

    expect(received()).toEqual([`window 1 RST ${REASON_CODE.sessionClosed}`, 'goAway 0 - 0'])
    await clock.advance(44_999)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await closed

    expect(end.closes).toEqual([undefined])
    expect(link.isClosed).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('opens and takes no more streams', async () => {
    using pair = await muxPair({ clock: new FakeClock() })
    const [ours] = await pair.open({ isPaused: true })
    ours.link.write(new Uint8Array(STALL_BYTES))
    const closed = pair.near.provider.close()

    expect(() => pair.near.provider.open({})).toThrow(/closed here/)
    const theirs = new LinkRecorder(pair.far.provider.open({ 'libchan-ref': '2' }))
    expect(await theirs.closed).toMatchObject({ code: 'SessionClosed' })
    expect(pair.near.streams).toEqual([])

    pair.far.provider.abort(new Error('enough'))
    await closed
    expect(() => pair.far.provider.open({})).toThrow('enough')
  })
})

describe('the loss of a connection', () => {
  it('is ConnectionLost to all that is open, behind what had arrived', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open({ isPaused: true })
    theirs.link.write(new Uint8Array(1000))
    await turns(5)

    pair.links[0].lose(new Error('read ECONNRESET'))
    await turns(5)
    expect(ours.events).toEqual([])
    ours.link.resume()
    await turns(5)

    expect([ours.byteLength, ...ours.signs]).toEqual([1000, 'close ConnectionLost'])
    expect(ours.error?.message).toBe('the connection with test:far was lost: read ECONNRESET')
    expect(ours.error?.cause).toMatchObject({ message: 'read ECONNRESET' })
    expect(pair.near.closes).toEqual([ours.error])
    expect(() => pair.near.provider.open({})).toThrow('read ECONNRESET')
    await pair.near.provider.close()
  })

  it('is told at once to a stream that is paused and has nothing to tell', async () => {
    using pair = await muxPair()
    const [ours] = await pair.open({ isPaused: true })

    pair.links[0].lose()
    await turns(2)

    expect(ours.events).toEqual(['close ConnectionLost'])
  })

  it('wakes who waits for room, though the close waits for the reader', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open({ isPaused: true })
    theirs.link.write(new Uint8Array(10))
    expect(ours.link.write(new Uint8Array(STALL_BYTES))).toBe(false)
    await turns(5)

    pair.links[0].lose()
    await turns(5)

    expect(ours.events).toEqual(['room'])
  })

  it('is what the end of the connection is, without a goodbye before', async () => {
    const { end, link, send } = await stranger()
    await send(opening(1, {}))
    const stream = new LinkRecorder(end.streams[0] as ProviderStream)

    link.end()
    await turns(5)

    expect(stream.events).toEqual(['close ConnectionLost'])
    expect(end.closes[0]?.message).toBe('the connection with test:near was lost: the other side ended the connection without closing the session')
    expect(link.isClosed).toBe(true)
  })

  it.each([
    ['a go away that is not normal', 'goAway 0 - 2', 'the other side ended it with code 2', 'the peer ended the connection with code 2'],
    ['an unknown frame', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 'a frame must be of version 0, received 9', undefined]
  ])('is what %s is', async (_, frame, why, streamsWhy = why) => {
    const { end, link, send } = await stranger()
    await send(opening(1, {}))
    const stream = new LinkRecorder(end.streams[0] as ProviderStream)

    await send(frame)
    await turns(5)

    expect(stream.events).toEqual(['close ConnectionLost'])
    expect(stream.error?.message).toContain(streamsWhy)
    expect(end.closes).toHaveLength(1)
    expect(end.closes[0]).toMatchObject({ code: 'ConnectionLost' })
    expect(link.isClosed).toBe(true)
  })

  it('is noticed by silence', async () => {
    const clock = new FakeClock()
    using pair = await muxPair({ clock, keepAliveIntervalMs: 30_000 })
    const [ours] = await pair.open()
    await clock.advance(100_000)
    expect(ours.isClosed).toBe(false)

    pair.links[1].isStalled = true
    await clock.advance(45_000)

    expect(ours.events).toEqual(['close ConnectionLost'])
    expect(ours.error?.message).toContain('nothing arrived for')
    expect(pair.near.closes).toHaveLength(1)
    pair.links[1].unstall()
    await turns(5)
    expect(clock.pending).toBe(0)
  })

  it('while it is closing ends the close', async () => {
    using pair = await muxPair({ clock: new FakeClock() })
    const [ours] = await pair.open({ isPaused: true })
    ours.link.write(new Uint8Array(STALL_BYTES))
    const closed = pair.near.provider.close()
    await turns(5)

    pair.links[0].lose()
    await closed

    expect(pair.near.closes[0]).toMatchObject({ code: 'ConnectionLost' })
    expect(ours.signs).toEqual(['close ConnectionLost'])
  })
})

describe('abort', () => {
  it('ends all with its error here, and as a loss there', async () => {
    using pair = await muxPair()
    const [ours, theirs] = await pair.open()
    const error = new Error('out of here')

    pair.near.provider.abort(error)
    pair.near.provider.abort(new Error('twice'))
    await turns(5)

    expect(ours.error).toBe(error)
    expect(pair.near.closes).toEqual([error])
    expect(theirs.signs).toEqual(['close ConnectionLost'])
    expect(pair.far.closes).toMatchObject([{ code: 'ConnectionLost' }])
    await pair.near.provider.close()
  })

  it('before the start is told at the start', async () => {
    using pair = await muxPair({ isStarted: false })
    const error = new Error('early')

    pair.near.provider.abort(error)
    pair.near.provider.start(pair.near)
    await eventually(() => pair.near.isClosed)

    expect(pair.near.closes).toEqual([error])
  })
})
