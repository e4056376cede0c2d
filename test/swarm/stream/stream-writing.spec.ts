import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure, stall, streamPair } from '../../support/stream-pair.ts'

const KIB = 1024
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('write', () => {
  it('takes bytes and text, and counts what it sends', async () => {
    using pair = await streamPair()

    await pair.near.write(Uint8Array.of(104, 105))
    await pair.near.write('')
    await pair.near.write(', there')
    await pair.near.closeWrite()

    expect(await pair.far.text()).toBe('hi, there')
    expect(pair.near.stat()).toMatchObject({ bytesWritten: 9, bytesRead: 0 })
    expect(pair.far.stat()).toMatchObject({ bytesWritten: 0, bytesRead: 9, bytesBuffered: 0 })
  })

  it.each([[null, 'null'], [7, 'number'], [[1, 2], 'object'], [undefined, 'undefined']])('refuses %j', async (what, received) => {
    using pair = await streamPair()

    const error = await failure(pair.near.write(what as never))

    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ message: `a stream takes a Uint8Array or a string, received ${received}` })
  })

  it('waits while there is no room, and goes on when there is', async () => {
    using pair = await streamPair()
    const stalled = await stall(pair.near)
    let isWritten = false
    const writing = pair.near.write('more').then(() => { isWritten = true })

    await turns(200)
    expect(isWritten).toBe(false)

    const reading = pair.far.bytes({ maxBytes: Infinity })

    await writing
    await pair.near.closeWrite()
    expect((await reading).byteLength).toBe(stalled + 4)
  })

  it('fails at once when its signal has aborted before, and sends nothing', async () => {
    using pair = await streamPair()
    const reason = new Error('too late')

    expect(await failure(pair.near.write('x', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(pair.near.stat().bytesWritten).toBe(0)
  })

  it('fails when its deadline comes, though that was set while it waited', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    await stall(pair.near)
    const outcome = failure(pair.near.write('more'))

    pair.near.setWriteDeadline(new Date(clock.now() + 100))
    await clock.advance(100)

    expect(await outcome).toMatchObject({ code: 'StreamDeadline' })
    expect(await failure(pair.near.write('more'))).toMatchObject({ code: 'StreamDeadline' })
    await turns(10)
    expect(pair.near.port.isClosed).toBe(false)
  })

  it('is not touched by the deadline for reads', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    pair.near.setReadDeadline(clock.now())
    await pair.near.end('still goes out')

    expect(await pair.far.text()).toBe('still goes out')
  })

  it('refuses a deadline that is no time', async () => {
    using pair = await streamPair()

    expect(() => { pair.near.setDeadline(NaN) }).toThrow(TypeError)
    expect(() => { pair.near.setDeadline(new Date('never')) }).toThrow(TypeError)
    expect(() => { pair.near.setDeadline('tomorrow' as never) }).toThrow('received tomorrow')
  })
})

describe('writes that wait', () => {
  it('leave in their order, also when one of them is given up', async () => {
    using pair = await streamPair()
    const controller = new AbortController()
    const reason = new Error('not this one')
    const stalled = await stall(pair.near)
    const first = pair.near.write('first,')
    const second = failure(pair.near.write('second,', { signal: controller.signal }))
    const third = pair.near.end('third')

    controller.abort(reason)
    expect(await second).toBe(reason)

    expect(text(await pair.far.bytes({ maxBytes: Infinity })).slice(stalled)).toBe('first,third')
    await Promise.all([first, third])
  })

  it('end at once when given up, though others wait before them', async () => {
    const clock = new FakeClock()
    using pair = await streamPair({ clock })

    await stall(pair.near)
    const all = [pair.near.write('a'), pair.near.write('b'), pair.near.write('c')].map(async (writing) => failure(writing))

    pair.near.setWriteDeadline(clock.now())

    expect(await Promise.all(all)).toMatchObject([{ code: 'StreamDeadline' }, { code: 'StreamDeadline' }, { code: 'StreamDeadline' }])
  })

  it('all fail with the stream', async () => {
    using pair = await streamPair()

    await stall(pair.near)
    const all = [pair.near.write('a'), pair.near.write(new Uint8Array(700 * KIB)), pair.near.end()].map(async (writing) => failure(writing))

    pair.far.reset()

    expect(await Promise.all(all)).toMatchObject([{ code: 'StreamReset' }, { code: 'StreamReset' }, { code: 'StreamReset' }])
  })

  it('may be 1024, and an end behind them', async () => {
    using pair = await streamPair()
    const stalled = await stall(pair.near)
    const writes = Array.from({ length: 1_024 }, async () => pair.near.write('x'))

    expect(await failure(pair.near.write('one too many'))).toMatchObject({ code: 'ResourceLimit', message: expect.stringContaining('1024 of 1024') })

    const ending = pair.near.closeWrite()

    expect((await pair.far.bytes({ maxBytes: Infinity })).byteLength).toBe(stalled + 1_024)
    await Promise.all([...writes, ending])
  })
})

describe('a large write', () => {
  it('goes out in pieces, each when there is room', async () => {
    using pair = await streamPair()
    const large = Uint8Array.from({ length: 5_000 * KIB }, (_, i) => i % 251)
    const received: Uint8Array[] = []
    let most = 0
    const reading = (async () => {
      for await (const chunk of pair.far) {
        most = Math.max(most, pair.near.port.raw.writeBufferLength)
        received.push(chunk)
      }
    })()

    await pair.near.write(large)
    await pair.near.closeWrite()
    await reading

    expect(Buffer.compare(Buffer.concat(received), large)).toBe(0)
    expect(most).toBeLessThanOrEqual(256 * KIB)
  })

  it('may be given up in the middle, and the stream goes on', async () => {
    using pair = await streamPair()
    const controller = new AbortController()
    const stalled = await stall(pair.near)
    const outcome = failure(pair.near.write(new Uint8Array(100 * 1024 * KIB), { signal: controller.signal }))

    await turns(10)
    controller.abort(new Error('enough'))
    await outcome

    const reading = pair.far.bytes({ maxBytes: Infinity })

    await pair.near.end('!')
    expect((await reading).byteLength).toBeLessThanOrEqual(stalled + 256 * KIB + 1)
  })
})

describe('a connection that is lost', () => {
  it('fails the writes that wait', async () => {
    using pair = await streamPair()

    await stall(pair.near)
    const outcome = failure(pair.near.write('more'))

    pair.muxers.sockets[0].abort(new Error('cut'))

    expect(await outcome).toMatchObject({ code: 'ConnectionLost' })
    await eventually(() => pair.far.port.isClosed)
    expect(await failure(pair.far.write('x'))).toMatchObject({ code: 'ConnectionLost' })
  })
})
