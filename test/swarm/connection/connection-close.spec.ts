import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure } from '../../support/stream-pair.ts'
import { connectedPair as connectedBy, MUXERS } from '../../support/upgrade-pair.ts'
import type { CloseReason, Stream } from '../../../src/swarm/contract/index.ts'
import type { ConnectedPair, PeerInit } from '../../support/upgrade-pair.ts'
import type { AbortOptions, MessageStream, StreamMuxerFactory } from '@libp2p/interface'

const HELD = '/held/1.0.0'

/** A stream that nobody answers, from both sides. */
async function openHeld (pair: ConnectedPair): Promise<[near: Stream, far: Stream]> {
  const { promise, resolve } = Promise.withResolvers<Stream>()

  pair.far.handle(HELD, (stream) => { resolve(stream) })

  return [await pair.outbound.newStream(HELD), await promise]
}

/** Writes until there is no room: the peer does not read. */
async function fill (stream: Stream): Promise<unknown> {
  return failure((async () => {
    for (;;) {
      await stream.write(new Uint8Array(64 * 1024))
    }
  })())
}

describe.each(MUXERS)('over %s,', (_name, muxer) => {
  const stubborn = (overrides: object): StreamMuxerFactory => ({
    protocol: muxer.protocol,
    createStreamMuxer: (maConn) => Object.assign(muxer.createStreamMuxer(maConn), overrides)
  })
  const connectedPair = async (near: PeerInit = {}, far: PeerInit = {}): Promise<ConnectedPair> => connectedBy({ muxers: [muxer], ...near }, { muxers: [muxer], ...far })

  describe('close', () => {
    it('is graceful, and told on both sides', async () => {
      using pair = await connectedPair()

      await pair.outbound.close()

      expect(pair.outbound.status).toBe('closed')
      expect(await pair.outbound.closed).toEqual({ code: 'closed', by: 'local' })
      expect(await pair.inbound.closed).toEqual({ code: 'closed', by: 'remote' })
      expect(pair.outbound.signal.aborted).toBe(true)
      expect(pair.outbound.signal.reason).toMatchObject({ code: 'ConnectionClosed', message: 'the connection was closed on this side: it was closed' })
      expect(pair.inbound.signal.reason).toMatchObject({ code: 'ConnectionClosed', message: 'the connection was closed by the peer: it was closed' })
      expect([pair.near.told, pair.far.told]).toEqual([['connection closed'], ['connection closed']])
      expect([pair.near.connectionLimits.stat().outbound, pair.far.connectionLimits.stat().inbound]).toEqual([0, 0])
    })

    it('may be asked for twice, at the same time and later', async () => {
      using pair = await connectedPair()

      await Promise.all([pair.outbound.close(), pair.outbound.close()])
      await pair.outbound.close()
      pair.outbound.abort()

      expect(pair.near.reasons).toEqual([{ code: 'closed', by: 'local' }])
    })

    it('may be asked for on both sides at the same time', async () => {
      using pair = await connectedPair()

      await Promise.all([pair.outbound.close(), pair.inbound.close()])

      expect([pair.near.reasons.length, pair.far.reasons.length]).toEqual([1, 1])
    })

    it.each<CloseReason['code']>(['closed', 'supplanted', 'trimmed', 'gated', 'limited', 'protocol', 'shutdown'])('tells the peer why: %s', async (code) => {
      using pair = await connectedPair()

      await pair.outbound.closeWith({ code, by: 'local' })

      expect(await pair.outbound.closed).toEqual({ code, by: 'local' })
      expect(await pair.inbound.closed).toEqual({ code, by: 'remote' })
    })

    it.each(['noise', 'tls'] as const)('over %s delivers first what was written, also what still waits', async (encrypter) => {
      using pair = await connectedPair({ encrypters: [encrypter] }, { encrypters: [encrypter] })
      const [near, far] = await openHeld(pair)
      const writing = near.write(new Uint8Array(3_000_000))
      const ending = near.end('!')
      const reading = far.bytes({ maxBytes: Infinity })

      await pair.outbound.closeWith({ code: 'shutdown', by: 'local' })
      await Promise.all([writing, ending])

      expect((await reading).byteLength).toBe(3_000_001)
      expect(await pair.inbound.closed).toEqual({ code: 'shutdown', by: 'remote' })
    })

    it('keeps the socket open until the peer has answered what comes behind the last bytes', async () => {
      const { promise, resolve } = Promise.withResolvers<number>()
      let pings = 0
      using pair = await connectedPair({
        muxers: [stubborn({
          ping: async () => {
            pings++

            return promise
          }
        })]
      })
      const [near] = await openHeld(pair)

      await near.end('the last bytes')
      const closing = pair.outbound.close()

      await turns(50)
      expect([pings, pair.outbound.status, pair.sockets[0].status]).toEqual([1, 'closing', 'open'])
      resolve(1)
      await closing
      expect(pair.sockets[0].status).not.toBe('open')
    })

    it('never looks like the end of a stream that nobody has ended', async () => {
      using pair = await connectedPair()
      const [near, far] = await openHeld(pair)

      await near.write('not all of it')
      await pair.outbound.close()

      expect(new TextDecoder().decode(await far.read() ?? undefined)).toBe('not all of it')
      expect(await failure(far.read())).toMatchObject({ code: 'ConnectionClosed', message: expect.stringContaining('by the peer') })
      expect(await failure(near.read())).toMatchObject({ code: 'ConnectionClosed', message: expect.stringContaining('on this side') })
      expect(await near.closed).toMatchObject({ code: 'ConnectionClosed' })
    })

    it('keeps what had arrived for who still wants to read it, on both sides', async () => {
      using pair = await connectedPair()
      const [near, far] = await openHeld(pair)

      await Promise.all([near.write('from here'), far.write('from there')])
      await eventually(() => near.stat().bytesBuffered === 10 && far.stat().bytesBuffered === 9)
      await pair.outbound.closeWith({ code: 'trimmed', by: 'local' })
      await pair.inbound.closed

      expect(new TextDecoder().decode(await near.read() ?? undefined)).toBe('from there')
      expect(new TextDecoder().decode(await far.read() ?? undefined)).toBe('from here')
    })

    it('keeps all of a stream that had ended, though its reader is slow', async () => {
      using pair = await connectedPair()
      const [near, far] = await openHeld(pair)

      await near.end(new Uint8Array(450_000))
      await pair.outbound.closeWith({ code: 'shutdown', by: 'local' })
      await pair.inbound.closed

      expect((await far.bytes({ maxBytes: Infinity })).byteLength).toBe(450_000)
    })

    it('refuses what comes after it: writes, ends and new streams', async () => {
      using pair = await connectedPair()
      const [near] = await openHeld(pair)
      const closing = pair.outbound.close()

      expect(pair.outbound.status).toBe('closing')
      const outcomes = await Promise.all([near.write('late'), near.closeWrite(), pair.outbound.newStream(HELD)].map(failure))

      expect(outcomes).toMatchObject(Array(3).fill({ code: 'ConnectionClosed' }))
      await closing
      expect(await failure(pair.outbound.newStream(HELD))).toMatchObject({ code: 'ConnectionClosed', message: expect.stringContaining('on this side') })
      expect(await failure(pair.inbound.newStream(HELD))).toMatchObject({ code: 'ConnectionClosed', message: expect.stringContaining('by the peer') })
    })

    it('ends a stream that is being opened', async () => {
      using pair = await connectedPair({}, { rawStreamHandler: () => {} })
      const opening = failure(pair.outbound.newStream('/unanswered'))

      await eventually(() => pair.inbound.streams.length === 1)
      await pair.outbound.close()

      expect(await opening).toMatchObject({ code: 'ConnectionClosed' })
      expect(pair.near.streamLimits.stat()).toEqual({ inbound: 0, outbound: 0 })
    })

    it('aborts when a peer does not read, after closeTimeoutMs, and says so', async () => {
      const clock = new FakeClock()
      using pair = await connectedPair({ clock, settings: { closeTimeoutMs: 2_000 } })
      const [near] = await openHeld(pair)
      const filling = fill(near)

      await eventually(() => near.stat().bytesWritten > 200_000)
      await turns(500)
      const closing = pair.outbound.close()

      await clock.advance(1_999)
      expect(pair.outbound.status).toBe('closing')
      await clock.advance(1)
      await closing

      expect(await filling).toMatchObject({ code: 'ConnectionClosed' })
      expect(await pair.outbound.closed).toMatchObject({ code: 'closed', by: 'local', error: { message: expect.stringContaining('more than 2000 ms') } })
      expect(clock.pending).toBe(0)
    })

    it('aborts when its signal does, and rejects with the reason of that', async () => {
      using pair = await connectedPair()
      const [near] = await openHeld(pair)
      const filling = fill(near)
      const reason = new Error('no patience')

      await eventually(() => near.stat().bytesWritten > 200_000)
      const closing = pair.outbound.close({ signal: AbortSignal.abort(reason) })

      expect(await failure(closing)).toBe(reason)
      expect(await pair.outbound.closed).toMatchObject({ code: 'closed', by: 'local', error: reason })
      await filling
    })

    it('settles at once when it is aborted meanwhile', async () => {
      const clock = new FakeClock()
      using pair = await connectedPair({ clock })
      const [near] = await openHeld(pair)
      const filling = fill(near)

      await eventually(() => near.stat().bytesWritten > 200_000)
      await turns(200)
      const closing = pair.outbound.close()

      pair.outbound.abort()
      await closing
      await filling
      expect(clock.pending).toBe(0)
    })
  })

  describe('abort', () => {
    it('ends everything now, and is told as that on both sides', async () => {
      using pair = await connectedPair()
      const [near, far] = await openHeld(pair)
      const reading = [failure(near.read()), failure(far.read())]
      const error = new Error('enough')

      pair.outbound.abort(error)

      expect(pair.outbound.status).toBe('closed')
      expect(await pair.outbound.closed).toEqual({ code: 'aborted', by: 'local', error })
      expect(await pair.inbound.closed).toMatchObject({ code: 'aborted', by: 'remote' })
      expect(await Promise.all(reading)).toMatchObject([{ code: 'ConnectionClosed', cause: error }, { code: 'ConnectionClosed' }])
      expect([pair.near.streamLimits.stat(), pair.far.streamLimits.stat()]).toEqual(Array(2).fill({ inbound: 0, outbound: 0 }))
    })
  })

  describe('a connection that is lost', () => {
    it('is told as that, with the error of the system, and fails its streams', async () => {
      using pair = await connectedPair()
      const [near] = await openHeld(pair)
      const reading = failure(near.read())
      const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

      pair.sockets[0].abort(error)

      expect(await pair.outbound.closed).toEqual({ code: 'lost', by: 'remote', error })
      expect(await reading).toMatchObject({ code: 'ConnectionLost', cause: error })
      expect(await failure(pair.outbound.newStream(HELD))).toMatchObject({ code: 'ConnectionLost' })
      expect(pair.near.connectionLimits.stat()).toMatchObject({ outbound: 0, peers: 0 })
    })

    it('without a word is not closed by the peer, but lost', async () => {
      using pair = await connectedPair()

      await pair.sockets[1].close()

      expect(await pair.outbound.closed).toMatchObject({ code: 'lost', by: 'remote' })
    })

    it('as the peer broke the rules of its muxer is told as that', async () => {
      const { promise, resolve } = Promise.withResolvers<MessageStream>()
      const spy: StreamMuxerFactory = {
        protocol: muxer.protocol,
        createStreamMuxer: (secured) => {
          resolve(secured)

          return muxer.createStreamMuxer(secured)
        }
      }
      using pair = await connectedPair({}, { muxers: [spy] })
      const secured = await promise

      // a frame of a version that does not exist
      secured.send(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

      expect(await pair.outbound.closed).toMatchObject({ code: 'protocol', by: 'local' })
    })
  })

  describe('a peer that says farewell', () => {
    it('and does not hang up is hung up on after closeTimeoutMs', async () => {
      const clock = new FakeClock()
      using pair = await connectedPair({ clock })

      await pair.inbound.muxer.close({ reason: 0x1004 } as AbortOptions)
      await eventually(() => pair.outbound.status === 'closing')
      expect(await failure(pair.outbound.newStream(HELD))).toMatchObject({ code: 'ConnectionClosed', message: expect.stringContaining('another connection to the peer took its place') })

      await clock.advance(5_000)
      expect(await pair.outbound.closed).toEqual({ code: 'supplanted', by: 'remote' })
      expect(clock.pending).toBe(0)
    })

    it('before it breaks is not lost', async () => {
      using pair = await connectedPair()

      await pair.inbound.muxer.close()
      await eventually(() => pair.outbound.status === 'closing')
      pair.sockets[0].abort(new Error('write EPIPE'))

      expect(await pair.outbound.closed).toEqual({ code: 'closed', by: 'remote' })
    })
  })

  describe('a muxer that ignores', () => {
    it('an abort leaves no stream behind all the same', async () => {
      using pair = await connectedPair({ muxers: [stubborn({ abort: () => {}, sendGoAway: () => {} })] })
      const [near] = await openHeld(pair)
      const reading = failure(near.read())

      pair.outbound.abort()

      expect(await reading).toMatchObject({ code: 'ConnectionClosed' })
      expect(pair.near.streamLimits.stat()).toEqual({ inbound: 0, outbound: 0 })
    })

    it('nothing and throws instead is closed all the same', async () => {
      const abort = (): never => { throw new Error('I cannot') }
      using pair = await connectedPair({ muxers: [stubborn({ abort, sendGoAway: abort })] })

      await pair.outbound.close()

      expect(await pair.outbound.closed).toEqual({ code: 'closed', by: 'local' })
      expect(pair.near.connectionLimits.stat()).toMatchObject({ outbound: 0 })
    })
  })
})
