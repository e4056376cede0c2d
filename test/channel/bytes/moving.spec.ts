import { describe, expect, it } from 'vitest'
import { queueOfBytes } from '../../../src/channel/bytes/chunk-bytes.ts'
import { byteStreamPair, isByteStream, LinkByteStream, takeByteStream } from '../../../src/channel/bytes/index.ts'
import { ReplayLink } from '../../../src/channel/bytes/replay-link.ts'
import { ForeignByteStream } from './foreign-byte-stream.ts'
import { failure, microtasks, pattern, readAll, readPattern, resetByPeer, ScriptedLink, textOf, thrownBy, utf8, writePattern } from './support.ts'

const MOVED = { code: 'ChannelMoved' }

describe('takeByteStream', () => {
  it('gives a stream that goes on where the old one stopped, with the unread bytes', async () => {
    const [near, far] = byteStreamPair()

    void writePattern(near, 1_000_000, 10_000)
    expect(await far.read()).toEqual(pattern(10_000))

    const taken = takeByteStream(far)

    expect(await taken.bytes()).toEqual(pattern(990_000, 10_000))
  })

  it('gives what was behind the old one: writes, ends and resets arrive', async () => {
    const [near, far] = byteStreamPair()
    const taken = takeByteStream(far)

    await taken.write('hello')
    expect(textOf(await near.read())).toBe('hello')

    near.reset('gone')
    expect(await failure(taken.read())).toMatchObject({ code: 'StreamReset', reason: { message: 'gone' } })
  })

  it('fails the calls that wait on the old one, and later ones', async () => {
    const link = new ScriptedLink()
    const old = new LinkByteStream(link)

    link.hasRoom = false
    const waiting = [failure(old.read()), failure(old.write('x'))]

    takeByteStream(old)

    expect(await Promise.all(waiting)).toMatchObject([MOVED, MOVED])

    const later = [old.read(), old.write('x'), old.end(), old.closeWrite(), old.close(), old.bytes(), old.text(), readAll(old)]

    expect(await Promise.all(later.map(failure))).toMatchObject(later.map(() => MOVED))
    expect(thrownBy(() => { old.closeRead() })).toMatchObject(MOVED)
    expect(thrownBy(() => { old.reset() })).toMatchObject(MOVED)
    expect(thrownBy(() => takeByteStream(old))).toMatchObject(MOVED)
    expect(await old.closed).toMatchObject(MOVED)
  })

  it('fails the WHATWG views of the old one', async () => {
    const [, far] = byteStreamPair()
    const read = failure(far.readable.getReader().read())
    const writer = far.writable.getWriter()

    writer.closed.catch(() => {})
    takeByteStream(far)

    expect(await read).toMatchObject(MOVED)
    expect(await failure(writer.write(utf8('x')))).toMatchObject(MOVED)
  })

  it('may happen in the scope of `await using`', async () => {
    const [near, far] = byteStreamPair()
    let taken = far

    {
      await using held = far

      taken = takeByteStream(held)
    }

    await taken.end('alive')
    expect(await near.text()).toBe('alive')
  })

  it('keeps an end and an error that had come behind unread bytes', async () => {
    const [ended, failed] = [new ScriptedLink(), new ScriptedLink()]
    const streams = [new LinkByteStream(ended), new LinkByteStream(failed)]
    const error = resetByPeer()

    for (const link of [ended, failed]) {
      link.data('unread')
    }

    ended.events.onEnd()
    failed.events.onClose(error)
    const [afterEnd, afterError] = streams.map(takeByteStream)

    expect([textOf(await afterEnd?.read() ?? null), await afterEnd?.read()]).toEqual(['unread', null])
    expect(textOf(await afterError?.read() ?? null)).toBe('unread')
    expect(await failure(afterError?.read() ?? Promise.resolve())).toBe(error)
    expect(await failure(afterError?.write('x') ?? Promise.resolve())).toBe(error)
    expect(await afterError?.closed).toBe(error)
  })

  it('keeps what the link had kept back when it failed', async () => {
    const link = new ScriptedLink()
    const old = new LinkByteStream(link)
    const error = resetByPeer()

    link.events.onData(pattern(65_536))
    link.resume = () => { link.events.onData(pattern(10, 65_536)) }
    link.events.onClose(error)
    const taken = takeByteStream(old)

    expect([await taken.read(), await taken.read()]).toEqual([pattern(65_536), pattern(10, 65_536)])
    expect(await failure(taken.read())).toBe(error)
  })

  it('tells an error at once, however much is unread before it', async () => {
    const [before, after] = [new ScriptedLink(), new ScriptedLink()]
    const streams = [new LinkByteStream(before), new LinkByteStream(after)]
    const error = resetByPeer()

    for (const link of [before, after]) {
      link.events.onData(pattern(65_536))
      link.events.onData(pattern(65_536, 65_536))
    }

    before.events.onClose(error)
    const taken = streams.map(takeByteStream)
    after.events.onClose(error)

    expect(await Promise.all(taken.map(async ({ closed }) => closed))).toEqual([error, error])
    expect(await taken[0]?.read()).toEqual(pattern(65_536))
  })

  it('pauses the link before it gives it away', () => {
    const link = new ScriptedLink()

    new LinkByteStream(link).release()

    expect(link.calls).toEqual(['attach', 'resume', 'pause'])
  })

  it('keeps a graceful close that had come', async () => {
    const link = new ScriptedLink()
    const old = new LinkByteStream(link)

    await old.end()
    link.data('unread')
    link.events.onEnd()
    link.events.onClose()
    const taken = takeByteStream(old)

    expect(await taken.text()).toBe('unread')
    expect(await taken.closed).toBe(undefined)
  })

  it('may be done many times over, without losing a byte', async () => {
    const [near, far] = byteStreamPair()
    let stream = far

    void near.write(pattern(30_000))

    for (let hop = 0; hop < 50; hop++) {
      stream = takeByteStream(stream)
    }

    void near.write(pattern(30_000, 30_000))
    void near.end()

    expect(await readPattern(stream)).toBe(60_000)
  })

  it('keeps what was done on the old one: an ended direction stays so', async () => {
    const [ended, unread] = [new LinkByteStream(new ScriptedLink()), new LinkByteStream(new ScriptedLink())]

    await ended.end()
    unread.closeRead()
    const [readable, writable] = [takeByteStream(ended), takeByteStream(unread)]

    expect(await failure(readable.write('x'))).toMatchObject({ code: 'StreamClosed' })
    expect(await writable.read()).toBe(null)
    expect(await writable.write('y')).toBe(undefined)
  })

  it.each([
    ['was reset', (stream: LinkByteStream) => { stream.reset() }],
    ['was closed', (stream: LinkByteStream) => { void stream.close() }]
  ])('refuses a stream that %s', (_, end) => {
    const stream = new LinkByteStream(new ScriptedLink())

    end(stream)

    expect(thrownBy(() => takeByteStream(stream))).toMatchObject({ code: 'StreamClosed' })
  })

  it('leaves a lazy stream unused', () => {
    const link = new ScriptedLink()

    takeByteStream(new LinkByteStream(link, { isLazy: true }))

    expect(link.takeCalls()).toEqual(['attach', 'resume'])
  })

  it('wraps a byte stream of another make', async () => {
    const [near, far] = byteStreamPair()
    const taken = takeByteStream(new ForeignByteStream(far))

    await near.end('through it')
    expect(await taken.text()).toBe('through it')

    await taken.end('and back')
    expect(await near.text()).toBe('and back')
  })
})

describe('a replayed link', () => {
  it('brings what a failed link has kept back, before the error', async () => {
    const link = new ScriptedLink()
    const old = new LinkByteStream(link)
    const error = resetByPeer()

    // two such chunks: the new stream is full with the first, and so its link is paused
    link.events.onData(pattern(65_536))
    link.events.onData(pattern(65_536, 65_536))
    const taken = takeByteStream(old)
    const keptBack = pattern(40_000, 131_072)
    link.resume = () => { link.events.onData(keptBack) }
    link.events.onClose(error)

    expect([await taken.read(), await taken.read(), await taken.read()]).toEqual([pattern(65_536), pattern(65_536, 65_536), keptBack])
    expect(await failure(taken.read())).toBe(error)
  })

  it('tells nothing but its close once it has been reset', () => {
    const unread = queueOfBytes()
    const told: string[] = []
    const inner = new ScriptedLink()
    const link = new ReplayLink(inner, { unread, hasEnded: true, end: undefined })

    unread.push(utf8('unread'))
    link.attach({
      onData: () => { told.push('DATA') },
      onEnd: () => { told.push('END') },
      onRoom: () => { told.push('ROOM') },
      onClose: (error) => { told.push(error?.name ?? 'CLOSED') }
    })
    inner.events.onRoom()
    link.reset({ code: 300, message: '' })
    link.resume()

    expect(told).toEqual(['ROOM', 'StreamAbortedError'])
    expect(inner.resetReason).toEqual({ code: 300, message: '' })
  })

  it('is over once it has been reset, with its bytes dropped', async () => {
    const link = new ScriptedLink()
    const old = new LinkByteStream(link)

    link.data('unread')
    const taken = takeByteStream(old)
    taken.reset({ code: 300, message: '' })

    expect(link.resetReason).toEqual({ code: 300, message: '' })
    expect(await taken.closed).toMatchObject({ code: 'StreamAborted' })
  })

  it('may be reset after its link has failed', async () => {
    const link = new ScriptedLink()
    const old = new LinkByteStream(link)

    link.data('unread')
    link.events.onClose(resetByPeer())
    takeByteStream(old).reset()
    await microtasks()

    expect(link.calls).not.toContain('reset')
  })
})

describe('isByteStream', () => {
  it('knows byte streams by their methods', () => {
    const [near] = byteStreamPair()

    expect(isByteStream(near)).toBe(true)
    expect(isByteStream(new ForeignByteStream(near))).toBe(true)
  })

  it.each([[null], [undefined], ['text'], [{}], [new ReadableStream()], [new Map()]])('is false for %s', (value) => {
    expect(isByteStream(value)).toBe(false)
  })
})
