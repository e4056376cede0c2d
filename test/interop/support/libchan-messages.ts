import { createHash } from 'node:crypto'
import type { ByteStream, ByteStreamLike, Receiver, Sender } from '../../../src/channel/index.ts'

/*
 * The messages of `test/interop/go/libchan`, and what its operations need.
 */

export interface Numbered { N: number }

export interface Link { Level: number, Text?: string, Next?: Sender<Link> | null }

export interface Reply { Value?: unknown, N?: number, Sum?: string, Status?: number, Data?: Record<string, unknown> }

/** As it arrives. What the operation does not need is null, or not there. */
export interface Request {
  Op: string
  Value: unknown
  N: number
  Data: Record<string, unknown>
  In: Receiver<Numbered>
  Ret: Sender<unknown>
  Reader: ByteStream
  Writer: ByteStream
  Duplex: ByteStream
  Cmd: string
  Args: string[]
  Stdin: ByteStream
  Stdout: ByteStream
  Stderr: ByteStream
}

export type RequestToSend = { Op: string } & { [Name in keyof Request]?: Request[Name] | ByteStreamLike }

/** How many channels lie within each other. */
export const NESTING_DEPTH = 5

/** The length of byte streams whose checksum is compared. */
export const STREAM_BYTES = 16 * 1024 * 1024

const ROUND = 65_521
const PIECE_BYTES = 64 * 1024

/** Bytes that repeat at no power of two, so that lost and repeated pieces show. */
export function * pattern (length: number): Generator<Uint8Array, void> {
  const round = Uint8Array.from({ length: ROUND }, (_, index) => index * index + (index >> 3))
  const twice = Buffer.concat([round, round, round])

  for (let offset = 0; offset < length; offset += PIECE_BYTES) {
    const start = offset % ROUND

    yield twice.subarray(start, start + Math.min(PIECE_BYTES, length - offset))
  }
}

export interface Checksum { N: number, Sum: string }

export async function checksum (stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Checksum> {
  const hash = createHash('sha256')
  let length = 0

  for await (const bytes of stream) {
    hash.update(bytes)
    length += bytes.byteLength
  }

  return { N: length, Sum: hash.digest('hex') }
}
