import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { byteStreamPair, HIGH_WATER_BYTES, joinByteStreams, LinkByteStream, MEMORY_BUFFER_BYTES } from '../../../src/channel/bytes/index.ts'
import { joinLinks } from '../../../src/channel/bytes/join-byte-streams.ts'
import { ForeignByteStream } from './foreign-byte-stream.ts'
import { CANCELLED, failure, fill, isSettled, microtasks, readPattern, readSome, resetByPeer, ScriptedLink, thrownBy, writePattern } from './support.ts'
import type { ByteStream, StreamDirection } from '../../../src/channel/contract/index.ts'

interface Scene {
  /** The far end of what is joined as `a`, and that of `b`. */
  a: ByteStream
  b: ByteStream
  joined: Promise<Error | undefined>
}

function scene (direction: StreamDirection = 'duplex'): Scene {
  const [a, nearA] = byteStreamPair()
  const [b, nearB] = byteStreamPair()

  return { a, b, joined: joinByteStreams(nearA, nearB, direction) }
}

interface LinkScene {
  a: ScriptedLink
  b: ScriptedLink
  joined: Promise<Error | undefined>
}

function linkScene (direction: StreamDirection = 'duplex'): LinkScene {
  const [a, b] = [new ScriptedLink(), new ScriptedLink()]
  const joined = joinLinks(a, b, direction)

  a.takeCalls()
  b.takeCalls()

  return { a, b, joined }
}

describe('joinByteStreams', () => {
  it('copies both ways, with half-close, and resolves when both have ended', async () => {
    const { a, b, joined } = scene()

    await a.end('request')
    expect(await b.text()).toBe('request')
    expect(await isSettled(joined)).toBe(false)

    await b.end('answer')
    expect(await a.text()).toBe('answer')
    expect(await joined).toBe(undefined)
    expect([await a.closed, await b.closed]).toEqual([undefined, undefined])
  })

  it('loses nothing of what is unread, on either side, when it begins', async () => {
    const [a, nearA] = byteStreamPair()
    const [b, nearB] = byteStreamPair()

    void writePattern(a, 200_000, 1000)
    void writePattern(b, 100_000, 3333)
    await microtasks()
    const joined = joinByteStreams(nearA, nearB, 'duplex')

    expect(await Promise.all([readPattern(a), readPattern(b), joined])).toEqual([100_000, 200_000, undefined])
  })

  it('moves both streams', async () => {
    const [, nearA] = byteStreamPair()
    const [, nearB] = byteStreamPair()

    void joinByteStreams(nearA, nearB, 'duplex')

    expect(await failure(nearA.read())).toMatchObject({ code: 'ChannelMoved' })
    expect(await failure(nearB.write('x'))).toMatchObject({ code: 'ChannelMoved' })
  })

  it('hands on at once, without a promise for each chunk', () => {
    const { a, b } = linkScene()

    a.data('1')
    a.data('2')
    b.data('3')

    expect([b.takeCalls(), a.takeCalls()]).toEqual([['write 1', 'write 2'], ['write 3']])
  })

  it('holds a bounded number of bytes when nobody reads at the other end', async () => {
    const { a } = scene()

    // unread at the far end, in its link and in that of the near end
    expect(await fill(a, 1024)).toBe(HIGH_WATER_BYTES + 2 * MEMORY_BUFFER_BYTES)
  })

  it('goes on when they are read, to the last byte', async () => {
    const { a, b, joined } = scene()

    void writePattern(a, 3_000_000)
    await microtasks(1000)
    void b.end()

    expect(await readPattern(b)).toBe(3_000_000)
    expect(await a.read()).toBe(null)
    expect(await joined).toBe(undefined)
  })

  it('stalls one direction alone', async () => {
    const { a, b } = scene()

    await fill(a)
    void writePattern(b, 1_000_000)

    expect(await readPattern(a)).toBe(1_000_000)
  })

  it('passes a reset on with its reason', async () => {
    const { a, b, joined } = scene()
    const reason = { code: 300, message: 'quota used up' }

    a.reset(reason)

    expect(await failure(b.read())).toMatchObject({ code: 'StreamReset', reason })
    expect(await failure(b.write('x'))).toMatchObject({ code: 'StreamReset', reason })
    expect(await joined).toMatchObject({ code: 'StreamReset', reason })
  })

  it('passes on what was written before a reset', async () => {
    const { a, b } = scene()

    await a.write('before')
    a.reset()

    expect((await b.read())?.byteLength).toBe(6)
    expect(await failure(b.read())).toMatchObject({ code: 'StreamReset' })
  })

  it('turns the loss of a connection into a reset with `failed`', async () => {
    const { a, b, joined } = linkScene()
    const loss = new CodedError('ConnectionLost', 'the cable was cut')

    a.events.onClose(loss)

    expect(b.resetReason).toEqual({ code: 1, message: 'the cable was cut' })
    expect(await joined).toBe(loss)
  })

  it('passes on that nobody reads any more, as `cancelled`', async () => {
    const { a, b } = scene('readable')

    void a.write('first').catch(() => {})

    expect(await readSome(b, 1)).toHaveLength(1)

    // what has ended our direction, too, is what tells
    await b.end()
    b.reset(CANCELLED)

    expect(await a.closed).toMatchObject({ code: 'StreamReset', reason: CANCELLED })
  })

  it.each([
    ['readable', 'a', 'b'],
    ['writable', 'b', 'a']
  ] as const)('with `%s` only copies from %s to %s', async (direction, from, to) => {
    const ends = scene(direction)
    const [source, sink] = [ends[from], ends[to]]

    await source.end('one way')
    expect(await sink.text()).toBe('one way')
    expect(await source.read()).toBe(null)

    await sink.end('thrown away')
    expect(await ends.joined).toBe(undefined)
  })

  // spec-channel 10.2
  it('with one direction ends the other at once', () => {
    const [a, b] = [new ScriptedLink(), new ScriptedLink()]

    void joinLinks(a, b, 'writable')
    expect([a.calls, b.calls]).toEqual([['attach', 'resume'], ['attach', 'end', 'resume']])

    void joinLinks(b, a, 'readable')
    expect(b.calls.slice(3)).toEqual(['attach', 'end', 'resume'])
  })

  it('connects byte streams of another make', async () => {
    const [a, nearA] = byteStreamPair()
    const [b, nearB] = byteStreamPair()
    const joined = joinByteStreams(new ForeignByteStream(nearA), nearB, 'duplex')

    void writePattern(a, 300_000, 999)
    void writePattern(b, 300_000, 100_000)

    expect(await Promise.all([readPattern(a), readPattern(b), joined])).toEqual([300_000, 300_000, undefined])
  })

  it('refuses a stream that has been moved, and then touches neither', async () => {
    const [a, nearA] = byteStreamPair()
    const [, gone] = byteStreamPair()
    const [, other] = byteStreamPair()

    void joinByteStreams(gone, other, 'duplex')

    expect(thrownBy(() => joinByteStreams(nearA, gone, 'duplex'))).toMatchObject({ code: 'ChannelMoved' })
    expect(thrownBy(() => joinByteStreams(gone, nearA, 'duplex'))).toMatchObject({ code: 'ChannelMoved' })

    await nearA.end('untouched')
    expect(await a.text()).toBe('untouched')
  })

  it('refuses to connect a stream to itself', () => {
    const [near] = byteStreamPair()

    expect(thrownBy(() => joinByteStreams(near, near, 'duplex'))).toBeInstanceOf(TypeError)
  })
})

describe('two joined links', () => {
  it('pause the source while the sink has no room', () => {
    const { a, b } = linkScene()

    b.hasRoom = false
    a.data('x')
    expect(a.isPaused).toBe(true)

    b.events.onRoom()
    expect(a.isPaused).toBe(false)
  })

  it('take no room for a reason to resume what was not held', () => {
    const { a, b } = linkScene()

    b.events.onRoom()

    expect(a.takeCalls()).toEqual([])
  })

  it('reset the one that still writes to a link which has ended by itself, behind what was written', async () => {
    const { a, b, joined } = linkScene()

    b.hasRoom = false
    a.data('tail')
    a.events.onEnd()
    a.events.onClose()
    await microtasks()
    expect(b.takeCalls()).toEqual(['write tail', 'end'])

    b.events.onRoom()
    await microtasks()
    expect(b.resetReason).toMatchObject({ code: CANCELLED.code })
    expect(await joined).toMatchObject({ code: 'StreamAborted' })
  })

  it('do not reset what has ended, and are told once that it did', async () => {
    const { a, b, joined } = linkScene()

    a.events.onEnd()
    b.events.onEnd()
    a.events.onClose()
    b.events.onClose()
    b.events.onClose(resetByPeer())

    expect(await joined).toBe(undefined)
    expect([a.takeCalls(), b.takeCalls()]).toEqual([['end'], ['end']])
  })

  it('let bytes go nowhere that come for an end that has gone', () => {
    const { a, b } = linkScene()

    a.events.onEnd()
    b.events.onEnd()
    a.events.onClose()
    a.takeCalls()
    b.data('late')

    expect(a.takeCalls()).toEqual([])
    expect(b.isPaused).toBe(false)
  })

  it('never reject, whatever the error', async () => {
    const { a, joined } = linkScene()
    const error = new Error('plain')

    a.events.onClose(error)

    expect(await joined).toBe(error)
  })

  it('work where one is a stream that was lazy', async () => {
    const link = new ScriptedLink()
    const [far, near] = byteStreamPair()

    void joinByteStreams(new LinkByteStream(link, { isLazy: true }), near, 'duplex')
    expect(link.takeCalls()).toEqual(['attach', 'resume'])

    link.data('hello')
    link.events.onEnd()
    expect(await far.text()).toBe('hello')
  })
})
