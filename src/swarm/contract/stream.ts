import type { Connection } from './connection.ts'

export type Direction = 'inbound' | 'outbound'

export interface CallOptions {
  /** Aborts this call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

export interface StreamStat {
  direction: Direction
  /** Empty until negotiated. */
  protocol: string
  /** Milliseconds since the Unix epoch. */
  openedAt: number
  bytesRead: number
  bytesWritten: number
  /** Bytes that have arrived and that nobody has read yet. */
  bytesBuffered: number
}

/**
 * A two-way sequence of bytes to one peer, for one protocol.
 *
 * Reads wait for bytes and writes wait for room, so that memory stays bounded on both sides. The
 * two directions close apart from each other. Nothing that arrived before the end is ever lost, and
 * only the peer's own end of writing reads as an end: a lost connection is an error.
 */
export interface Stream extends AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly id: string
  readonly protocol: string
  readonly direction: Direction
  readonly connection: Connection

  /**
   * The next bytes, or null at the end. Bytes come as they arrived, cut nowhere in particular.
   *
   * @throws CodedError StreamReset, StreamAborted, StreamDeadline, StreamIdle, ConnectionLost,
   * ConnectionClosed; StreamClosed after `closeRead` or `close`; UnsupportedProtocol when a lazily opened stream turns out to be refused
   */
  read(options?: CallOptions): Promise<Uint8Array | null>

  /**
   * Sends bytes, and resolves when there is room for more. The bytes must not be changed afterwards.
   *
   * @throws as `read`, and CodedError StreamClosed after `end`, `closeWrite` or `close`
   */
  write(bytes: Uint8Array | string, options?: CallOptions): Promise<void>
  /**
   * Writes now if that need not wait: whether it has. For who has something else to do than wait.
   *
   * @throws as `write`
   */
  tryWrite(bytes: Uint8Array | string): boolean

  /** Writes `bytes`, if any, and ends our direction: the peer reads them, and then the end. */
  end(bytes?: Uint8Array | string, options?: CallOptions): Promise<void>

  /** Ends our direction, after what was written. Reading goes on. */
  closeWrite(options?: CallOptions): Promise<void>

  /** Says that nothing more will be read: what is buffered and what still comes is thrown away. */
  closeRead(): Promise<void>

  /**
   * Ends both directions gracefully. Resolves when all that was written has left, and never waits
   * for the peer: what the peer still sends is thrown away, for a bounded time.
   */
  close(options?: CallOptions): Promise<void>

  /** Ends both directions at once; the peer's reads and writes fail. */
  reset(reason?: Error): void

  /** Fails reads and writes that have not finished at `when`, now and later; null lifts it. */
  setDeadline(when: Date | number | null): void
  setReadDeadline(when: Date | number | null): void
  setWriteDeadline(when: Date | number | null): void

  /** All bytes up to the end. At most `maxBytes` (1 MiB), or the stream is reset and this rejects. */
  bytes(options?: CallOptions & { maxBytes?: number }): Promise<Uint8Array>

  /** As `bytes`, decoded as UTF-8. */
  text(options?: CallOptions & { maxBytes?: number }): Promise<string>

  /** Copies all that comes from here into `sink`, then ends `sink`. Resolves with the number of bytes. */
  pipeTo(sink: Stream, options?: CallOptions): Promise<number>

  /** The same bytes as WHATWG streams. Take them, or use `read` and `write`; not both. */
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>

  /** Resolves when both directions have ended, with the error if that was not graceful. */
  readonly closed: Promise<Error | undefined>

  stat(): StreamStat
}

/** What serves a protocol. When it throws, or its promise rejects, the stream is reset. */
export type StreamHandler = (stream: Stream) => void | Promise<void>
