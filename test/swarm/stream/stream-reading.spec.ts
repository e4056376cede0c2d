import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure, streamPair } from '../../support/stream-pair.ts'
import type { SwarmStream } from '../../../src/swarm/stream/index.ts'

const KIB = 1024
const read = async (stream: SwarmStream): Promise<string | null> => {
  const chunk = await stream.read()

  return chunk == null ? null : new TextDecoder().decode(chunk)
}

describe('read', () => {
  it('waits for bytes, and gives null at the end, every time', async () => {
    using pair = await streamPair()
    const reading = read(pair.near)

    await turns(10)
    await pair.far.end('late')

    expect(await reading).toBe('late')
    expect(await read(pair.near)).toBeNull()
    expect(await read(pair.near)).toBeNull()
  })

  it('refuses a second reader, and serves the first', async () => {
    using pair = await streamPair()
    const first = read(pair.near)
    const second = failure(pair.near.read())

    expect(await second).toBeInstanceOf(TypeError)
    expect(await second).toMatchObject({ message: 'a read is waiting already: read one chunk after the other' })

    await pair.far.write('for the first')
    expect(await first).toBe('for the first')
  })

  it('loses nothing when its signal ends it', async () => {
    using pair = await streamPair()
    const controller = new AbortController()
    const reason = new Error('not now')
    const reading = failure(pair.near.read({ signal: controller.signal }))

    controller.abort(reason)
    await pair.far.write('kept')

    expect(await reading).toBe(reason)
    expect(await failure(pair.near.read({ signal: controller.signal }))).toBe(reason)
    expect(await read(pair.near)).toBe('kept')
  })

  it('fails at its deadline, and reads what came meanwhile when that is lifted', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })
    const reading = failure(pair.near.read())

    pair.near.setDeadline(clock.now() + 500)
    await clock.advance(500)
    await pair.far.write('meanwhile')
    await eventually(() => pair.near.stat().bytesBuffered === 9)

    expect(await reading).toMatchObject({ code: 'StreamDeadline', message: expect.stringContaining('the read was not done') })
    expect(await failure(pair.near.read())).toMatchObject({ code: 'StreamDeadline' })

    pair.near.setDeadline(null)
    expect(await read(pair.near)).toBe('meanwhile')
  })

  it('has nothing to fear from a deadline once the stream has ended', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    await pair.far.end('whole')
    await pair.near.closeWrite()
    await pair.near.closed
    pair.near.setReadDeadline(clock.now() - 1)

    expect(await pair.near.text()).toBe('whole')
    expect(clock.pending).toBe(0)
  })
})

describe('bytes and text', () => {
  it('give all that comes', async () => {
    using pair = await streamPair()

    await pair.far.write('grüße, ')
    await pair.far.end('🌍')

    expect(await pair.near.text()).toBe('grüße, 🌍')
  })

  it('take 1 MiB and not a byte more, unless told otherwise', async () => {
    using pair = await streamPair()
    const bytes = new Uint8Array(1_024 * KIB + 1)
    const writing = pair.far.end(bytes).catch(() => {})

    expect(await failure(pair.near.bytes())).toMatchObject({ code: 'ResourceLimit', message: expect.stringContaining('1048576 bytes (maxBytes)') })
    expect(await pair.far.closed).toMatchObject({ code: 'StreamReset' })
    await writing

    using other = await streamPair()
    const sending = other.far.end(bytes)

    expect((await other.near.bytes({ maxBytes: bytes.byteLength })).byteLength).toBe(bytes.byteLength)
    await sending
  })

  it('fail with the stream, and never take a part for the whole', async () => {
    using pair = await streamPair()

    await pair.far.write('half')
    await eventually(() => pair.near.port.buffered === 4)
    pair.far.reset()

    expect(await failure(pair.near.text())).toMatchObject({ code: 'StreamReset' })
  })
})

describe('iterating', () => {
  it('may be left and taken up again', async () => {
    using pair = await streamPair()
    const chunks: string[] = []

    await pair.far.write('a')

    for await (const chunk of pair.near) {
      chunks.push(new TextDecoder().decode(chunk))

      if (chunks.length === 1) {
        break
      }
    }

    await pair.far.end('b')

    for await (const chunk of pair.near) {
      chunks.push(new TextDecoder().decode(chunk))
    }

    expect(chunks).toEqual(['a', 'b'])
  })

  it('throws what ends the stream before its end', async () => {
    using pair = await streamPair()
    const iterating = (async () => {
      for await (const chunk of pair.near) {
        expect(chunk.byteLength).toBeGreaterThan(0)
      }
    })()

    await pair.far.write('x')
    pair.muxers.sockets[0].abort(new Error('cut'))

    expect(await failure(iterating)).toMatchObject({ code: 'ConnectionLost' })
  })
})

describe('pipeTo', () => {
  it('to the stream itself is an echo, with back-pressure and an end', async () => {
    using pair = await streamPair()
    const echoing = pair.far.pipeTo(pair.far)
    const sent = Uint8Array.from({ length: 3_000 * KIB }, (_, i) => i % 253)
    const sending = pair.near.end(sent)
    const received = await pair.near.bytes({ maxBytes: Infinity })

    await sending
    expect(Buffer.compare(received, sent)).toBe(0)
    expect(await echoing).toBe(sent.byteLength)
    expect(await pair.far.closed).toBeUndefined()
  })

  it('copies to another stream and ends that', async () => {
    using from = await streamPair()
    using to = await streamPair()
    const piping = from.near.pipeTo(to.near)

    await from.far.end('passed on')

    expect(await to.far.text()).toBe('passed on')
    expect(await piping).toBe(9)
  })

  it.each<[string, (from: SwarmStream, to: SwarmStream) => void]>([
    ['source', (from) => { from.reset() }],
    ['sink', (_from, to) => { to.reset() }]
  ])('fails with its %s', async (_what, reset) => {
    using from = await streamPair()
    using to = await streamPair()
    const piping = failure(from.near.pipeTo(to.near))

    reset(from.far, to.far)

    expect(await piping).toMatchObject({ code: 'StreamReset' })
  })

  it('ends when its signal aborts, and leaves both streams open', async () => {
    using from = await streamPair()
    using to = await streamPair()
    const controller = new AbortController()
    const reason = new Error('enough')
    const piping = failure(from.near.pipeTo(to.near, { signal: controller.signal }))

    await from.far.write('some')
    expect(await read(to.far)).toBe('some')
    controller.abort(reason)

    expect(await piping).toBe(reason)
    expect([from.near.port.isClosed, to.near.port.isClosed]).toEqual([false, false])
  })
})

describe('an idle stream', () => {
  it('fails when nothing has come or gone for the time set, and not before', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock, idleTimeoutMs: 1_000 })
    const reading = failure(pair.near.read())

    await clock.advance(999)
    await pair.near.write('a sign of life')
    await clock.advance(1_000)
    expect(pair.near.port.isClosed).toBe(false)
    await clock.advance(1_000)

    expect(await reading).toMatchObject({ code: 'StreamIdle', message: expect.stringContaining('1000 ms') })
    await Promise.all([pair.near.closed, pair.far.closed])
    expect(clock.pending).toBe(0)
  })

  it('lives on bytes that arrive, though nobody reads them, and on those that are thrown away', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock, idleTimeoutMs: 1_000 })

    for (let i = 0; i < 3; i++) {
      await pair.far.write('x')
      await eventually(() => pair.near.port.buffered === i + 1)
      await clock.advance(999)
    }

    await pair.near.closeRead()
    await pair.far.write('y')
    await eventually(() => pair.near.stat().bytesRead === 4)
    await clock.advance(999)

    expect(pair.near.port.isClosed).toBe(false)
  })

  it('is allowed by default', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    await clock.advance(24 * 3_600_000)

    expect(pair.near.port.isClosed).toBe(false)
    expect(clock.pending).toBe(0)
  })
})
