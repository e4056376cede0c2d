import { once } from 'node:events'
import { Duplex, PassThrough, Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { adoptByteStream, byteStreamPair, joinByteStreams, LinkByteStream, takeByteStream } from '../../../src/channel/bytes/index.ts'
import { ForeignByteStream } from './foreign-byte-stream.ts'
import { failure, microtasks, readPattern, ScriptedLink, thrownBy, writePattern } from './support.ts'
import type { ByteStream, StreamDirection } from '../../../src/channel/contract/index.ts'
import type { Stream } from '../../../src/swarm/contract/index.ts'

function directionOf (value: object): StreamDirection | undefined {
  return adoptByteStream(value)?.direction
}

describe('what adoptByteStream takes', () => {
  it.each<[string, () => object, StreamDirection | undefined]>([
    ['a Readable of Node', () => Readable.from([]), 'readable'],
    ['a Writable of Node', () => new Writable(), 'writable'],
    ['a Duplex of Node', () => new Duplex({ read () {} }), 'duplex'],
    ['a PassThrough', () => new PassThrough(), 'duplex'],
    ['a ReadableStream', () => new ReadableStream(), 'readable'],
    ['a WritableStream', () => new WritableStream(), 'writable'],
    ['a TransformStream', () => new TransformStream(), 'duplex'],
    ['a pair of WHATWG streams', () => ({ readable: new ReadableStream(), writable: new WritableStream() }), 'duplex'],
    ['process.stdin', () => process.stdin, 'readable'],
    ['process.stdout', () => process.stdout, 'writable'],
    ['process.stderr', () => process.stderr, 'writable'],
    ['a byte stream', () => byteStreamPair()[0], 'duplex'],
    ['a byte stream to read from', () => new LinkByteStream(new ScriptedLink(), { direction: 'readable' }), 'readable'],
    ['a byte stream to write to', () => new LinkByteStream(new ScriptedLink(), { direction: 'writable' }), 'writable'],
    ['a byte stream of another make', () => new ForeignByteStream(byteStreamPair()[0]), 'duplex'],
    ['a plain object', () => ({}), undefined],
    ['a list', () => [], undefined],
    ['bytes', () => new Uint8Array(1), undefined],
    ['a map', () => new Map(), undefined],
    ['half a pair', () => ({ readable: new ReadableStream() }), undefined],
    ['a pair of something else', () => ({ readable: {}, writable: {} }), undefined],
    ['an emitter', () => new EventTarget(), undefined],
    ['a date', () => new Date(0), undefined]
  ])('of %s is right', (_, make, direction) => {
    expect(directionOf(make())).toBe(direction)
  })

  it('is a byte stream of ours as it is', () => {
    const [near] = byteStreamPair()

    expect(adoptByteStream(near)?.stream).toBe(near)
  })

  it('is the direction that is left of a Duplex', async () => {
    const written = new PassThrough()
    const mute = new PassThrough()

    written.end('all')
    mute.push(null)
    mute.resume()
    await once(mute, 'end')

    expect([directionOf(written), directionOf(mute)]).toEqual(['readable', 'writable'])
  })

  it('is not a byte stream that was moved, reset or closed', async () => {
    const [moved] = byteStreamPair()
    const [reset] = byteStreamPair()
    const [closed] = byteStreamPair()

    takeByteStream(moved)
    reset.reset()
    await closed.close()

    expect(thrownBy(() => adoptByteStream(moved))).toMatchObject({ code: 'ChannelMoved' })
    expect(thrownBy(() => adoptByteStream(reset))).toMatchObject({ code: 'StreamClosed' })
    expect(thrownBy(() => adoptByteStream(closed))).toMatchObject({ code: 'StreamClosed' })
  })

  it('is not a WHATWG stream that is locked', () => {
    const readable = new ReadableStream()
    const writable = new WritableStream()

    readable.getReader()
    writable.getWriter()

    expect(thrownBy(() => adoptByteStream(readable))).toBeInstanceOf(TypeError)
    expect(thrownBy(() => adoptByteStream(writable))).toBeInstanceOf(TypeError)
    expect(thrownBy(() => adoptByteStream({ readable, writable: new WritableStream() }))).toBeInstanceOf(TypeError)
  })

  it('is not a stream of Node that is in use already', () => {
    const readable = Readable.from(['x'])

    adoptByteStream(readable)?.stream.read().catch(() => {})

    expect(thrownBy(() => adoptByteStream(readable))).toMatchObject({ code: 'ChannelMoved' })
  })
})

describe('an adopted stream that is not used', () => {
  it('has touched nothing', async () => {
    const duplex = new PassThrough()
    const readable = new ReadableStream()
    const writable = new WritableStream()
    const before = duplex.eventNames()

    adoptByteStream(duplex)
    adoptByteStream(readable)
    adoptByteStream(writable)
    await microtasks()

    expect(duplex.eventNames()).toEqual(before)
    expect([duplex.readableFlowing, readable.locked, writable.locked]).toEqual([null, false, false])
  })

  it('may be adopted again', async () => {
    const readable = Readable.from(['all ', 'here'])

    adoptByteStream(readable)

    expect(await adoptByteStream(readable)?.stream.text()).toBe('all here')
  })

  it('that was adopted twice goes to who uses it first, and the other is told', async () => {
    const readable = Readable.from(['all of it'])
    const [first, second] = [adoptByteStream(readable)?.stream, adoptByteStream(readable)?.stream]
    const text = first?.text()

    expect(await failure(second?.read() ?? Promise.resolve())).toMatchObject({ code: 'ChannelMoved' })
    expect(await text).toBe('all of it')
  })

  it('is touched by its first call', () => {
    const duplex = new PassThrough()

    adoptByteStream(duplex)?.stream.read().catch(() => {})

    expect(duplex.listenerCount('data')).toBe(1)
  })
})

/** A stream of the swarm is no ByteStream to the compiler, as some of its methods differ. */
function asSwarmStream (inner: ByteStream): Stream {
  const stream = new ForeignByteStream(inner)

  return Object.assign(stream, {
    closeRead: async () => { inner.closeRead() },
    setDeadline () {}
  }) as unknown as Stream
}

describe('an adopted stream of the swarm', () => {
  it('is copied both ways, with ends', async () => {
    const [far, inner] = byteStreamPair()
    const [there, here] = byteStreamPair()
    const adopted = adoptByteStream(asSwarmStream(inner))

    if (adopted == null) {
      throw new Error('wanted it to be adopted')
    }

    const joined = joinByteStreams(adopted.stream, here, adopted.direction)

    void writePattern(far, 200_000)
    void writePattern(there, 150_000)

    expect(await Promise.all([readPattern(far), readPattern(there), joined])).toEqual([150_000, 200_000, undefined])
  })

  it('passes on its errors as they are', async () => {
    const [far, inner] = byteStreamPair()
    const adopted = adoptByteStream(asSwarmStream(inner))
    const read = failure(adopted?.stream.read() ?? Promise.resolve())

    far.reset({ code: 300, message: 'done for' })

    expect(await read).toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'done for' } })
  })

  it('gives the bytes before an error, then the error', async () => {
    const link = new ScriptedLink()
    const inner = new LinkByteStream(link)

    link.events.onData(new Uint8Array(5))
    link.events.onClose(new CodedError('ConnectionLost', 'the cable was cut'))
    await microtasks()
    const adopted = adoptByteStream(asSwarmStream(inner))

    expect((await adopted?.stream.read())?.byteLength).toBe(5)
    expect(await failure(adopted?.stream.read() ?? Promise.resolve())).toMatchObject({ code: 'ConnectionLost' })
  })

  it('is told of a failure although only its end is waited for', async () => {
    const [far, inner] = byteStreamPair()
    const adopted = adoptByteStream(asSwarmStream(inner))

    await far.end()
    expect(await adopted?.stream.read()).toBe(null)
    far.reset('after the end')

    expect(await adopted?.stream.closed).toMatchObject({ code: 'StreamReset' })
  })

  it('is reset with an error that has the reason', async () => {
    const [far, inner] = byteStreamPair()
    const adopted = adoptByteStream(asSwarmStream(inner))

    adopted?.stream.reset({ code: 300, message: 'why' })

    expect(await far.closed).toMatchObject({ reason: { code: 300, message: 'why' } })
  })

  it('waits with writes until it has taken what was written before', async () => {
    const [far, inner] = byteStreamPair()
    const adopted = adoptByteStream(asSwarmStream(inner))
    const large = new Uint8Array(300_000)

    void adopted?.stream.write(large)
    const second = adopted?.stream.write(large)

    expect((await far.read())?.byteLength).toBe(300_000)
    expect((await far.read())?.byteLength).toBe(300_000)
    expect(await second).toBe(undefined)
  })

  it('loses its connection with an error that says so', async () => {
    const link = new ScriptedLink()
    const adopted = adoptByteStream(asSwarmStream(new LinkByteStream(link)))
    const read = failure(adopted?.stream.read() ?? Promise.resolve())

    link.events.onClose(new CodedError('ConnectionLost', 'the cable was cut'))

    expect(await read).toMatchObject({ code: 'ConnectionLost' })
  })
})
