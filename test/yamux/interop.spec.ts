import { createHash } from 'node:crypto'
import { echo, lpStream, multiaddrConnectionPair } from '@libp2p/utils'
import { yamux as npmYamux } from '@libp2p/yamux'
import { pEvent } from 'p-event'
import { describe, expect, it } from 'vitest'
import { yamux } from '../../src/yamux/index.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { eventually } from '../support/settle.ts'
import { link } from '../support/yamux-link.ts'
import type { LinkOptions } from '../support/yamux-link.ts'
import type { MessageStream, Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'

const OURS: StreamMuxerFactory = yamux()()
const NPM: StreamMuxerFactory = npmYamux({ enableKeepAlive: false, maxInboundStreams: 4096, maxOutboundStreams: 4096 })()
const PAIRS: Array<[string, StreamMuxerFactory, StreamMuxerFactory]> = [
  ['ours dials npm\'s', OURS, NPM],
  ['npm\'s dials ours', NPM, OURS],
  ['ours dials ours', OURS, OURS]
]

interface Muxers {
  dialer: StreamMuxer
  listener: StreamMuxer
}

function join (dials: StreamMuxerFactory, listens: StreamMuxerFactory, pair: [MessageStream, MessageStream]): Muxers {
  return { dialer: dials.createStreamMuxer(pair[0]), listener: listens.createStreamMuxer(pair[1]) }
}

function overLink (dials: StreamMuxerFactory, listens: StreamMuxerFactory, options: LinkOptions = {}): Muxers {
  const ends = link({ highWaterBytes: 512 * 1024, ...options })

  ends.forEach((end) => { end.isRecording = false })

  return join(dials, listens, ends)
}

async function open ({ dialer, listener }: Muxers): Promise<[Stream, Stream]> {
  const [event, stream] = await Promise.all([pEvent<'stream', CustomEvent<Stream>>(listener, 'stream'), dialer.createStream()])

  return [stream, event.detail]
}

async function send (stream: Stream, bytes: Uint8Array): Promise<void> {
  if (!stream.send(bytes)) {
    await pEvent(stream, 'drain', { rejectionEvents: ['close'] })
  }
}

/** Digest of all that comes until the peer ends. */
async function digest (stream: Stream): Promise<string> {
  const hash = createHash('sha256')

  stream.addEventListener('message', ({ data }) => { hash.update(data.subarray()) })

  if (stream.remoteWriteStatus !== 'closed') {
    await pEvent(stream, 'remoteCloseWrite')
  }

  await eventually(() => stream.readBufferLength === 0)

  return hash.digest('hex')
}

function noise (seed: number, bytes: number): Uint8Array {
  const random = seededRandom(seed)

  return Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256))
}

async function sendAll (stream: Stream, chunk: Uint8Array, count: number): Promise<string> {
  const hash = createHash('sha256')

  for (let i = 0; i < count; i++) {
    hash.update(chunk)
    await send(stream, chunk)
  }

  await stream.close()

  return hash.digest('hex')
}

describe.each(PAIRS)('%s', (_, dials, listens) => {
  it('and carries 64 MiB, byte for byte, in both directions at a time', async () => {
    const [near, far] = await open(overLink(dials, listens))
    const chunk = noise(1, 64 * 1024 + 17)
    const count = Math.ceil(32 * 2 ** 20 / chunk.byteLength)
    const received = [digest(far), digest(near)]
    const sent = await Promise.all([sendAll(near, chunk, count), sendAll(far, chunk, count)])

    expect(await Promise.all(received)).toEqual(sent)
  })

  it('whatever pieces the transport makes of frames', async () => {
    const [near, far] = await open(overLink(dials, listens, { pieceBytes: 1021 }))
    const received = digest(far)
    const sent = await sendAll(near, noise(2, 70_001), 20)

    expect(await received).toBe(sent)
  })

  it('over the connections of libp2p', async () => {
    const [near, far] = await open(join(dials, listens, multiaddrConnectionPair()))
    const received = digest(far)
    const sent = await sendAll(near, noise(3, 64 * 1024), 32)

    expect(await received).toBe(sent)
  })

  it('with 1000 streams that ask, answer and close', async () => {
    const muxers = overLink(dials, listens)

    muxers.listener.addEventListener('stream', ({ detail }) => { void echo(detail) })

    const answers = await Promise.all(Array.from({ length: 1000 }, async (_, index) => {
      const stream = await muxers.dialer.createStream()
      const lp = lpStream(stream)

      await lp.write(new TextEncoder().encode(`question ${index}`))

      const answer = new TextDecoder().decode((await lp.read()).subarray())

      await Promise.all([pEvent(stream, 'close'), stream.close()])

      return answer
    }))

    expect(answers).toEqual(Array.from({ length: 1000 }, (_, index) => `question ${index}`))
    await eventually(() => muxers.dialer.streams.length === 0 && muxers.listener.streams.length === 0)
  })

  it.each([['who opened it', 0], ['who accepted it', 1]])('with a stream that is half closed by %s and goes on the other way', async (_, closes) => {
    const ends = await open(overLink(dials, listens))
    const [first, second] = closes === 0 ? ends : [ends[1], ends[0]]

    if (first == null || second == null) {
      throw new Error('there are two ends')
    }

    const inbound = digest(first)

    await Promise.all([pEvent(second, 'remoteCloseWrite'), first.close()])
    expect([first.writeStatus, second.writeStatus, second.status]).toEqual(['closed', 'writable', 'open'])

    const sent = await sendAll(second, noise(4, 1000), 100)

    expect(await inbound).toBe(sent)
    await eventually(() => first.status === 'closed' && second.status === 'closed')
  })

  it('with streams that are opened by both at a time', async () => {
    const muxers = overLink(dials, listens)
    const [a, b] = await Promise.all([open(muxers), open({ dialer: muxers.listener, listener: muxers.dialer })])
    const received = [digest(a[1]), digest(b[1])]
    const sent = await Promise.all([sendAll(a[0], noise(5, 5000), 50), sendAll(b[0], noise(6, 5000), 50)])

    expect(await Promise.all(received)).toEqual(sent)
  })

  it('with a reset, which the other side sees as one', async () => {
    const muxers = overLink(dials, listens)
    const [near, far] = await open(muxers)
    const closed = pEvent<'close', Event & { error?: Error }>(far, 'close')

    near.abort(new Error('no'))

    expect((await closed).error?.name).toBe('StreamResetError')
    expect([near.status, far.status]).toEqual(['aborted', 'reset'])
    expect([muxers.dialer.streams, muxers.listener.streams]).toEqual([[], []])
  })

  it('with a close of the muxer, after which both are closed or closing', async () => {
    const muxers = overLink(dials, listens)
    const [near, far] = await open(muxers)
    const received = digest(far)
    const sent = sendAll(near, noise(7, 1000), 300)

    await sent
    await muxers.dialer.close()

    expect(await received).toBe(await sent)
    await eventually(() => muxers.listener.status !== 'open')
  })
})

describe('a stalled reader of ours', () => {
  it('holds back the muxer of npm, which loses nothing', async () => {
    const [near, far] = await open(overLink(NPM, OURS))

    far.pause()

    const sent = sendAll(near, noise(8, 64 * 1024), 64)

    await eventually(() => far.readBufferLength === 256 * 1024)
    expect([far.status, near.status]).toEqual(['open', 'open'])

    const received = digest(far)

    far.resume()
    expect(await received).toBe(await sent)
  })
})
