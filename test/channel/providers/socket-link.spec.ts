import { once } from 'node:events'
import { Duplex, duplexPair, PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { NodeLink, WebLink } from '../../../src/channel/providers/socket/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { until } from '../../support/until.ts'
import { LinkRecorder } from './mux-recorder.ts'
import { LINKS, sockets } from './socket-scene.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe.each(LINKS)('a link over %s', (_, make) => {
  it('carries bytes both ways, and ends each direction apart', async () => {
    const { near, far } = await make()
    const [ours, theirs] = [new LinkRecorder(near), new LinkRecorder(far)]

    near.write(text('ping'))
    near.end()
    near.end()
    expect(near.write(text('ignored'))).toBe(true)
    await theirs.ended
    far.write(text('pong'))
    far.end()
    await Promise.all([ours.closed, theirs.closed])

    expect([theirs.text, ours.text]).toEqual(['ping', 'pong'])
    expect([theirs.signs, ours.signs]).toEqual([['end', 'close'], ['end', 'close']])
  })

  it('delivers nothing while it is paused, not even an end', async () => {
    const { near, far } = await make()
    const theirs = new LinkRecorder(far, { isPaused: true })

    near.write(text('kept'))
    near.end()
    await turns(50)
    expect(theirs.events).toEqual([])
    far.resume()
    await theirs.ended
    far.reset({ code: 0, message: '' })
    await theirs.closed

    expect(theirs.text).toBe('kept')
    expect(theirs.signs).toEqual(['end', 'close StreamAborted'])
    near.reset({ code: 0, message: '' })
  })

  it('stops where it is paused within a delivery, and goes on to another', async () => {
    const { near, far } = await make()
    const first = new LinkRecorder(far)
    first.onChunk = () => { far.pause() }

    near.write(text('first'))
    await eventually(() => first.byteLength === 5)
    near.write(text('second'))
    near.end()
    await turns(50)
    expect(first.text).toBe('first')
    const second = new LinkRecorder(far)
    await second.ended

    expect(second.text).toBe('second')
    near.reset({ code: 0, message: '' })
    far.reset({ code: 0, message: '' })
  })

  it('holds a writer back until there is room', async () => {
    const { near, far } = await make()
    const ours = new LinkRecorder(near)
    const theirs = new LinkRecorder(far, { isPaused: true })
    theirs.isKeeping = false
    let written = 0

    // until nothing moves any more: the system takes some, too
    for (let isStalled = false; !isStalled;) {
      const rooms = ours.events.length
      const hasRoom = near.write(new Uint8Array(64 * 1024))

      written += 64 * 1024
      await turns(50)
      isStalled = !hasRoom && ours.events.length === rooms
    }

    const rooms = ours.events.length
    far.resume()
    await until(() => ours.events.length > rooms)
    near.end()
    await theirs.ended

    expect(theirs.byteLength).toBe(written)
    far.reset({ code: 0, message: '' })
    await theirs.closed
    near.reset({ code: 0, message: '' })
  })

  it('that breaks is ConnectionLost, with the cause', async () => {
    const { near, far, breakOff } = await make()
    const ours = new LinkRecorder(near)
    const theirs = new LinkRecorder(far)

    breakOff()
    const error = await ours.closed

    expect(error).toMatchObject({ code: 'ConnectionLost' })
    expect(error?.cause).toBeInstanceOf(Error)
    expect(ours.signs).toEqual(['close ConnectionLost'])
    expect(near.write(text('ignored'))).toBe(true)
    near.end()
    near.reset({ code: 0, message: '' })
    far.reset({ code: 0, message: '' })
    await theirs.closed
    expect(ours.events).toHaveLength(1)
  })

  it('ends both directions with a reset, and tells so later', async () => {
    const { near, far } = await make()
    const ours = new LinkRecorder(near)
    const theirs = new LinkRecorder(far)

    near.write(text('x'))
    near.reset({ code: 300, message: 'enough' })
    expect(ours.events).toEqual([])
    await ours.closed
    far.reset({ code: 0, message: '' })
    await theirs.closed

    expect(ours.signs).toEqual(['close StreamAborted'])
    expect(ours.error).toMatchObject({ reason: { code: 300, message: 'enough' } })
  })

  it('attached after it ended is told so', async () => {
    const { near, far, breakOff } = await make()
    breakOff()
    await turns(50)

    const ours = new LinkRecorder(near, { isPaused: true })
    await ours.closed

    expect(ours.signs).toEqual(['close ConnectionLost'])
    far.reset({ code: 0, message: '' })
  })
})

describe('a link over a stream of Node', () => {
  it('writes what comes in one turn at once', async () => {
    const writes: string[] = []
    const duplex = new Duplex({
      read () {},
      write (chunk: Buffer, _, done) {
        writes.push(chunk.toString())
        done()
      },
      writev (chunks, done) {
        writes.push(chunks.map(({ chunk }) => String(chunk)).join('+'))
        done()
      }
    })
    const link = new NodeLink(duplex)

    for (const word of ['a', 'b', 'c']) {
      link.write(text(word))
    }

    await turns(1)
    link.write(text('d'))
    link.write(text('e'))
    link.end()
    await turns(2)

    expect(writes).toEqual(['a+b+c', 'd+e'])
    link.reset({ code: 0, message: '' })
  })

  it('that ended before it was used says so', async () => {
    const [near] = duplexPair()
    near.destroy()
    await once(near, 'close')

    const ours = new LinkRecorder(new NodeLink(near))

    expect(await ours.closed).toMatchObject({ code: 'ConnectionLost', message: 'it had ended before it was used' })
  })

  it('that gives text is refused', async () => {
    const [near, far] = duplexPair()
    near.setEncoding('utf8')
    const ours = new LinkRecorder(new NodeLink(near))

    far.write('text')

    expect(await ours.closed).toMatchObject({ code: 'ProtocolViolation' })
    far.destroy()
  })

  it('that is closed by others without an error is lost', async () => {
    const [near, far] = await sockets()
    const ours = new LinkRecorder(new NodeLink(near))

    near.destroy()

    expect(await ours.closed).toMatchObject({ code: 'ConnectionLost', message: 'the connection was closed' })
    far.destroy()
  })

  it('closes its writable before its readable ends, and hears that to the end', async () => {
    const from = new PassThrough()
    const to = new Writable({ write (_, __, done) { done() } })
    const ours = new LinkRecorder(new NodeLink(from, to))

    ours.link.end()
    await once(to, 'close')
    from.end('after that')
    await ours.closed

    expect(ours.text).toBe('after that')
    expect(ours.signs).toEqual(['end', 'close'])
  })

  it('whose errors come after its end throws none of them', async () => {
    const [near, far] = await sockets()
    const ours = new LinkRecorder(new NodeLink(near))

    near.destroy(new Error('first'))
    await ours.closed
    near.emit('error', new Error('late'))

    expect(ours.error).toMatchObject({ cause: { message: 'first' } })
    far.destroy()
  })
})

describe('a link over streams of the web', () => {
  it('takes no streams that somebody has', () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    readable.getReader()

    expect(() => new WebLink({ readable, writable })).toThrow(TypeError)
  })

  it('takes bytes and nothing else', async () => {
    const readable = new ReadableStream({ start (controller) { controller.enqueue('text') } })
    const ours = new LinkRecorder(new WebLink({ readable, writable: new WritableStream() }))

    expect(await ours.closed).toMatchObject({ code: 'ProtocolViolation', message: 'a byte link needs a stream of bytes, received string' })
  })

  it('is lost when its writable fails', async () => {
    const writable = new WritableStream<Uint8Array>({ write () { throw new Error('disk full') } })
    const ours = new LinkRecorder(new WebLink({ readable: new ReadableStream(), writable }))

    ours.link.write(text('x'))

    expect(await ours.closed).toMatchObject({ code: 'ConnectionLost', message: 'disk full' })
  })

  it('is lost when its writable cannot be closed', async () => {
    const writable = new WritableStream<Uint8Array>({ close () { throw new Error('disk full') } })
    const ours = new LinkRecorder(new WebLink({ readable: new ReadableStream(), writable }))

    ours.link.end()

    expect(await ours.closed).toMatchObject({ code: 'ConnectionLost', message: 'disk full' })
  })
})
