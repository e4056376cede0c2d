import { pEvent } from 'p-event'
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'

const CHUNK = 64 * 1024

/** The stream is reset if it has not ended in time: no read and no write of it waits for longer. */
export function bound (stream: Stream, signal: AbortSignal): Stream {
  const onAbort = (): void => { stream.abort(signal.reason) }

  signal.addEventListener('abort', onAbort, { once: true })
  stream.addEventListener('close', () => { signal.removeEventListener('abort', onAbort) }, { once: true })

  return stream
}

/**
 * What the other side sends, until it ends its direction. Throws if it resets.
 *
 * A stream is iterable itself, but its iterator never ends if the other side has done so before it is asked. And
 * a stream that says that it has ended may still hold what came with the answer to its negotiation.
 */
export async function * read (stream: Stream): AsyncGenerator<Uint8Array> {
  const queue: Uint8Array[] = []
  let changed = Promise.withResolvers<void>()
  let failure: Error | undefined

  const onMessage = ({ data }: StreamMessageEvent): void => {
    queue.push(data.subarray())
    changed.resolve()
  }
  const onClose = ({ error }: StreamCloseEvent): void => {
    failure = error
    changed.resolve()
  }
  const onEnd = (): void => { changed.resolve() }

  stream.addEventListener('message', onMessage)
  stream.addEventListener('close', onClose)
  stream.addEventListener('end', onEnd)

  try {
    while (true) {
      const chunk = queue.shift()

      if (chunk != null) {
        yield chunk
      } else if (failure != null) {
        throw failure
      } else if (stream.readableEnded && stream.readBufferLength === 0) {
        return
      } else {
        await changed.promise
        changed = Promise.withResolvers()
      }
    }
  } finally {
    stream.removeEventListener('message', onMessage)
    stream.removeEventListener('close', onClose)
    stream.removeEventListener('end', onEnd)
  }
}

export async function readAll (stream: Stream): Promise<Buffer> {
  const chunks: Uint8Array[] = []

  for await (const chunk of read(stream)) {
    chunks.push(chunk)
  }

  return Buffer.concat(chunks)
}

/** How many bytes come until the other side ends its direction. */
export async function countAll (stream: Stream): Promise<number> {
  let count = 0

  for await (const chunk of read(stream)) {
    count += chunk.byteLength
  }

  return count
}

export async function write (stream: Stream, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.byteLength; start += CHUNK) {
    const hasRoom = stream.send(bytes.subarray(start, start + CHUNK))

    // `onDrain()` of a stream waits no more than once
    if (!hasRoom && stream.writableNeedsDrain) {
      await pEvent(stream, 'drain', { rejectionEvents: ['close'] })
    }
  }
}

export async function writeZeros (stream: Stream, count: number): Promise<void> {
  const zeros = new Uint8Array(CHUNK)

  for (let left = count; left > 0; left -= CHUNK) {
    await write(stream, zeros.subarray(0, left))
  }
}

/** A number as 8 bytes, big-endian. */
export function uint64 (value: number): Uint8Array {
  const bytes = Buffer.alloc(8)

  bytes.writeBigUInt64BE(BigInt(value))

  return bytes
}

export function readUint64 (bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE())
}
