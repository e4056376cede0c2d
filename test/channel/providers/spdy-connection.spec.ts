import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { CLOSE_GRACE_MS } from '../../../src/channel/providers/spdy/constants.ts'
import { goAway, ping, settings, windowUpdate } from '../../../src/channel/providers/spdy/frame.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { spdyPair, StreamRecorder, strangerScene } from './spdy-scene.ts'
import type { StrangerScene } from './spdy-scene.ts'
import type { ProviderStream } from '../../../src/channel/contract/index.ts'

const HEADERS = { 'libchan-ref': '1' }

async function rejection (promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => 'nothing', (error: unknown) => error)
}

describe('a SPDY connection', () => {
  it('closes behind what was written, and tells the other side', async () => {
    using pair = spdyPair({ highWaterBytes: 1 })
    const [near, far] = await pair.open()
    near.link.write(new Uint8Array(200_000))

    await pair.near.provider.close()
    await eventually(() => pair.far.isClosed)

    expect([far.byteLength, near.signs, far.signs]).toEqual([200_000, ['room', 'close SessionClosed'], ['close SessionClosed']])
    expect([pair.near.closes, pair.far.closes]).toEqual([[undefined], [undefined]])
    expect(() => pair.near.provider.open({})).toThrow(expect.objectContaining({ code: 'SessionClosed' }))
    expect(() => pair.far.provider.open({})).toThrow(expect.objectContaining({ code: 'SessionClosed' }))
    await pair.near.provider.close()
    await pair.far.provider.close()
  })

  it('waits for credit when it closes, as long as it should', async () => {
    const clock = new FakeClock()
    using pair = spdyPair({ clock })
    const [near, far] = await pair.open({ isPaused: true })
    near.link.write(new Uint8Array(1_000_000))
    await turns(20)

    const closing = pair.near.provider.close()
    await turns(20)
    const before = pair.near.isClosed
    far.link.resume()
    await closing

    expect([before, far.byteLength]).toEqual([false, 1_000_000])
    await eventually(() => clock.pending === 0, 'no timer to be left')
  })

  it('closes without the rest when the other side does not take it in time', async () => {
    const clock = new FakeClock()
    using pair = spdyPair({ clock })
    const [near, far] = await pair.open({ isPaused: true })
    near.link.write(new Uint8Array(1_000_000))
    await turns(20)

    const closing = pair.near.provider.close()
    await clock.advance(CLOSE_GRACE_MS - 1)
    const before = pair.near.isClosed
    await clock.advance(1)
    await closing
    far.link.resume()
    await far.closed

    expect([before, far.byteLength, near.signs]).toEqual([false, 262_144, ['close SessionClosed']])
    await eventually(() => clock.pending === 0, 'no timer to be left')
  })

  it('goes on for as long as something leaves when it closes', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock })
    scene.stranger.sendSettings(0)
    await scene.stranger.hears('windowUpdate 0')
    const stream = scene.end.provider.open(HEADERS)
    stream.write(new Uint8Array(10))
    await scene.stranger.hears('synStream')

    const closing = scene.end.provider.close()
    for (let left = 10; left > 0; left--) {
      await clock.advance(CLOSE_GRACE_MS - 1)
      scene.stranger.send(windowUpdate(1, 1), ping(2))
      await turns(5)
    }
    await scene.stranger.hears('goAway')
    scene.stranger.end()
    await closing

    expect([scene.stranger.bytes.get(1), scene.end.closes]).toEqual([10, [undefined]])
  })

  it('hangs up when the other side does not in time after it was told', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock })
    let isClosed = false

    const closing = scene.end.provider.close().then(() => { isClosed = true })
    await scene.stranger.hears('end')
    await clock.advance(CLOSE_GRACE_MS - 1)
    const before = isClosed
    await clock.advance(1)
    await closing

    expect([before, scene.link.resetWith?.code, scene.end.closes]).toEqual([false, 0, [undefined]])
  })

  it('drops streams that wait to be opened when it closes', async () => {
    using pair = spdyPair({ maxOpenStreams: 1 })
    await pair.open()
    const waiting = new StreamRecorder(pair.near.provider.open(HEADERS))
    waiting.link.write(new Uint8Array(10))

    await pair.near.provider.close()

    expect(waiting.signs).toEqual(['close SessionClosed'])
    expect(pair.far.streams).toHaveLength(1)
  })

  it('neither opens nor accepts streams while it closes', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock, maxOpenStreams: 1 })
    scene.stranger.sendSettings(0)
    await scene.stranger.hears('windowUpdate 0')
    const [first, second] = [new StreamRecorder(scene.end.provider.open(HEADERS)), new StreamRecorder(scene.end.provider.open(HEADERS))]
    first.link.write(new Uint8Array(10))
    second.link.write(new Uint8Array(10))
    await scene.stranger.hears('synStream 1')

    const closing = scene.end.provider.close()
    scene.stranger.sendSynStream(2)
    await turns(5)
    scene.stranger.sendReset(1, 5)
    await scene.stranger.hears('goAway 2 0')
    scene.stranger.end()
    await closing

    expect([first.signs, second.signs]).toEqual([['close StreamReset'], ['close SessionClosed']])
    expect(scene.stranger.heard.filter((frame) => frame.startsWith('syn'))).toEqual(['synStream 1 libchan-ref=1 libchan-version=1'])
    expect([scene.end.streams, clock.pending]).toEqual([[], 0])
  })

  it('closes though it does not read, for a stream that holds too much', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock })
    scene.stranger.sendSynStream(2)
    scene.stranger.sendData(2, new Uint8Array(2 * 1024 * 1024))
    scene.stranger.sendData(2, 'more')
    await turns(5)

    const closing = scene.end.provider.close()
    await scene.stranger.hears('goAway')
    scene.stranger.end()
    await closing

    expect([scene.end.closes, clock.pending]).toEqual([[undefined], 0])
  })

  it('gives up closing when the signal aborts', async () => {
    using scene = strangerScene({ highWaterBytes: 1 })
    scene.link.isStalled = true
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))
    const controller = new AbortController()

    const closing = rejection(scene.end.provider.close({ signal: controller.signal }))
    controller.abort('enough')

    expect(await closing).toBe('enough')
    await stream.closed
    expect([scene.end.closes.length, scene.link.isClosed, stream.signs]).toEqual([1, true, ['close SessionClosed']])
    expect(await rejection(scene.end.provider.close({ signal: controller.signal }))).toBe('enough')
  })

  it('takes a go away for a graceful end: what had come can be had, and the link is ended', async () => {
    using scene = strangerScene()
    scene.stranger.sendSynStream(2)
    scene.stranger.sendData(2, 'last words')
    await turns(5)
    scene.stranger.sendInOne(() => {
      scene.stranger.send(goAway(0, 0))
      scene.stranger.sendSynStream(4)
    })
    await scene.stranger.hears('end')
    scene.stranger.end()
    await eventually(() => scene.end.isClosed)
    const stream = new StreamRecorder(scene.end.streams[0] as ProviderStream)
    await stream.closed

    expect([stream.text, stream.signs, scene.end.closes]).toEqual(['last words', ['close SessionClosed'], [undefined]])
    expect(scene.stranger.heard).toContain('goAway 2 0')
    expect(scene.end.streams).toHaveLength(1)
  })

  it('is lost when the other side says that we broke the protocol', async () => {
    using scene = strangerScene()
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))

    scene.stranger.send(goAway(0, 1))
    await stream.closed
    await eventually(() => scene.end.isClosed)

    expect(stream.signs).toEqual(['close ConnectionLost'])
    expect(scene.end.closes[0]).toMatchObject({ code: 'ConnectionLost', message: expect.stringContaining('this side broke the protocol') })
  })

  it.each([
    ['ends without a word', (scene: StrangerScene) => { scene.stranger.end() }],
    ['breaks', (scene: StrangerScene) => { scene.link.lose(new Error('ECONNRESET')) }]
  ])('is lost when the link %s', async (_, lose) => {
    using scene = strangerScene()
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))

    lose(scene)
    await stream.closed
    await eventually(() => scene.end.isClosed)

    expect([stream.signs, scene.end.closes]).toEqual([['close ConnectionLost'], [expect.objectContaining({ code: 'ConnectionLost' })]])
    expect(() => scene.end.provider.open({})).toThrow(expect.objectContaining({ code: 'ConnectionLost' }))
    await scene.end.provider.close()
  })

  it('is closed gracefully even if the link breaks while it waits for that', async () => {
    using scene = strangerScene({ highWaterBytes: 1 })
    scene.link.isStalled = true
    scene.end.provider.open(HEADERS).write(new Uint8Array(10))
    await turns(2)

    const closing = scene.end.provider.close()
    scene.link.lose()
    await closing

    expect(scene.end.closes).toEqual([undefined])
  })

  it('aborts with an error that its streams get, and the other side loses it', async () => {
    using pair = spdyPair()
    const [near, far] = await pair.open()
    const error = new CodedError('ConnectionLost', 'cut')

    pair.near.provider.abort(error)
    await Promise.all([near.closed, far.closed])
    await eventually(() => pair.near.isClosed && pair.far.isClosed)

    expect([near.error, pair.near.closes]).toEqual([error, [error]])
    expect([far.signs, pair.far.closes[0]]).toEqual([['close ConnectionLost'], expect.objectContaining({ code: 'ConnectionLost' })])
  })

  it('tells of its end when it is started after that', async () => {
    using scene = strangerScene({ isStarted: false })

    scene.link.lose()
    await turns(5)
    scene.end.provider.start(scene.end)
    await eventually(() => scene.end.isClosed)

    expect(scene.end.closes).toHaveLength(1)
  })

  it('reads nothing before it is started', async () => {
    using scene = strangerScene({ isStarted: false })

    scene.stranger.sendSynStream(2)
    await turns(5)
    const before = scene.stranger.heard.length
    scene.end.provider.start(scene.end)
    await scene.stranger.hears('synReply')

    expect([before, scene.end.streams.length]).toEqual([1, 1])
  })

  it.each([
    ['speaks HTTP', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['begins with DATA', () => Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0)],
    ['has a RST_STREAM that is too short', () => Uint8Array.of(0x80, 3, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1)],
    ['resets stream 0', () => Uint8Array.of(0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5)],
    ['has a SYN_STREAM without headers', () => Uint8Array.of(0x80, 3, 0, 1, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)],
    ['has settings that are fewer than it says', () => Uint8Array.of(0x80, 3, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1)],
    ['has a window beyond what SPDY knows', () => settings(7, 0x80000000)],
    ['grants the session nothing', () => Buffer.concat([settings(7, 1), windowUpdate(0, 0)])],
    ['grants the session more than SPDY knows', () => Buffer.concat([settings(7, 1), windowUpdate(0, 0x7FFFFFFF)])]
  ])('ends with a violation when the other side %s', async (_, bytes) => {
    using scene = strangerScene()
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))

    await scene.stranger.hears('synStream')
    scene.stranger.send(bytes())
    await stream.closed
    await eventually(() => scene.end.isClosed)

    expect([stream.signs, scene.end.closes]).toEqual([['close ProtocolViolation'], [expect.objectContaining({ code: 'ProtocolViolation' })]])
    expect(scene.link.isClosed).toBe(true)
    expect(Buffer.concat(scene.link.written).subarray(-16).toString('hex')).toBe('8003000700000008' + '00000000' + '00000001')
  })

  it.each([[1], [2], [5]])('ends with a violation when the other side opens stream %d after 2', async (streamId) => {
    using scene = strangerScene()

    scene.stranger.sendSynStream(2)
    scene.stranger.sendSynStream(streamId)
    await eventually(() => scene.end.isClosed)

    expect(scene.end.closes[0]).toMatchObject({ code: 'ProtocolViolation' })
  })

  it('ignores frames that it does not know', async () => {
    using scene = strangerScene()

    scene.stranger.send(Uint8Array.of(0x80, 3, 0, 10, 0, 0, 0, 2, 1, 2), ping(2))
    await scene.stranger.hears('ping 2')

    expect(scene.end.isClosed).toBe(false)
  })

  it('ends when the other side makes it answer and reads nothing', async () => {
    using scene = strangerScene({ highWaterBytes: 1 })
    scene.link.isStalled = true
    const pings = Buffer.concat(Array.from({ length: 100_000 }, () => ping(2)))

    scene.stranger.send(pings)
    await eventually(() => scene.end.isClosed)

    expect(scene.end.closes[0]).toMatchObject({ code: 'ProtocolViolation', message: expect.stringContaining('does not read the answers') })
  })
})
