import { describe, expect, it } from 'vitest'
import { eventually, turns } from '../../support/settle.ts'
import { failure, stall, streamPair } from '../../support/stream-pair.ts'

const MIB = 1024 * 1024

/** Gives `total` bytes in chunks of 64 KiB, and counts those that were asked for. */
function source (total: number): { stream: ReadableStream<Uint8Array>, given(): number } {
  let given = 0

  const stream = new ReadableStream<Uint8Array>({
    pull (controller) {
      controller.enqueue(new Uint8Array(64 * 1024).fill(given / (64 * 1024)))
      given += 64 * 1024

      if (given >= total) {
        controller.close()
      }
    }
  }, { highWaterMark: 0 })

  return { stream, given: () => given }
}

describe('readable', () => {
  it('gives the bytes and the end', async () => {
    using pair = await streamPair()

    await pair.far.end('over the web')

    expect(await new Response(pair.near.readable).text()).toBe('over the web')
    expect(pair.near.readable).toBe(pair.near.readable)
  })

  it('takes nothing from the stream that nobody asks for', async () => {
    using pair = await streamPair()

    await pair.far.write('waiting')
    expect(pair.near.readable.locked).toBe(false)
    await eventually(() => pair.near.stat().bytesBuffered === 7)
    await turns(20)

    expect(pair.near.stat()).toMatchObject({ bytesBuffered: 7, bytesRead: 0 })
  })

  it('fails with the stream', async () => {
    using pair = await streamPair()
    const reading = failure(pair.near.readable.getReader().read())

    pair.far.reset()

    expect(await reading).toMatchObject({ code: 'StreamReset' })
  })

  it('closes the stream for reading when it is cancelled, also under a read that waits', async () => {
    using pair = await streamPair()
    const reader = pair.near.readable.getReader()
    const reading = reader.read()

    await reader.cancel()

    expect(await reading).toEqual({ done: true, value: undefined })
    expect(await failure(pair.near.read())).toMatchObject({ code: 'StreamClosed' })
    await pair.near.end('writing goes on')
    expect(await pair.far.text()).toBe('writing goes on')
  })
})

describe('writable', () => {
  it('sends what is written, and the end when it is closed', async () => {
    using pair = await streamPair()
    const writer = pair.near.writable.getWriter()

    await writer.write(new TextEncoder().encode('over '))
    await writer.write('the web' as never)
    await writer.close()

    expect(await pair.far.text()).toBe('over the web')
  })

  it('is not ready while there is no room', async () => {
    using pair = await streamPair()

    await stall(pair.near)
    const writer = pair.near.writable.getWriter()
    const writing = writer.write(Uint8Array.of(1))

    await turns(100)
    expect(writer.desiredSize).toBe(0)

    await pair.far.closeRead()
    await writing
    expect(writer.desiredSize).toBe(1)
  })

  it('resets the stream when it is aborted, also under a write that waits for room', async () => {
    using pair = await streamPair()
    const reason = new Error('never mind')

    await stall(pair.near)
    const writer = pair.near.writable.getWriter()
    const writing = failure(writer.write(Uint8Array.of(1)))

    await turns(10)
    await writer.abort(reason)

    expect(await writing).toBe(reason)
    expect(await pair.near.closed).toBe(reason)
    expect(await pair.far.closed).toMatchObject({ code: 'StreamReset' })
  })

  it('resets the stream when it is aborted while its end waits for room', async () => {
    using pair = await streamPair()

    await stall(pair.near)
    const writer = pair.near.writable.getWriter()
    const closing = failure(writer.close())

    await turns(10)
    await writer.abort(new Error('never mind')).catch(() => {})
    await closing
    pair.near.reset()

    expect(await pair.far.closed).toMatchObject({ code: 'StreamReset' })
  })

  it('fails when the peer resets, though nobody writes', async () => {
    using pair = await streamPair()
    const writer = pair.near.writable.getWriter()
    const closed = failure(writer.closed)

    pair.far.reset()

    expect(await closed).toMatchObject({ code: 'StreamReset' })
    expect(await failure(writer.write(Uint8Array.of(1)))).toMatchObject({ code: 'StreamReset' })
  })

  it('fails for what is no bytes', async () => {
    using pair = await streamPair()

    expect(await failure(pair.near.writable.getWriter().write(7 as never))).toBeInstanceOf(TypeError)
  })
})

describe('piping', () => {
  it('carries 64 MiB through two streams, whole and with bounded buffers', async () => {
    using first = await streamPair()
    using second = await streamPair()
    const { stream: from, given } = source(64 * MIB)
    let received = 0
    let mostAhead = 0

    const piped = Promise.all([
      from.pipeTo(first.near.writable),
      first.far.readable.pipeTo(second.near.writable)
    ])

    for await (const chunk of second.far.readable) {
      expect(chunk[0]).toBe(Math.floor(received / (64 * 1024)) & 0xff)
      received += chunk.byteLength
      mostAhead = Math.max(mostAhead, given() - received)
    }

    await piped
    expect(received).toBe(64 * MIB)
    // a window of yamux and our own bound, twice
    expect(mostAhead).toBeLessThan(2 * (16 * MIB + MIB))
  })

  it('is held back by a reader that stops', async () => {
    using pair = await streamPair()
    const { stream: from, given } = source(512 * MIB)
    const piping = failure(from.pipeTo(pair.near.writable))

    await eventually(() => pair.near.port.raw.writeBufferLength > 0)
    await turns(500)
    const asked = given()

    await turns(500)
    expect(given()).toBe(asked)
    expect(asked).toBeLessThan(20 * MIB)

    pair.far.reset()
    expect(await piping).toMatchObject({ code: 'StreamReset' })
  })

  it('ends an idle source when its sink is reset', async () => {
    using pair = await streamPair()
    let cancelled: unknown
    const idle = new ReadableStream<Uint8Array>({ cancel (reason) { cancelled = reason } })
    const piping = failure(idle.pipeTo(pair.near.writable))

    pair.far.reset()

    expect(await piping).toMatchObject({ code: 'StreamReset' })
    expect(cancelled).toMatchObject({ code: 'StreamReset' })
  })

  it('of a stream to itself is an echo', async () => {
    using pair = await streamPair()
    const echoing = pair.far.readable.pipeTo(pair.far.writable)

    await pair.near.end('echo')

    expect(await pair.near.text()).toBe('echo')
    await echoing
  })
})
