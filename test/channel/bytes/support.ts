import { ChannelError, REASON_CODE } from '../../../src/channel/contract/index.ts'
import type { ByteLink, ByteStream, ChannelReason, LinkEvents } from '../../../src/channel/contract/index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const CANCELLED: ChannelReason = { code: REASON_CODE.cancelled, message: '' }

export function utf8 (text: string): Uint8Array {
  return encoder.encode(text)
}

export function textOf (bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes)
}

/** A link whose other end is the test. */
export class ScriptedLink implements ByteLink {
  /** The calls that were made, in order. */
  readonly calls: string[] = []
  /** What `write` answers. */
  hasRoom = true
  isPaused = true
  resetReason: ChannelReason | undefined
  #events: LinkEvents | undefined

  get events (): LinkEvents {
    if (this.#events == null) {
      throw new Error('nobody has attached to the link')
    }

    return this.#events
  }

  get isAttached (): boolean {
    return this.#events != null
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.calls.push('attach')
  }

  pause (): void {
    this.isPaused = true
    this.calls.push('pause')
  }

  resume (): void {
    this.isPaused = false
    this.calls.push('resume')
  }

  write (bytes: Uint8Array): boolean {
    this.calls.push(`write ${bytes.byteLength > 32 ? bytes.byteLength : decoder.decode(bytes)}`)

    return this.hasRoom
  }

  end (): void {
    this.calls.push('end')
  }

  reset (reason: ChannelReason): void {
    this.resetReason = reason
    this.calls.push('reset')
    this.#events?.onClose(new ChannelError('StreamAborted', 'as scripted', { reason }))
  }

  /** The calls since the last time this was asked. */
  takeCalls (): string[] {
    return this.calls.splice(0)
  }

  data (text: string): void {
    this.events.onData(utf8(text))
  }
}

export function resetByPeer (code: number = REASON_CODE.failed, message = 'as scripted'): ChannelError {
  return new ChannelError('StreamReset', `the peer has reset it: ${message}`, { reason: { code, message } })
}

/** What a promise was rejected with; fails when it was not. */
export async function failure (promise: Promise<unknown>): Promise<unknown> {
  return promise.then((value) => { throw new Error(`wanted a failure, received ${String(value)}`) }, (error: unknown) => error)
}

/** What a function throws; fails when it does not. */
export function thrownBy (fn: () => unknown): unknown {
  try {
    fn()
  } catch (error) {
    return error
  }

  throw new Error('wanted it to throw')
}

/** Lets all promises settle that can without any I/O. */
export async function microtasks (count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await Promise.resolve()
  }
}

/** Whether a promise has settled, as far as that needs no I/O. */
export async function isSettled (promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = (): void => { settled = true }

  promise.then(settle, settle)
  await microtasks()

  return settled
}

const PERIOD = 251
const PERIODS = Uint8Array.from({ length: PERIOD * 4096 }, (_, at) => at % PERIOD)

/** Bytes 0, 1, 2... as they follow each other over any cut. */
export function pattern (length: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  const offset = from % PERIOD

  for (let at = 0; at < length;) {
    const piece = PERIODS.subarray(at === 0 ? offset : 0, (at === 0 ? offset : 0) + length - at)

    bytes.set(piece, at)
    at += piece.byteLength
  }

  return bytes
}

/** Reads to the end, and checks that the bytes are those of `pattern`. Resolves with how many there were. */
export async function readPattern (stream: ByteStream): Promise<number> {
  let total = 0

  for await (const chunk of stream) {
    if (Buffer.compare(chunk, pattern(chunk.byteLength, total)) !== 0) {
      throw new Error(`bytes from ${total} to ${total + chunk.byteLength} are wrong`)
    }

    total += chunk.byteLength
  }

  return total
}

/** Writes so many bytes of `pattern` in chunks of `size`, and ends. */
export async function writePattern (stream: ByteStream, length: number, size = 16 * 1024): Promise<void> {
  for (let at = 0; at < length; at += size) {
    await stream.write(pattern(Math.min(size, length - at), at))
  }

  await stream.end()
}

/** Writes until a write has to wait; resolves with the number of bytes that were taken. */
export async function fill (stream: ByteStream, size = 1024): Promise<number> {
  for (let taken = size; ; taken += size) {
    const written = stream.write(new Uint8Array(size))

    written.catch(() => {}) // the test ends it one way or the other

    if (!await isSettled(written)) {
      return taken
    }
  }
}

/** Iterates over a stream, and leaves the loop after so many chunks. */
export async function readSome (stream: ByteStream, count: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []

  for await (const chunk of stream) {
    chunks.push(chunk)

    if (chunks.length === count) {
      break
    }
  }

  return chunks
}

/** Iterates over a stream to its end. */
export async function readAll (stream: ByteStream): Promise<Uint8Array[]> {
  return readSome(stream, Infinity)
}
