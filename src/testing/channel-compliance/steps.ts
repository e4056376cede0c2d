import { settle } from '../fake-clock.ts'
import { ComplianceError, outcome } from './assert.ts'
import { quiet, within } from './waiting.ts'
import type { ByteStream, CallOptions, Receiver, Sender, Session } from '../../channel/index.ts'

/** Both ends of a new top-level channel. */
export async function open (from: Session, to: Session, options: CallOptions = {}): Promise<[Sender<unknown>, Receiver<unknown>]> {
  const waiting = to.waitReceiveChannel(options)
  const sender = from.newSendChannel()

  return [sender, await within(waiting, 'the channel to be announced')]
}

/** The next message; there must be one. */
export async function next<T> (receiver: Receiver<unknown>): Promise<T> {
  const { done, value } = await within(receiver.receive(), 'the next message')

  if (done === true) {
    throw new ComplianceError('wanted a message, received the end of the channel')
  }

  return value as T
}

/** The next `count` messages, or all up to the end. */
export async function collect<T = unknown> (receiver: Receiver<unknown>, count = Infinity): Promise<T[]> {
  const messages: unknown[] = []

  while (messages.length < count) {
    const { done, value } = await receiver.receive()

    if (done === true) {
      break
    }

    messages.push(value)
  }

  return messages as T[]
}

/** The messages up to the failure that ends them, and the failure. */
export async function collectUntilFailure (receiver: Receiver<unknown>): Promise<{ messages: unknown[], error: unknown }> {
  const messages: unknown[] = []

  for (;;) {
    const result = await within(outcome(receiver.receive()), 'a message or a failure')

    if ('error' in result) {
      return { messages, error: result.error }
    }

    const { done, value } = result.value as IteratorResult<unknown>

    if (done === true) {
      throw new ComplianceError(`wanted a failure after ${messages.length} messages, received the end of the channel`)
    }

    messages.push(value)
  }
}

export async function sendAll (sender: Sender<unknown>, values: Iterable<unknown>): Promise<void> {
  for (const value of values) {
    await sender.send(value)
  }
}

/** The whole numbers from `from` up to, and without, `to`. */
export function range (from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

/** Both ends of a byte stream, of which one has travelled. */
export async function openBytes (from: Session, to: Session): Promise<[local: ByteStream, remote: ByteStream]> {
  const [sender, receiver] = await open(from, to)
  const [local, remote] = from.createByteStream()

  await sender.send(remote)

  const arrived = await next<ByteStream>(receiver)

  await sender.close()
  await collect(receiver)

  return [local, arrived]
}

/** What a flood sends: its number, and a load. */
export interface Wave {
  n: number
  load: Uint8Array
}

const WAVE_BYTES = 1024

/** More than any channel may take that nobody reads: who takes so much knows no bound. */
const MAX_FLOOD_BYTES = 16 * 1024 * 1024

/** How often a flood lets others have their turn, should it never have to wait. */
const BREATH_BYTES = 1024 * 1024

/** Counts what was taken, and gives way to others every now and then. */
class Gauge {
  bytes = 0
  #breath = 0

  async add (bytes: number, maxBytes: number): Promise<void> {
    this.bytes += bytes

    if (this.bytes > maxBytes) {
      throw new ComplianceError(`${this.bytes} bytes were taken without waiting for anybody to receive them`)
    }

    if (this.bytes - this.#breath >= BREATH_BYTES) {
      this.#breath = this.bytes
      await settle()
    }
  }
}

/** Sends messages, each as soon as the one before was taken, until it is stopped or the channel ends. */
export class Flood {
  /** Messages that the channel has taken. */
  taken = 0
  /** Resolves with what the channel failed with; undefined when it was stopped. */
  readonly ended: Promise<unknown>
  readonly #gauge = new Gauge()
  #isStopped = false

  constructor (sender: Sender<unknown>, { loadBytes = WAVE_BYTES, limit = Infinity }: { loadBytes?: number, limit?: number } = {}) {
    this.ended = this.#run(sender, loadBytes, limit).then(() => undefined, (error: unknown) => error)
  }

  /** The loads alone. */
  get takenBytes (): number {
    return this.#gauge.bytes
  }

  /** Resolves when the channel takes no more for now. */
  async stalled (): Promise<void> {
    await quiet(() => this.taken)
  }

  /** The message that waits is the last. */
  stop (): void {
    this.#isStopped = true
  }

  async #run (sender: Sender<unknown>, loadBytes: number, limit: number): Promise<void> {
    const load = new Uint8Array(loadBytes)

    while (!this.#isStopped && this.taken < limit) {
      const wave: Wave = { n: this.taken, load }

      await sender.send(wave)
      this.taken++
      await this.#gauge.add(loadBytes, MAX_FLOOD_BYTES)
    }
  }
}

/** Writes bytes in the same way; always the same ones. */
export class ByteFlood {
  readonly ended: Promise<unknown>
  readonly #gauge = new Gauge()

  /** Without a limit it goes on until the stream fails. */
  constructor (stream: ByteStream, chunk: Uint8Array, limit?: number) {
    this.ended = this.#run(stream, chunk, limit ?? Infinity, limit ?? MAX_FLOOD_BYTES).then(() => undefined, (error: unknown) => error)
  }

  /** Bytes that the stream has taken. */
  get taken (): number {
    return this.#gauge.bytes
  }

  async stalled (): Promise<void> {
    await quiet(() => this.taken)
  }

  async #run (stream: ByteStream, chunk: Uint8Array, limit: number, maxBytes: number): Promise<void> {
    while (this.taken < limit) {
      const piece = limit - this.taken < chunk.length ? chunk.subarray(0, limit - this.taken) : chunk

      await stream.write(piece)
      await this.#gauge.add(piece.length, maxBytes)
    }
  }
}
