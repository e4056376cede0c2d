import { END, PumpLink } from './pump-link.ts'
import type { Pump, PumpFailure, PumpSink, PumpSource } from './pump-link.ts'
import type { ByteLink, ByteStream } from '../contract/index.ts'

/** What a byte stream of any make has, those of the swarm among them. */
export type ByteStreamShape = Pick<ByteStream, 'read' | 'write' | 'closeWrite' | 'closed'> & { reset(reason?: Error): void }

/** A link over a byte stream of any make. */
export function pumpByteStream (stream: ByteStreamShape): ByteLink {
  return new PumpLink('the byte stream', () => {
    const { promise: isReadOut, resolve: finish } = Promise.withResolvers<void>()

    return {
      source: {
        read: async () => await stream.read() ?? END,
        cancel: (error) => { stream.reset(error) },
        finish
      },
      sink: {
        write: async (bytes) => stream.write(bytes),
        close: async () => stream.closeWrite(),
        abort: (error) => { stream.reset(error) }
      },
      // while there is something to read, that comes first and reading tells the error
      failed: isReadOut.then(async () => toFailure(await stream.closed))
    }
  })
}

export interface WebStreams {
  readonly readable?: ReadableStream<unknown> | undefined
  readonly writable?: WritableStream<Uint8Array> | undefined
}

/** A link over WHATWG streams. It locks them when it is first used. */
export function pumpWebStreams ({ readable, writable }: WebStreams): ByteLink {
  return new PumpLink(nameOf({ readable, writable }), (): Pump => {
    const reader = readable?.getReader()
    const writer = writable?.getWriter()

    return {
      source: reader == null ? undefined : webSource(reader),
      sink: writer == null ? undefined : webSink(writer),
      failed: firstFailure(reader?.closed, writer?.closed)
    }
  })
}

function webSource (reader: ReadableStreamDefaultReader<unknown>): PumpSource {
  return {
    async read () {
      const { done, value } = await reader.read()

      return done ? END : value
    },
    cancel (error) {
      reader.cancel(error).catch(() => {}) // what its source says to that concerns nobody
    },
    finish () {
      reader.releaseLock()
    }
  }
}

function webSink (writer: WritableStreamDefaultWriter<Uint8Array>): PumpSink {
  return {
    async write (bytes) {
      // a stream without room for even one chunk is never ready
      await Promise.race([writer.write(bytes), writer.ready])
    },
    close: () => writer.close(),
    abort (error) {
      writer.abort(error).catch(() => {})
    }
  }
}

function nameOf ({ readable, writable }: WebStreams): string {
  if (readable != null && writable != null) {
    return 'the pair of streams'
  }

  return readable == null ? 'the WritableStream' : 'the ReadableStream'
}

/** Resolves with the first failure of the two; not at all while there is none. */
async function firstFailure (...closed: Array<Promise<unknown> | undefined>): Promise<PumpFailure | undefined> {
  return new Promise((resolve) => {
    for (const end of closed) {
      end?.catch((error: unknown) => { resolve({ error }) })
    }
  })
}

function toFailure (error: Error | undefined): PumpFailure | undefined {
  return error == null ? undefined : { error }
}
