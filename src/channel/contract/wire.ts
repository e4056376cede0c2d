import type { ByteStream } from './byte-stream.ts'
import type { Receiver, Sender } from './channel.ts'
import type { Duplex, Readable, Writable } from 'node:stream'

/** What may be sent as a byte stream. */
export type ByteStreamLike =
  | ByteStream
  | Readable
  | Writable
  | Duplex
  | ReadableStream<Uint8Array>
  | WritableStream<Uint8Array>
  | { readonly readable: ReadableStream<Uint8Array>, readonly writable: WritableStream<Uint8Array> }

/**
 * What arrives when a `T` is sent: byte streams of all kinds become ByteStreams, functions do not travel, and
 * channels stay channels, whose messages undergo the same.
 */
export type Wire<T> =
  unknown extends T ? T
    : T extends string | number | bigint | boolean | null | undefined | Date | Uint8Array ? T
      : T extends Sender<infer U> ? Sender<U>
        : T extends Receiver<infer U> ? Receiver<Wire<U>>
          : T extends ByteStreamLike ? ByteStream
            : T extends readonly unknown[] ? { [K in keyof T]: Wire<T[K]> }
              : T extends object ? { [K in keyof T]: Wire<T[K]> }
                : never
