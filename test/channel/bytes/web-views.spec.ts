import { describe, expect, it } from 'vitest'
import { byteStreamPair, LinkByteStream } from '../../../src/channel/bytes/index.ts'
import { CANCELLED, failure, fill, isSettled, microtasks, pattern, readPattern, resetByPeer, ScriptedLink, textOf, utf8, writePattern } from './support.ts'

interface Scene {
  link: ScriptedLink
  stream: LinkByteStream
}

function scene (): Scene {
  const link = new ScriptedLink()
  const stream = new LinkByteStream(link)

  return { link, stream }
}

describe('readable', () => {
  it('gives the same bytes, and closes at the end', async () => {
    const [near, far] = byteStreamPair()

    void writePattern(near, 500_000)
    const got = await new Response(far.readable).bytes()

    expect(got).toEqual(pattern(500_000))
  })

  it('is the same object every time', () => {
    const { stream } = scene()

    expect(stream.readable).toBe(stream.readable)
  })

  it('reads nothing that nobody asks for', async () => {
    const { link, stream } = scene()

    expect(stream.readable.locked).toBe(false)
    link.events.onData(new Uint8Array(64 * 1024))
    await microtasks()

    expect(link.isPaused).toBe(true)
  })

  it('leaves the memory of a chunk to whoever has it, too', async () => {
    const { link, stream } = scene()
    const buffer = utf8('shared with others')

    link.events.onData(buffer.subarray(0, 6))
    const { value } = await stream.readable.getReader().read()

    expect(textOf(value ?? null)).toBe('shared')
    expect(textOf(buffer)).toBe('shared with others')
  })

  it('reads into memory of the reader, cut as that wants it', async () => {
    const { link, stream } = scene()
    const reader = stream.readable.getReader({ mode: 'byob' })

    link.data('abcde')
    const first = await reader.read(new Uint8Array(3))
    const second = await reader.read(new Uint8Array(3))

    expect([textOf(first.value ?? null), textOf(second.value ?? null)]).toEqual(['abc', 'de'])
  })

  it('ends a read into memory of the reader at the end', async () => {
    const { link, stream } = scene()
    const read = stream.readable.getReader({ mode: 'byob' }).read(new Uint8Array(3))

    link.events.onEnd()

    expect((await read).done).toBe(true)
  })

  it('gives the bytes before an error, then the error', async () => {
    const { link, stream } = scene()
    const reader = stream.readable.getReader()
    const error = resetByPeer()

    link.data('before')
    link.events.onClose(error)

    expect(textOf((await reader.read()).value ?? null)).toBe('before')
    expect(await failure(reader.read())).toBe(error)
    expect(await failure(reader.closed)).toBe(error)
  })

  it.each([
    ['nothing', undefined, CANCELLED],
    ['a string', 'seen enough', { code: 3, message: 'seen enough' }],
    ['an error', new Error('broken'), { code: 1, message: 'broken' }],
    ['something else', 42, { code: 3, message: '42' }]
  ])('cancelled with %s is closeRead with that reason', async (_, given, expected) => {
    const { link, stream } = scene()

    await stream.end()
    await stream.readable.cancel(given)
    await microtasks()

    expect(link.resetReason).toEqual(expected)
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamClosed' })
  })

  it('cancelled while a read waits settles that', async () => {
    const { stream } = scene()
    const reader = stream.readable.getReader()
    const read = reader.read()

    await microtasks()
    await reader.cancel()

    expect((await read).done).toBe(true)
  })
})

describe('writable', () => {
  it('takes the same bytes, and its close ends our direction behind them', async () => {
    const [near, far] = byteStreamPair()
    const bytes = new Blob([pattern(500_000) as BlobPart])

    void bytes.stream().pipeTo(near.writable)

    expect(await readPattern(far)).toBe(500_000)
  })

  it('waits for room', async () => {
    const { link, stream } = scene()
    const writer = stream.writable.getWriter()

    link.hasRoom = false
    const written = writer.write(utf8('a'))
    expect(await isSettled(writer.ready)).toBe(false)

    link.events.onRoom()
    await written
    expect(await isSettled(writer.ready)).toBe(true)
  })

  it('aborted resets the stream with the reason, although a write waits', async () => {
    const [near, far] = byteStreamPair()

    await fill(near)
    const writer = near.writable.getWriter()
    const written = failure(writer.write(utf8('waits')))
    await microtasks()
    await writer.abort(new Error('changed my mind'))

    expect(await written).toBeInstanceOf(Error)
    expect(await far.closed).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'changed my mind' } })
  })

  it('fails when the other side resets, though nothing is written', async () => {
    const [near, far] = byteStreamPair()
    const writer = near.writable.getWriter()
    const closed = failure(writer.closed)

    far.reset('go away')

    expect(await closed).toMatchObject({ code: 'StreamReset', reason: { code: 0, message: 'go away' } })
    expect(await failure(writer.write(utf8('x')))).toMatchObject({ code: 'StreamReset' })
  })

  it('refuses chunks that are no bytes', async () => {
    const { stream } = scene()
    const writer = stream.writable.getWriter()

    writer.closed.catch(() => {})

    expect(await failure(writer.write(5 as never))).toBeInstanceOf(TypeError)
  })

  it('goes through a pair of its own with `readable`, as a duplex', async () => {
    const [near, far] = byteStreamPair()

    // an echo
    const echo = far.readable.pipeTo(far.writable)
    void near.end('there and back')

    expect(await near.text()).toBe('there and back')
    await echo
    expect(await far.closed).toBe(undefined)
  })
})
