import type { CallOptions } from './channel.ts'
import type { ReasonInput } from './reason.ts'

/**
 * A two-way sequence of bytes, which can travel in a message. The two directions end apart from each
 * other. Reads wait for bytes and writes wait for room. Only the other side's own end reads as an end.
 */
export interface ByteStream extends AsyncIterable<Uint8Array, void>, AsyncDisposable {
  /**
   * The next bytes, or null at the end; cut nowhere in particular.
   *
   * @throws CodedError StreamReset, SessionClosed, ConnectionLost; StreamClosed after `closeRead`, `close` or
   * `reset`; ChannelMoved; the signal's reason
   */
  read(options?: CallOptions): Promise<Uint8Array | null>

  /** Resolves when there is room for more. The bytes must not be changed afterwards. @throws as `read` */
  write(bytes: Uint8Array | string, options?: CallOptions): Promise<void>

  /** Writes `bytes`, if any, and ends our direction behind them. Reading goes on. */
  end(bytes?: Uint8Array | string, options?: CallOptions): Promise<void>

  /** Ends our direction behind what was written. */
  closeWrite(): Promise<void>

  /** Nothing more will be read. If our direction has ended, the other side is told to stop. */
  closeRead(reason?: ReasonInput): void

  /** Ends both directions gracefully: what was written leaves, what comes is thrown away. */
  close(options?: CallOptions): Promise<void>

  /** Ends both directions at once; the other side's reads and writes fail with this reason. */
  reset(reason?: ReasonInput): void

  /** All bytes up to the end. At most `maxBytes` (1 MiB), or the stream is reset and this rejects. */
  bytes(options?: CallOptions & { maxBytes?: number }): Promise<Uint8Array>

  /** As `bytes`, decoded as UTF-8. */
  text(options?: CallOptions & { maxBytes?: number }): Promise<string>

  /** The same bytes as WHATWG streams. Take them, or use `read` and `write`; not both. */
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>

  /** Resolves when both directions have ended, with the error if that was not graceful. */
  readonly closed: Promise<Error | undefined>
}

/** What the receiver of a message may do with a byte stream in it; spec-channel 10.2. */
export type StreamDirection = 'duplex' | 'readable' | 'writable'
