import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough, Readable, Writable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { adoptByteStream, byteStreamPair, HIGH_WATER_BYTES, joinByteStreams } from '../../../src/channel/bytes/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure, isSettled, microtasks, pattern, readPattern, utf8, writePattern } from './support.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'

function adopt (value: object): ByteStream {
  const adopted = adoptByteStream(value)

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return adopted.stream
}

interface Far {
  /** The other end of what `value` is connected to. */
  far: ByteStream
  joined: Promise<Error | undefined>
}

/** Connects a stream as a session does. */
function connect (value: object): Far {
  const adopted = adoptByteStream(value)
  const [far, near] = byteStreamPair()

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return { far, joined: joinByteStreams(adopted.stream, near, adopted.direction) }
}

async function folder (): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'swarmd-bytes-'))

  onTestFinished(async () => { await rm(path, { recursive: true }) })

  return path
}

/** A Writable that takes nothing until it is told to, and remembers what it was told. */
class Stalled extends Writable {
  taken = 0
  #release: (() => void) | undefined

  override _write (chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.taken += chunk.byteLength
    this.#release = callback
  }

  go (): void {
    const release = this.#release

    this.#release = undefined
    release?.()
  }
}

describe('an adopted Readable', () => {
  it('gives its bytes, plain ones, and then its end', async () => {
    const stream = adopt(Readable.from([Buffer.from('one '), Buffer.from('two')], { objectMode: false }))
    const chunk = await stream.read()

    expect(Object.getPrototypeOf(chunk)).toBe(Uint8Array.prototype)
    expect(await stream.text()).toBe('two')
    expect(await stream.closed).toBe(undefined)
  })

  it('encodes strings, of object mode and of an encoding, as UTF-8', async () => {
    const encoded = new PassThrough()

    encoded.setEncoding('utf8')
    encoded.end('grüße 😀')

    expect(await adopt(Readable.from(['ä', '😀'.slice(0, 1), '😀'.slice(1), '\u{1F600}'.slice(0, 1)])).text()).toBe('ä😀\uFFFD')
    expect(await adopt(encoded).text()).toBe('grüße 😀')
  })

  it.each([
    ['a number', 5, 'a number'],
    ['an object', { a: 1 }, 'an object of class Object'],
    ['an object without a class', Object.create(null), 'an object']
  ])('that gives %s fails, and says what came', async (_, chunk, named) => {
    const source = Readable.from([chunk])
    const error = await failure(adopt(source).read())

    expect(error).toMatchObject({ code: 'StreamReset', reason: { code: 1 } })
    expect(String(error)).toContain(`received ${named}`)
    expect(source.destroyed).toBe(true)
  })

  it('loses nothing that had arrived before', async () => {
    const source = new PassThrough()

    source.write('early ')
    await turns(2)
    source.end('late')

    expect(await adopt(source).text()).toBe('early late')
  })

  it.each<[string, (source: Readable) => Promise<unknown>]>([
    ['was paused', async (source) => source.pause()],
    ['was waited for', async (source) => once(source, 'readable')],
    ['was read from in part', async (source) => {
      await once(source, 'readable')
      source.unshift(source.read(3))
    }]
  ])('that %s gives all its bytes', async (_, use) => {
    const source = Readable.from([Buffer.from('all of it')], { objectMode: false })

    await use(source)

    expect(await adopt(source).text()).toBe('all of it')
  })

  it('fails with its error and message, and never ends instead', async () => {
    const source = new Readable({ read () {} })
    const { far, joined } = connect(source)

    source.push('before')
    expect((await far.read())?.byteLength).toBe(6)
    source.destroy(new Error('disk on fire'))

    expect(await failure(far.read())).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'disk on fire' } })
    expect(await joined).toMatchObject({ code: 'StreamReset', cause: { message: 'disk on fire' }, message: 'the Readable failed: disk on fire' })
  })

  it('fails when it is closed before its end', async () => {
    const source = new Readable({ read () {} })
    const read = failure(adopt(source).read())

    source.destroy()

    expect(await read).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'it was closed before its end' } })
  })

  it.each([
    ['was destroyed', () => new Readable({ read () {} }).destroy(), 'or was destroyed'],
    ['had failed', () => new Readable({ read () {} }).on('error', () => {}).destroy(new Error('long ago')), 'long ago']
  ])('that %s before fails', async (_, make, message) => {
    const source = make()

    await turns(2)
    const error = await failure(adopt(source).read())

    expect(String(error)).toContain(message)
  })

  it('that had ended before reads as an end', async () => {
    const source = Readable.from(['x'])

    await source.forEach(() => {})

    expect(await adopt(source).read()).toBe(null)
  })

  it('is destroyed when nobody reads it any more', async () => {
    const source = new Readable({ read () { this.push(new Uint8Array(1000)) } })
    const { far, joined } = connect(source)

    await far.read()
    far.reset({ code: 3 })

    expect(await joined).toMatchObject({ reason: { code: 3 } })
    expect([source.destroyed, source.errored]).toEqual([true, null])
  })

  it('is destroyed with an error that has the reason, when there is another one', async () => {
    const source = new Readable({ read () {} })

    adopt(source).reset({ code: 300, message: 'wrong file' })
    await turns(2)

    expect(source.errored).toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'wrong file' } })
  })

  it('is read no faster than the bytes are taken', async () => {
    let given = 0
    const source = new Readable({
      read () {
        given += 1024
        this.push(new Uint8Array(1024))
      }
    })
    const stream = adopt(source)

    await stream.read()
    await turns(50)

    expect(given).toBeLessThanOrEqual(HIGH_WATER_BYTES + 2 * source.readableHighWaterMark)
    stream.reset()
  })

  it('has no listeners of ours left but one for errors, and that only until it is closed', async () => {
    const source = new Readable({ read () {}, autoDestroy: false })
    const { far } = connect(source)

    source.push(null)
    expect(await far.read()).toBe(null)

    expect(source.eventNames().sort()).toEqual(['close', 'error'])
    source.destroy(new Error('nobody minds'))
    await turns(2)
    expect(source.eventNames()).toEqual([])
  })
})

describe('an adopted Writable', () => {
  it('gets the bytes, and is ended by the end', async () => {
    const got: Buffer[] = []
    const sink = new Writable({
      write (chunk: Buffer, _encoding, callback) {
        got.push(chunk)
        callback()
      }
    })
    const { far, joined } = connect(sink)

    await far.write('grü')
    await far.end(utf8('ße'))

    expect(await joined).toBe(undefined)
    expect(Buffer.concat(got).toString()).toBe('grüße')
    expect(sink.writableFinished).toBe(true)
  })

  it('has all bytes when `closed` resolves', async () => {
    const sink = new Stalled()
    const stream = adopt(sink)

    await stream.end('all')
    expect(await isSettled(stream.closed)).toBe(false)

    sink.go()
    expect(await stream.closed).toBe(undefined)
    expect(sink.taken).toBe(3)
  })

  it('is written no faster than it takes', async () => {
    const sink = new Stalled({ highWaterMark: 1000 })
    const stream = adopt(sink)
    const written = stream.write(new Uint8Array(1000))

    expect(await isSettled(written)).toBe(false)

    sink.go()
    expect(await written).toBe(undefined)
  })

  it('is destroyed with the reason by a reset', async () => {
    const sink = new Stalled()
    const { far } = connect(sink)

    await far.write('half')
    far.reset({ code: 300, message: 'changed my mind' })
    await turns(2)

    expect(sink.errored).toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'changed my mind' } })
    expect(sink.writableFinished).toBe(false)
  })

  it('fails the writer with its error', async () => {
    const sink = new Writable({ write (_chunk, _encoding, callback) { callback(new Error('disk full')) } })
    const { far, joined } = connect(sink)

    await far.write('x')

    expect(await joined).toMatchObject({ reason: { code: 1, message: 'disk full' } })
    expect(await failure(far.write('y'))).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'disk full' } })
  })

  it('fails the writer when the end cannot be written', async () => {
    const sink = new Writable({ write () {}, final (callback) { callback(new Error('no end')) } })
    const stream = adopt(sink)

    await stream.end()

    expect(await stream.closed).toMatchObject({ code: 'StreamReset', reason: { message: 'no end' } })
  })

  it.each([
    ['was destroyed', () => new Writable({ write () {} }).destroy()],
    ['had ended', () => new Writable({ write () {} }).end()]
  ])('that %s before fails the writer', async (_, make) => {
    const stream = adopt(make())

    expect(await failure(stream.write('x'))).toMatchObject({ code: 'StreamClosed' })
  })
})

describe('an adopted Duplex', () => {
  it('is copied both ways, and its ends are apart', async () => {
    const [near, there] = duplexPair()
    const { far, joined } = connect(near)

    there.write('question')
    there.end()
    expect(await far.text()).toBe('question')

    await far.end('answer')
    expect((await there.toArray()).join('')).toBe('answer')
    expect(await joined).toBe(undefined)
  })

  it('transforms what is written to it', async () => {
    const stream = adopt(new PassThrough())

    void writePattern(stream, 1_000_000, 50_000)

    expect(await readPattern(stream)).toBe(1_000_000)
    expect(await stream.closed).toBe(undefined)
  })

  it('fails both ways when it fails', async () => {
    const duplex = new PassThrough()
    const { far } = connect(duplex)

    duplex.destroy(new Error('broken'))

    expect(await failure(far.read())).toMatchObject({ reason: { message: 'broken' } })
    expect(await failure(far.write('x'))).toMatchObject({ reason: { message: 'broken' } })
  })

  it('that ends its own direction by itself passes on its bytes and its end first', async () => {
    const duplex = new PassThrough({ allowHalfOpen: false })
    const { far } = connect(duplex)

    duplex.end('the only thing')
    await microtasks()

    expect(await far.text()).toBe('the only thing')
  })
})

describe('files', () => {
  it('are read and written, whatever their size', async () => {
    const path = await folder()
    const bytes = pattern(3_000_001)

    await writeFile(join(path, 'in'), bytes)
    const source = connect(createReadStream(join(path, 'in')))
    const sink = connect(createWriteStream(join(path, 'out')))
    const joined = joinByteStreams(source.far, sink.far, 'readable')

    expect(await Promise.all([joined, source.joined, sink.joined])).toEqual([undefined, undefined, undefined])
    expect(await readFile(join(path, 'out'))).toEqual(Buffer.from(bytes))
  })

  it('that do not exist fail', async () => {
    const path = await folder()
    const { far } = connect(createReadStream(join(path, 'none')))
    const error = await failure(far.read())

    expect(error).toMatchObject({ code: 'StreamReset', reason: { code: 1 } })
    expect(String(error)).toContain('ENOENT')
  })

  it('are closed when nobody reads them', async () => {
    const path = await folder()

    await writeFile(join(path, 'in'), pattern(1_000_000))
    const file = createReadStream(join(path, 'in'))
    const { far } = connect(file)

    await far.read()
    far.reset({ code: 3 })
    await eventually(() => file.closed)

    expect(file.destroyed).toBe(true)
  })
})

/** Two ends of one duplex in memory. */
function duplexPair (): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()]

  return [
    Duplex.from({ readable: there, writable: back }),
    Duplex.from({ readable: back, writable: there })
  ]
}
