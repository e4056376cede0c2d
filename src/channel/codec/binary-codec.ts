import { plainBytes } from '../../base/index.ts'
import { WriterPool } from './writer-pool.ts'
import type { ByteScanner } from './byte-scanner.ts'
import type { Codec, DecodeContext, MessageLimits } from '../contract/index.ts'

/** What makes up a format that delimits itself. */
export interface BinaryFormat {
  Writer: new () => ConstructorParameters<typeof WriterPool>[0] extends () => infer W ? W : never
  Scanner: new (limits: MessageLimits) => ByteScanner
  Reader: new () => { read(bytes: Uint8Array, context: DecodeContext): unknown }
}

/** A codec that checks the limits by its scanner before it reads anything. */
export function binaryCodec (name: string, { Writer, Scanner, Reader }: BinaryFormat): Codec & Required<Pick<Codec, 'createScanner'>> {
  const writers = new WriterPool(() => new Writer())
  const reader = new Reader()
  const scanner = new Scanner({ maxMessageBytes: 0, maxDepth: 0, maxReferences: 0 })

  return {
    name,

    encode (value, context) {
      return writers.encode(value, context)
    },

    decode (bytes, context) {
      const plain = plainBytes(bytes)

      scanner.check(plain, context.limits)

      return reader.read(plain, context)
    },

    createScanner (limits) {
      return new Scanner(limits)
    }
  }
}
