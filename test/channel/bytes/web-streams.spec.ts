import { describe, expect, it } from 'vitest'
import { adoptByteStream, byteStreamPair, HIGH_WATER_BYTES, joinByteStreams, LinkByteStream } from '../../../src/channel/bytes/index.ts'
import { turns } from '../../support/settle.ts'
import { failure, isSettled, microtasks, pattern, readPattern, textOf, utf8, writePattern } from './support.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'

interface Far {
  far: ByteStream
  joined: Promise<Error | undefined>
}

function adopt (value: object): ByteStream {
  const adopted = adoptByteStream(value)

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return adopted.stream
}

function connect (value: object): Far {
  const adopted = adoptByteStream(value)
  const [far, near] = byteStreamPair()

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return { far, joined: joinByteStreams(adopted.stream, near, adopted.direction) }
}

/** A stream of these chunks. */
function from (...chunks: unknown[]): ReadableStream {
  return new ReadableStream({
    start (controller) {
      chunks.forEach((chunk) => { controller.enqueue(chunk) })
      controller.close()
    }
  })
}

describe('an adopted ReadableStream', () => {
  it('gives its bytes, and then its end', async () => {
    const { far, joined } = connect(from(utf8('one '), utf8('two')))

    expect(await far.text()).toBe('one two')
    await far.close()
    expect(await joined).toBe(undefined)
  })

  it('may give bytes in any form, and strings', async () => {
    const view = new DataView(utf8('-view-').buffer, 1, 4)

    expect(await adopt(from(Buffer.from('buffer '), utf8('array').buffer, view, ' ö', '')).text()).toBe('buffer arrayview ö')
  })

  it('may give strings that are cut within a character', async () => {
    const [high, low] = '😀'

    expect([high?.length, low]).toEqual([2, undefined])
    expect(await adopt(from('\uD83D', '\uDE00', 'x', '\uD83D')).text()).toBe('😀x\uFFFD')
    expect(await adopt(from('\uD83D', utf8('bytes'))).text()).toBe('\uFFFDbytes')
  })

  it.each([
    ['a number', 5, 'received a number'],
    ['null', null, 'received null'],
    ['nothing', undefined, 'received undefined'],
    ['an object', { length: 3 }, 'received an object of class Object']
  ])('that gives %s fails, says what came, and is cancelled', async (_, chunk, named) => {
    let cancelled: unknown
    const source = new ReadableStream({
      start (controller) { controller.enqueue(chunk) },
      cancel (reason) { cancelled = reason }
    })
    const { far } = connect(source)
    const error = await failure(far.read())

    expect(error).toMatchObject({ code: 'StreamReset', reason: { code: 1 } })
    expect(String(error)).toContain(named)
    expect(cancelled).toMatchObject({ code: 'StreamReset' })
  })

  it('that is a byte source is read as well', async () => {
    const { far } = connect(new Blob([pattern(700_000) as BlobPart]).stream())

    expect(await readPattern(far)).toBe(700_000)
  })

  it('fails with its error and message, never ends', async () => {
    const source = new ReadableStream({
      pull (controller) { controller.error(new Error('out of paper')) }
    })
    const { far, joined } = connect(source)

    expect(await failure(far.read())).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'out of paper' } })
    expect(await joined).toMatchObject({ message: 'the ReadableStream failed: out of paper', cause: { message: 'out of paper' } })
  })

  it('fails though nobody has room for what it gives', async () => {
    let controller: ReadableStreamDefaultController | undefined
    const source = new ReadableStream({ start (given) { controller = given } })
    const stream = adopt(source)

    void stream.read()
    controller?.enqueue(new Uint8Array(1))
    controller?.enqueue(new Uint8Array(HIGH_WATER_BYTES))
    await turns(2)
    controller?.error(undefined)

    expect(await stream.closed).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'undefined' } })
    expect((await stream.read())?.byteLength).toBe(HIGH_WATER_BYTES)
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamReset' })
  })

  it('fails with an error of ours as it is', async () => {
    const [near, far] = byteStreamPair()
    const { far: end } = connect(far.readable)

    near.reset({ code: 300, message: 'as it was' })

    expect(await failure(end.read())).toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'as it was' } })
  })

  it('is cancelled with the reason when nobody reads it any more', async () => {
    let cancelled: unknown
    const { far, joined } = connect(new ReadableStream({ cancel (reason) { cancelled = reason } }))

    far.reset({ code: 300, message: 'seen enough' })

    expect(await joined).toMatchObject({ reason: { code: 300 } })
    expect(cancelled).toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'seen enough' } })
  })

  it('may complain about being cancelled to nobody', async () => {
    const { far, joined } = connect(new ReadableStream({ async cancel () { throw new Error('not now') } }))

    far.reset()

    expect(await joined).toMatchObject({ code: 'StreamReset' })
  })

  it('is read no faster than the bytes are taken', async () => {
    let given = 0
    const source = new ReadableStream({
      pull (controller) {
        given += 1024
        controller.enqueue(new Uint8Array(1024))
      }
    }, { highWaterMark: 0 })
    const stream = adopt(source)

    await stream.read()
    await turns(200)

    // the chunk that was read, and those that are unread
    expect(given).toBe(HIGH_WATER_BYTES + 1024)
    stream.reset()
  })

  it('is unlocked when it has ended', async () => {
    const source = from(utf8('x'))

    await adopt(source).text()

    expect(source.locked).toBe(false)
  })
})

describe('an adopted WritableStream', () => {
  it('gets the bytes, and is closed by the end', async () => {
    const got: string[] = []
    const sink = new WritableStream({
      write (chunk: Uint8Array) { got.push(textOf(chunk) ?? '') },
      close () { got.push('END') }
    })
    const { far, joined } = connect(sink)

    await far.write('grü')
    await far.end(utf8('ße'))

    expect(await joined).toBe(undefined)
    expect(got).toEqual(['grü', 'ße', 'END'])
  })

  it('is written no faster than it takes', async () => {
    let release: (() => void) | undefined
    const sink = new WritableStream({ write: async () => new Promise<void>((resolve) => { release = resolve }) })
    const stream = adopt(sink)

    void stream.write(new Uint8Array(10))
    await microtasks()
    const large = stream.write(new Uint8Array(HIGH_WATER_BYTES))
    expect(await isSettled(large)).toBe(false)

    release?.()
    await microtasks()
    release?.()
    expect(await isSettled(large)).toBe(true)
  })

  it('gets small writes together that had to wait', async () => {
    const got: number[] = []
    let release: (() => void) | undefined
    const sink = new WritableStream({
      write: async (chunk: Uint8Array) => new Promise<void>((resolve) => {
        got.push(chunk.byteLength)
        release = resolve
      })
    })
    const stream = adopt(sink)

    for (let count = 0; count < 100; count++) {
      void stream.write('x')
    }

    await microtasks()
    release?.()
    await microtasks()

    expect(got).toEqual([1, 99])
    stream.reset()
    release?.()
  })

  it('that wants no chunk in its queue is written to as well', async () => {
    const got: string[] = []
    const sink = new WritableStream({ write (chunk: Uint8Array) { got.push(textOf(chunk) ?? '') } }, { highWaterMark: 0 })
    const { far, joined } = connect(sink)

    await far.write('a')
    await far.end('b')

    expect(await joined).toBe(undefined)
    expect(got.join('')).toBe('ab')
  })

  it('is aborted with the reason by a reset', async () => {
    let aborted: unknown
    const { far, joined } = connect(new WritableStream({ abort (reason) { aborted = reason } }))

    far.reset({ code: 300, message: 'changed my mind' })
    await joined

    expect(aborted).toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'changed my mind' } })
  })

  it('fails the writer with its error, when written to and when not', async () => {
    let controller: WritableStreamDefaultController | undefined
    const failing = connect(new WritableStream({ write () { throw new Error('disk full') } }))
    const idle = connect(new WritableStream({ start (given) { controller = given } }))

    await failing.far.write('x')
    controller?.error(new Error('unplugged'))

    expect(await failing.far.closed).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'disk full' } })
    expect(await idle.far.closed).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'unplugged' } })
    expect(await idle.joined).toMatchObject({ message: 'the WritableStream failed: unplugged' })
  })

  it('fails the writer when it cannot be closed', async () => {
    const stream = adopt(new WritableStream({ close () { throw new Error('not flushed') } }))

    await stream.end('x')

    expect(await stream.closed).toMatchObject({ reason: { message: 'not flushed' } })
  })
})

describe('an adopted pair of WHATWG streams', () => {
  it('is copied both ways', async () => {
    const { far, joined } = connect(new TransformStream())

    void writePattern(far, 1_000_000)

    expect(await readPattern(far)).toBe(1_000_000)
    expect(await joined).toBe(undefined)
  })

  it('transforms', async () => {
    const { far: packing } = connect(new CompressionStream('gzip'))
    const { far: unpacking } = connect(new DecompressionStream('gzip'))

    void writePattern(packing, 500_000)
    const packed = await packing.bytes()
    void unpacking.end(packed)

    expect(packed.byteLength).toBeLessThan(50_000)
    expect(await readPattern(unpacking)).toBe(500_000)
  })

  it('is a view of another byte stream', async () => {
    const [near, far] = byteStreamPair()
    const { far: end, joined } = connect({ readable: far.readable, writable: far.writable })

    await near.end('there')
    expect(await end.text()).toBe('there')
    await end.end('back')
    expect(await near.text()).toBe('back')
    expect(await joined).toBe(undefined)
  })

  it('fails both ways when one of them fails', async () => {
    let aborted: unknown
    const { far } = connect({
      readable: new ReadableStream({ pull (controller) { controller.error(new Error('half dead')) } }),
      writable: new WritableStream({ abort (reason) { aborted = reason } })
    })

    expect(await failure(far.read())).toMatchObject({ reason: { message: 'half dead' } })
    expect(await failure(far.write('x'))).toMatchObject({ reason: { message: 'half dead' } })
    expect(aborted).toMatchObject({ message: 'the pair of streams failed: half dead' })
  })

  it('that is locked after it was adopted fails when it is used', async () => {
    const source = from(utf8('x'))
    const stream = adopt(source)

    source.getReader()

    expect(stream).toBeInstanceOf(LinkByteStream)
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamReset', reason: { code: 1 } })
  })
})
