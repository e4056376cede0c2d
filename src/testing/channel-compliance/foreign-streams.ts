import { fails, ok, same } from './assert.ts'
import { readUntilFailure } from './busy.ts'
import { next, open } from './steps.ts'
import { quiet, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { Stage } from './stage.ts'
import type { ByteStream } from '../../channel/index.ts'

/** What arrives for a stream that is sent. */
async function carry (stage: Stage, value: object): Promise<ByteStream> {
  const { near, far } = await stage.pair()
  const [sender, receiver] = await open(near, far)

  await sender.send({ value })

  return (await next<{ value: ByteStream }>(receiver)).value
}

function join (pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()

  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('')
}

/** A WritableStream, and what was written to it. */
function sink (): { writable: WritableStream<Uint8Array>, pieces: Uint8Array[], ended: Promise<unknown> } {
  const { promise: ended, resolve } = Promise.withResolvers<unknown>()
  const pieces: Uint8Array[] = []
  const writable = new WritableStream<Uint8Array>({
    write (piece) { pieces.push(piece) },
    close () { resolve('closed') },
    abort (error) { resolve(error) }
  })

  return { writable, pieces, ended }
}

function source (...pieces: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()

  return new ReadableStream<Uint8Array>({
    start (controller) {
      pieces.forEach((piece) => { controller.enqueue(encoder.encode(piece)) })
      controller.close()
    }
  })
}

export const webStreams: Cases = {
  async 'sends a ReadableStream, whose receiver only reads' (stage) {
    const arrived = await carry(stage, source('a ', 'web ', 'stream'))

    same(await within(arrived.text(), 'the end'), 'a web stream', 'the text')
    await fails(arrived.write('x'), 'StreamClosed', 'writing to it')
  },

  async 'sends a WritableStream, whose receiver only writes' (stage) {
    const { writable, pieces, ended } = sink()
    const arrived = await carry(stage, writable)

    same(await within(arrived.read(), 'the end'), null, 'what is read')
    await arrived.write('to a ')
    await arrived.end('web stream')
    same(await within(ended, 'the end'), 'closed', 'how the stream ended')
    same(join(pieces), 'to a web stream', 'what was written')
  },

  async 'sends a pair of both, each direction with its own end' (stage) {
    const { writable, pieces, ended } = sink()
    const arrived = await carry(stage, { readable: source('question'), writable })

    same(await within(arrived.text(), 'the end'), 'question', 'the text')
    await arrived.end('answer')
    same(await within(ended, 'the end'), 'closed', 'how the stream ended')
    same(join(pieces), 'answer', 'what was written')
  },

  async 'gives what arrives as web streams' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createByteStream()

    await sender.send(remote)

    const { readable, writable } = await next<ByteStream>(receiver)
    const piping = readable.pipeTo(writable)

    await local.end('once round')
    same(await within(local.text(), 'the end'), 'once round', 'the text')
    await within(piping, 'the pipe to end')
  },

  async 'passes failures on, both ways' (stage) {
    const failing = new ReadableStream<Uint8Array>({ pull (controller) { controller.error(new Error('the source is gone')) } })
    const fromSource = await carry(stage, failing)

    ok('error' in await readUntilFailure(fromSource), 'a failing source is no end')

    const { writable, ended } = sink()
    const toSink = await carry(stage, writable)

    toSink.reset({ code: 300, message: 'enough' })
    ok(await within(ended, 'the sink to end') !== 'closed', 'a reset does not look like a close to the sink')
  },

  async 'cancels a source that nobody reads any more' (stage) {
    const { promise: cancelled, resolve } = Promise.withResolvers<unknown>()
    const endless = new ReadableStream<Uint8Array>({
      pull (controller) { controller.enqueue(new Uint8Array(1024)) },
      cancel () { resolve('cancelled') }
    })
    const arrived = await carry(stage, endless)

    await within(arrived.read(), 'some bytes')
    arrived.closeRead()
    same(await within(cancelled, 'the source to be cancelled'), 'cancelled', 'what the source was told')
  },

  async 'pulls no more than a bounded number of bytes from a source that is not read' (stage) {
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull (controller) {
        pulled += 1024
        controller.enqueue(new Uint8Array(1024))
      }
    })
    const arrived = await carry(stage, endless)

    await quiet(() => pulled)
    ok(pulled <= stage.stalledBytes, `${pulled} bytes were pulled`)
    arrived.closeRead()
  }
}

export const nodeStreams: Cases = {
  async 'sends a Readable, whose receiver only reads' (stage) {
    const { Readable } = await import('node:stream')
    const arrived = await carry(stage, Readable.from([new TextEncoder().encode('of '), new TextEncoder().encode('Node')]))

    same(await within(arrived.text(), 'the end'), 'of Node', 'the text')
    await fails(arrived.write('x'), 'StreamClosed', 'writing to it')
  },

  async 'sends a Writable, whose receiver only writes' (stage) {
    const { Writable } = await import('node:stream')
    const { promise: finished, resolve } = Promise.withResolvers<string>()
    const pieces: Uint8Array[] = []
    const arrived = await carry(stage, new Writable({
      write (piece: Uint8Array, _, done) {
        pieces.push(piece)
        done()
      },
      final (done) {
        done()
        resolve('finished')
      }
    }))

    same(await within(arrived.read(), 'the end'), null, 'what is read')
    await arrived.end('to Node')
    same(await within(finished, 'the end'), 'finished', 'how the stream ended')
    same(join(pieces), 'to Node', 'what was written')
  },

  async 'sends a Duplex, each direction with its own end' (stage) {
    const { PassThrough } = await import('node:stream')
    const arrived = await carry(stage, new PassThrough())

    await arrived.end('through Node and back')
    same(await within(arrived.text(), 'the end'), 'through Node and back', 'the text')
  },

  async 'passes failures on, both ways' (stage) {
    const { Duplex } = await import('node:stream')
    const make = (): InstanceType<typeof Duplex> => new Duplex({ read () {}, write (_piece, _encoding, done) { done() } })
    const failing = make()
    const arrived = await carry(stage, failing)

    await quiet()
    failing.destroy(new Error('the disk is gone'))
    ok('error' in await readUntilFailure(arrived), 'a failing stream is no end')

    const { promise: closed, resolve } = Promise.withResolvers<unknown>()
    const reset = make().on('error', () => {}).on('close', () => { resolve('closed') })
    const resetter = await carry(stage, reset)

    resetter.reset()
    same(await within(closed, 'the stream to be destroyed'), 'closed', 'what became of the stream')
  },

  async 'lets a half-open socket answer' (stage) {
    const { connect, createServer } = await import('node:net')
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const pieces: Uint8Array[] = []

      socket.on('error', () => {})
      socket.on('data', (piece: Uint8Array) => { pieces.push(piece) })
      socket.on('end', () => { socket.end(join(pieces).toUpperCase()) })
    })

    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })

    try {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port ?? 0 : 0
      const arrived = await carry(stage, connect({ port, host: '127.0.0.1', allowHalfOpen: true }))

      await arrived.end('whisper')
      same(await within(arrived.text(), 'the answer'), 'WHISPER', 'the answer')
    } finally {
      server.close()
    }
  }
}
