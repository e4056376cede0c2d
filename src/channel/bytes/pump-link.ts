import { failedBeneath, resetElsewhere, resetHere } from './byte-errors.ts'
import { ChunkReader, queueOfBytes } from './chunk-bytes.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../contract/index.ts'

/** Bytes given to a pump and not yet to its sink, when the writer is told to wait. */
const HIGH_WATER_BYTES = 64 * 1024

/** Bytes left at which the writer may go on. */
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 2

/** What a source gives when there is no more; null might be a chunk. */
export const END = Symbol('end')

/** Something to read from, one chunk at a time. */
export interface PumpSource {
  /** Bytes, a string, or `END`. */
  read(): Promise<unknown>
  /** Nothing more is wanted. Never rejects or throws. */
  cancel(error: Error): void
  /** All has been read. */
  finish(): void
}

/** Something to write to, one call at a time. */
export interface PumpSink {
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when all that was written has been taken. */
  close(): Promise<void>
  /** What was written may be dropped. Never rejects or throws. */
  abort(error: Error): void
}

export interface PumpFailure {
  readonly error: unknown
}

export interface Pump {
  readonly source?: PumpSource | undefined
  readonly sink?: PumpSink | undefined
  /** Resolves with what went wrong even if nobody reads or writes at that time. Never rejects. */
  readonly failed: Promise<PumpFailure | undefined>
}

/** A link over what is read and written with promises. Nothing is touched before it is first used. */
export class PumpLink implements ByteLink {
  readonly #what: string
  readonly #open: () => Pump
  readonly #chunks: ChunkReader
  readonly #unwritten = queueOfBytes()
  #events: LinkEvents | undefined
  #pump: Pump | undefined
  #isPaused = true
  #isReading = false
  /** A chunk that came although the link is paused. */
  #held: Uint8Array | undefined
  /** Whether nothing more will be read; the end may have to wait until it can be told. */
  #isReadOut = false
  #hasToldEnd = false
  #writingBytes = 0
  #isWriting = false
  #isAwaited = false
  #mustEnd = false
  #hasEnded = false
  #isClosed = false

  /**
   * @param what - names it in messages, as `the ReadableStream`
   * @param open - takes hold of it
   */
  constructor (what: string, open: () => Pump) {
    this.#what = what
    this.#open = open
    this.#chunks = new ChunkReader(what)
  }

  attach (events: LinkEvents): void {
    this.#events = events
  }

  pause (): void {
    this.#isPaused = true
  }

  resume (): void {
    this.#isPaused = false
    this.#start()
    this.#deliver()
  }

  write (bytes: Uint8Array): boolean {
    const { sink } = this.#start()

    if (sink == null || this.#mustEnd || this.#isClosed) {
      return true
    }

    this.#unwritten.push(bytes)
    this.#writeOut(sink)
    this.#isAwaited = this.#unsent >= HIGH_WATER_BYTES

    return !this.#isAwaited
  }

  end (): void {
    const { sink } = this.#start()

    if (sink != null && !this.#mustEnd && !this.#isClosed) {
      this.#mustEnd = true
      this.#writeOut(sink)
    }
  }

  reset (reason: ChannelReason): void {
    this.#start()
    this.#held = undefined
    this.#fail(resetHere(reason), resetElsewhere(reason))
  }

  get #unsent (): number {
    return this.#unwritten.byteLength + this.#writingBytes
  }

  #start (): Pump {
    if (this.#pump != null) {
      return this.#pump
    }

    const pump = this.#pump = this.#openSafely()

    this.#isReadOut = pump.source == null
    this.#hasEnded = this.#mustEnd = pump.sink == null

    pump.failed.then((failure) => {
      if (failure != null) {
        this.#failBeneath(failure.error)
      }
    }, () => {})

    return pump
  }

  /** What cannot be opened fails when it is used. */
  #openSafely (): Pump {
    try {
      return this.#open()
    } catch (error) {
      return {
        source: { read: async () => { throw error }, cancel () {}, finish () {} },
        failed: Promise.resolve({ error })
      }
    }
  }

  #deliver (): void {
    if (this.#isPaused) {
      return
    }

    const held = this.#held

    if (held != null) {
      this.#held = undefined
      this.#events?.onData(held)
    }

    if (this.#isReadOut) {
      this.#tellEnd()
    } else if (!this.#isPaused && !this.#isReading && !this.#isClosed && this.#held == null) {
      this.#isReading = true
      this.#pump?.source?.read().then(this.#onChunk, this.#onReadError)
    }
  }

  readonly #onChunk = (chunk: unknown): void => {
    this.#isReading = false

    if (this.#isClosed) {
      return
    }

    try {
      const bytes = chunk === END ? this.#chunks.end() : this.#chunks.toBytes(chunk)

      this.#isReadOut = chunk === END
      this.#held = bytes.byteLength > 0 ? bytes : undefined
    } catch (error) {
      this.#failBeneath(error)
      return
    }

    if (this.#isReadOut) {
      this.#pump?.source?.finish()
    }

    this.#deliver()
  }

  readonly #onReadError = (error: unknown): void => {
    this.#isReading = false
    this.#isReadOut = true
    this.#failBeneath(error)
  }

  #tellEnd (): void {
    if (!this.#isPaused && !this.#hasToldEnd && !this.#isClosed) {
      this.#hasToldEnd = true
      this.#events?.onEnd()
      this.#checkClosed()
    }
  }

  #writeOut (sink: PumpSink): void {
    if (this.#isWriting || this.#isClosed) {
      return
    }

    const bytes = this.#unwritten.shift()

    if (bytes != null) {
      this.#isWriting = true
      this.#writingBytes = bytes.byteLength
      sink.write(bytes).then(() => { this.#onWritten(sink) }, this.#onWriteError)
    } else if (this.#mustEnd) {
      this.#isWriting = true
      sink.close().then(this.#onSinkClosed, this.#onWriteError)
    }
  }

  #onWritten (sink: PumpSink): void {
    this.#isWriting = false
    this.#writingBytes = 0
    this.#writeOut(sink)

    if (this.#isAwaited && this.#unsent <= LOW_WATER_BYTES && !this.#isClosed) {
      this.#isAwaited = false
      this.#events?.onRoom()
    }
  }

  readonly #onSinkClosed = (): void => {
    this.#hasEnded = true
    this.#checkClosed()
  }

  readonly #onWriteError = (error: unknown): void => { this.#failBeneath(error) }

  #checkClosed (): void {
    if (this.#hasEnded && this.#hasToldEnd && !this.#isClosed) {
      this.#isClosed = true
      this.#events?.onClose()
    }
  }

  #failBeneath (thrown: unknown): void {
    const error = failedBeneath(this.#what, thrown)

    this.#fail(error, error)
  }

  #fail (error: Error, beneath: Error): void {
    if (this.#isClosed) {
      return
    }

    this.#isClosed = true
    this.#unwritten.clear()

    if (!this.#isReadOut) {
      this.#pump?.source?.cancel(beneath)
    }

    if (!this.#hasEnded) {
      this.#pump?.sink?.abort(beneath)
    }

    this.#events?.onClose(error)
  }
}
