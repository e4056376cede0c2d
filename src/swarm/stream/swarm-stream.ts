import { after, CodedError, concat, Deadline, raceSignal, toError } from '../../base/index.ts'
import { EitherSignal, IoDeadline } from './io-deadline.ts'
import { toReadable, toWritable } from './web-streams.ts'
import type { StreamPort } from './stream-port.ts'
import type { Clock, Timer } from '../../base/index.ts'
import type { Connection } from '../contract/connection.ts'
import type { CallOptions, Direction, Stream, StreamStat } from '../contract/stream.ts'

/** What `bytes` and `text` take at most, unless told otherwise. */
const MAX_COLLECTED_BYTES = 1024 * 1024

const encoder = new TextEncoder()

export interface SwarmStreamInit {
  id: string
  direction: Direction
  connection: Connection
  clock: Clock
  closeTimeoutMs: number
  lingerTimeoutMs: number
  /** 0 is never. */
  idleTimeoutMs: number
}

/** The stream that users hold: waiting reads and writes over a port, deadlines, and a close that ends. */
export class SwarmStream implements Stream {
  readonly id: string
  readonly direction: Direction
  readonly connection: Connection
  readonly openedAt: number
  readonly port: StreamPort
  protocol = ''

  readonly #init: SwarmStreamInit
  #readDeadline: IoDeadline | undefined
  /** Made for the first call that has to wait, too: a deadline may be set while it does. */
  #writeDeadline: IoDeadline | undefined
  #readable: ReadableStream<Uint8Array> | undefined
  #writable: WritableStream<Uint8Array> | undefined
  #closing: Promise<void> | undefined
  #isWriteDone = false
  #isReadDone = false
  #lingerTimer: Timer | undefined
  #idleTimer: Timer | undefined
  #endsTimers = false

  constructor (port: StreamPort, init: SwarmStreamInit) {
    this.id = init.id
    this.direction = init.direction
    this.connection = init.connection
    this.openedAt = init.clock.now()
    this.port = port
    this.#init = init

    if (init.idleTimeoutMs > 0) {
      this.#endTimers()
      this.#watchIdle(0)
    }
  }

  get closed (): Promise<Error | undefined> {
    return this.port.closed
  }

  get readable (): ReadableStream<Uint8Array> {
    return (this.#readable ??= toReadable(this))
  }

  get writable (): WritableStream<Uint8Array> {
    return (this.#writable ??= toWritable(this))
  }

  async read (options?: CallOptions): Promise<Uint8Array | null> {
    options?.signal?.throwIfAborted()
    this.#readDeadline?.throwIfPassed()

    return this.port.read(options?.signal)
  }

  async write (bytes: Uint8Array | string, options?: CallOptions): Promise<void> {
    const sent = toBytes(bytes)

    options?.signal?.throwIfAborted()
    this.#writeDeadline?.throwIfPassed()

    if (!this.port.tryWrite(sent)) {
      await this.#deadlineOfWrites().bound((signal) => this.port.write(sent, signal), options?.signal)
    }
  }

  tryWrite (bytes: Uint8Array | string): boolean {
    this.#writeDeadline?.throwIfPassed()

    return this.port.tryWrite(toBytes(bytes))
  }

  async end (bytes?: Uint8Array | string, options?: CallOptions): Promise<void> {
    const last = bytes == null ? undefined : toBytes(bytes)

    await this.#deadlineOfWrites().limit(this.port.closeWrite(undefined, last), options?.signal)
    this.#isWriteDone = true
    this.#lingerIfDone()
  }

  async closeWrite (options?: CallOptions): Promise<void> {
    await this.end(undefined, options)
  }

  async closeRead (): Promise<void> {
    this.port.discard()
    this.#isReadDone = true
    this.#lingerIfDone()
  }

  async close (options: CallOptions = {}): Promise<void> {
    // of what has ended, by whatever, there is nothing to close: its calls have told the error
    if (this.#closing == null && this.port.isClosed) {
      return
    }

    this.#closing ??= this.#close()
    await raceSignal(this.#closing, options.signal)
  }

  reset (reason: Error = new CodedError('StreamAborted', 'the stream was reset on this side')): void {
    this.port.abort(toError(reason))
  }

  setDeadline (when: Date | number | null): void {
    this.setReadDeadline(when)
    this.setWriteDeadline(when)
  }

  setReadDeadline (when: Date | number | null): void {
    if (this.#readDeadline == null) {
      this.#readDeadline = new IoDeadline(this.#init.clock, 'read')
      this.#readDeadline.onPass((error) => { this.port.interruptRead(error) })
    }

    this.#readDeadline.set(this.#timeOf(when))
  }

  setWriteDeadline (when: Date | number | null): void {
    this.#deadlineOfWrites().set(this.#timeOf(when))
  }

  async bytes (options: CallOptions & { maxBytes?: number } = {}): Promise<Uint8Array> {
    const { maxBytes = MAX_COLLECTED_BYTES } = options
    const chunks: Uint8Array[] = []
    let total = 0

    for (let chunk = await this.read(options); chunk != null; chunk = await this.read(options)) {
      total += chunk.byteLength

      if (total > maxBytes) {
        const error = new CodedError('ResourceLimit', `the peer sent more than ${maxBytes} bytes (maxBytes)`)

        this.reset(error)
        throw error
      }

      chunks.push(chunk)
    }

    return concat(chunks)
  }

  async text (options: CallOptions & { maxBytes?: number } = {}): Promise<string> {
    return new TextDecoder().decode(await this.bytes(options))
  }

  async pipeTo (sink: Stream, options: CallOptions = {}): Promise<number> {
    if (sink === this) {
      return this.#copyTo(sink, options)
    }

    const gone = new AbortController()
    using either = new EitherSignal(gone.signal, options.signal)

    // a source may be silent for long after its sink has gone
    sink.closed.then((error) => {
      if (error != null) {
        gone.abort(error)
      }
    }, () => {})

    return await this.#copyTo(sink, { signal: either.signal })
  }

  stat (): StreamStat {
    return {
      direction: this.direction,
      protocol: this.protocol,
      openedAt: this.openedAt,
      bytesRead: this.port.bytesRead,
      bytesWritten: this.port.bytesWritten,
      bytesBuffered: this.port.buffered
    }
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk = await this.read(); chunk != null; chunk = await this.read()) {
      yield chunk
    }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }

  async #copyTo (sink: Stream, options: CallOptions): Promise<number> {
    let total = 0

    for (let chunk = await this.read(options); chunk != null; chunk = await this.read(options)) {
      await sink.write(chunk, options)
      total += chunk.byteLength
    }

    await sink.closeWrite(options)

    return total
  }

  #deadlineOfWrites (): IoDeadline {
    return (this.#writeDeadline ??= new IoDeadline(this.#init.clock, 'write'))
  }

  /** No timer may outlive the stream. */
  #timeOf (when: Date | number | null): number | null {
    const time = toTime(when)

    this.#endTimers()

    return this.port.isClosed ? null : time
  }

  async #close (): Promise<void> {
    const { clock, closeTimeoutMs } = this.#init
    using deadline = new Deadline({
      clock,
      timeoutMs: closeTimeoutMs,
      onTimeout: () => new CodedError('StreamDeadline', `the peer took too long to read what was written: not flushed after ${closeTimeoutMs} ms, the stream is reset`)
    })

    this.port.discard()

    try {
      await this.port.closeWrite(deadline.signal)
    } catch (error) {
      this.port.abort(new CodedError('StreamAborted', 'the stream was closed before all was flushed', { cause: error }))
      throw error
    } finally {
      this.#closing = undefined
    }

    this.#isReadDone = this.#isWriteDone = true
    this.#lingerIfDone()
  }

  /** The peer may take a while to end its side; a peer that never does must not cost us the stream. */
  #lingerIfDone (): void {
    if (!this.#isReadDone || !this.#isWriteDone || this.port.isClosed || this.#lingerTimer != null) {
      return
    }

    const { clock, lingerTimeoutMs } = this.#init

    this.#endTimers()
    this.#lingerTimer = after(clock, lingerTimeoutMs, () => {
      this.port.abort(new CodedError('StreamAborted', `the peer did not end its side within ${lingerTimeoutMs} ms after our close`))
    }, { background: true })
  }

  #watchIdle (bytesThen: number): void {
    const { clock, idleTimeoutMs } = this.#init

    this.#idleTimer = after(clock, idleTimeoutMs, () => {
      const bytesNow = this.port.bytesRead + this.port.bytesWritten + this.port.buffered

      if (bytesNow === bytesThen) {
        this.port.abort(new CodedError('StreamIdle', `no byte went either way for ${idleTimeoutMs} ms (connection.streamIdleTimeoutMs)`))
      } else {
        this.#watchIdle(bytesNow)
      }
    }, { background: true })
  }

  /** Timers of any kind end with the stream; most streams have none. */
  #endTimers (): void {
    if (!this.#endsTimers) {
      this.#endsTimers = true
      void this.port.closed.then(() => {
        this.#lingerTimer?.[Symbol.dispose]()
        this.#idleTimer?.[Symbol.dispose]()
        this.#readDeadline?.[Symbol.dispose]()
        this.#writeDeadline?.[Symbol.dispose]()
      })
    }
  }
}

function toBytes (bytes: Uint8Array | string): Uint8Array {
  if (typeof bytes === 'string') {
    return encoder.encode(bytes)
  }

  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`a stream takes a Uint8Array or a string, received ${bytes === null ? 'null' : typeof bytes}`)
  }

  return bytes
}

function toTime (when: Date | number | null): number | null {
  const time = when instanceof Date ? when.getTime() : when

  if (time !== null && (typeof time !== 'number' || Number.isNaN(time))) {
    throw new TypeError(`a deadline is a Date, milliseconds since the Unix epoch or null, received ${String(when)}`)
  }

  return time
}
