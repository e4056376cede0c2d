import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure, stall, streamPair } from '../../support/stream-pair.ts'
import type { SwarmStream } from '../../../src/swarm/stream/index.ts'

const KIB = 1024

const settled = async (...promises: Array<Promise<unknown>>): Promise<unknown[]> => Promise.all(promises.map(async (promise) => promise.catch((error: unknown) => error)))
const closedForGood = (stream: SwarmStream): boolean => stream.port.isClosed

describe('half-closing', () => {
  it('ends one direction, and leaves the other one open', async () => {
    using pair = await streamPair()

    await pair.near.write('question')
    await pair.near.closeWrite()

    expect(await pair.far.text()).toBe('question')
    expect(await pair.far.read()).toBeNull()

    await pair.far.write('answer')
    await turns(10)
    expect(pair.near.port.isClosed).toBe(false)
    await pair.far.end('!')

    expect(await pair.near.text()).toBe('answer!')
  })

  it('in both directions ends the stream gracefully on both sides', async () => {
    using pair = await streamPair()

    await pair.near.closeWrite()
    await pair.far.closeWrite()

    expect(await Promise.all([pair.near.closed, pair.far.closed])).toEqual([undefined, undefined])
    expect(await pair.near.read()).toBeNull()
    expect(await pair.far.read()).toBeNull()
  })

  it('can be asked for twice', async () => {
    using pair = await streamPair()

    await Promise.all([pair.near.closeWrite(), pair.near.closeWrite()])
    await pair.near.end()

    expect(await pair.far.read()).toBeNull()
  })

  it.each<[string, (stream: SwarmStream) => Promise<void>]>([
    ['closeWrite', async (stream) => stream.closeWrite()],
    ['end', async (stream) => stream.end('last')],
    ['close', async (stream) => stream.close()]
  ])('by %s ends writing, at once', async (_what, close) => {
    using pair = await streamPair()
    const closing = close(pair.near)

    await turns(1)
    await expect(pair.near.write('more')).rejects.toMatchObject({ code: 'StreamClosed' })
    await closing
  })

  it('sends what was written before, however long that waits', async () => {
    using pair = await streamPair()
    const stalled = await stall(pair.near)
    const writing = pair.near.write(new Uint8Array(600 * KIB))
    const ending = pair.near.end('!')

    expect((await pair.far.bytes({ maxBytes: Infinity })).byteLength).toBe(stalled + 600 * KIB + 1)
    await writing
    await ending
  })

  it('goes on when the signal ends the waiting for it', async () => {
    using pair = await streamPair()
    const controller = new AbortController()
    const reason = new Error('no time')

    await stall(pair.near)
    const closing = failure(pair.near.closeWrite({ signal: controller.signal }))
    const again = pair.near.closeWrite()

    await turns(10)
    controller.abort(reason)
    expect(await closing).toBe(reason)

    await pair.far.bytes({ maxBytes: Infinity })
    await again
    expect(pair.near.port.error).toBeUndefined()
  })

  it.each<[string, (near: SwarmStream, far: SwarmStream) => void, object]>([
    ['the peer resets', (_near, far) => { far.reset() }, { code: 'StreamReset' }],
    ['we reset', (near) => { near.reset() }, { code: 'StreamAborted' }]
  ])('fails when %s before all has left', async (_what, reset, error) => {
    using pair = await streamPair()

    await stall(pair.near)
    const outcome = failure(pair.near.closeWrite())

    await turns(10)
    reset(pair.near, pair.far)

    expect(await outcome).toMatchObject(error)
    expect(await failure(pair.near.closeWrite())).toMatchObject(error)
  })

  it('fails with the connection when that is lost before all has left', async () => {
    using pair = await streamPair()

    await stall(pair.near)
    const outcome = failure(pair.near.closeWrite())

    await turns(10)
    pair.muxers.sockets[0].abort(new Error('the cable was cut'))

    expect(await outcome).toMatchObject({ code: 'ConnectionLost' })
    expect(await pair.near.closed).toMatchObject({ code: 'ConnectionLost' })
  })
})

describe('closing for reading', () => {
  it('fails the read that waits, and all later ones', async () => {
    using pair = await streamPair()
    const reading = failure(pair.near.read())

    await pair.near.closeRead()

    expect(await reading).toMatchObject({ code: 'StreamClosed' })
    expect(await failure(pair.near.read())).toMatchObject({ code: 'StreamClosed' })
    expect(await failure(pair.near.text())).toMatchObject({ code: 'StreamClosed' })
  })

  it('throws away what comes, and never keeps the peer waiting', async () => {
    using pair = await streamPair()

    await stall(pair.far)
    await pair.near.closeRead()
    await pair.far.end(new Uint8Array(8 * 1024 * KIB))

    expect(pair.near.stat().bytesBuffered).toBe(0)
    await eventually(() => pair.near.stat().bytesRead === pair.far.stat().bytesWritten)
  })

  it('reads as the end where the peer had ended and nothing was thrown away', async () => {
    using pair = await streamPair()

    await pair.far.closeWrite()
    await eventually(() => pair.near.port.remoteEnded)
    await pair.near.closeRead()

    expect(await pair.near.read()).toBeNull()
  })

  it('leaves writing open', async () => {
    using pair = await streamPair()

    await pair.near.closeRead()
    await pair.near.end('still here')

    expect(await pair.far.text()).toBe('still here')
  })
})

describe('close', () => {
  it('resolves when all that was written has left, and does not wait for the peer', async () => {
    using pair = await streamPair()

    await pair.near.write('bye')
    await pair.near.close()

    expect(pair.near.port.isClosed).toBe(false)
    expect(await pair.far.text()).toBe('bye')
    await pair.far.close()
    expect(await pair.near.closed).toBeUndefined()
    expect(await pair.far.closed).toBeUndefined()
  })

  it.each<[string, (stream: SwarmStream) => Promise<void>]>([
    ['close', async (stream) => stream.close()],
    ['closing both directions', async (stream) => { await stream.closeWrite(); await stream.closeRead() }],
    ['closing both directions, the other one first', async (stream) => { await stream.closeRead(); await stream.closeWrite() }]
  ])('by %s resets a peer that never ends, after 10 s', async (_what, close) => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    await close(pair.near)
    await clock.advance(9_999)
    expect(closedForGood(pair.near)).toBe(false)
    await clock.advance(1)

    expect(await pair.near.closed).toMatchObject({ code: 'StreamAborted', message: expect.stringContaining('10000 ms') })
    await expect(pair.far.closed).resolves.toMatchObject({ code: 'StreamReset' })
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer when the peer ends in time', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    await pair.near.close()
    expect(clock.pending).toBe(1)
    await pair.far.close()

    await pair.near.closed
    await pair.far.closed
    expect(clock.pending).toBe(0)
  })

  it('rejects, and resets, when the peer has not read all after 5 s', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    await stall(pair.near)
    const outcome = failure(pair.near.close())

    await clock.advance(4_999)
    expect(closedForGood(pair.near)).toBe(false)
    await clock.advance(1)

    expect(await outcome).toMatchObject({ code: 'StreamDeadline', message: expect.stringContaining('not flushed after 5000 ms') })
    expect(await pair.near.closed).toMatchObject({ code: 'StreamAborted' })
    expect(clock.pending).toBe(0)
    await expect(pair.near.close()).resolves.toBeUndefined()
  })

  it('goes on when the signal ends the waiting for it', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })
    const controller = new AbortController()
    const reason = new Error('no time')

    await stall(pair.near)
    const outcome = failure(pair.near.close({ signal: controller.signal }))

    controller.abort(reason)
    expect(await outcome).toBe(reason)
    expect(closedForGood(pair.near)).toBe(false)

    await clock.advance(5_000)
    expect(closedForGood(pair.near)).toBe(true)
  })

  it.each<[string, (far: SwarmStream, cut: () => void) => void, string]>([
    ['the peer has reset it', (far) => { far.reset() }, 'StreamReset'],
    ['the connection is lost', (_far, cut) => { cut() }, 'ConnectionLost']
  ])('is quiet when %s already', async (_what, end, code) => {
    using pair = await streamPair()

    await pair.near.write('who reads this?')
    end(pair.far, () => { pair.muxers.sockets[1].abort(new Error('cut')) })

    expect(await pair.near.closed).toMatchObject({ code })
    await expect(pair.near.close()).resolves.toBeUndefined()
  })

  it('does not hide the error of the block that it ends', async () => {
    using pair = await streamPair()
    const body = async (): Promise<void> => {
      await using stream = pair.near

      pair.far.reset()
      await stream.read()
    }

    const error = await failure(body())

    expect(error).toMatchObject({ code: 'StreamReset' })
    expect(error).not.toBeInstanceOf(SuppressedError)
  })
})

describe('reset', () => {
  it('fails all that waits and all that follows, with its reason here and as a reset there', async () => {
    using pair = await streamPair()
    const reason = new Error('changed my mind')

    await stall(pair.near)
    const waiting = settled(pair.near.write('more'), pair.near.read(), pair.far.closed)

    await turns(10)
    pair.near.reset(reason)

    expect(await waiting).toMatchObject([reason, reason, { code: 'StreamReset' }])
    expect(await settled(pair.near.read(), pair.near.write('a'), pair.near.closed)).toEqual([reason, reason, reason])
    expect(await settled(pair.far.write('a'))).toMatchObject([{ code: 'StreamReset' }])
    pair.near.reset(new Error('again'))
    expect(await pair.near.closed).toBe(reason)
  })

  it('throws away what was unread here', async () => {
    using pair = await streamPair()

    await pair.far.end('unread')
    await eventually(() => pair.near.port.remoteEnded)
    pair.near.reset()

    expect(pair.near.stat().bytesBuffered).toBe(0)
    expect(await failure(pair.near.read())).toMatchObject({ code: 'StreamAborted' })
  })

  it('lets the peer read what had arrived, and then the error', async () => {
    using pair = await streamPair()

    await pair.near.write('half of it')
    await eventually(() => pair.far.port.buffered === 10)
    pair.near.reset()
    await pair.far.closed

    expect(new TextDecoder().decode(await pair.far.read() ?? undefined)).toBe('half of it')
    expect(await failure(pair.far.read())).toMatchObject({ code: 'StreamReset' })
  })

  it('after the end refuses only what the peer sends: what was sent is whole', async () => {
    using pair = await streamPair()

    await pair.near.end('all of it')
    pair.near.reset()
    await pair.far.closed

    expect(await pair.far.text()).toBe('all of it')
    expect(await failure(pair.far.write('no thanks'))).toMatchObject({ code: 'StreamReset' })
  })
})
