import { asPlainBytes } from './bytes-reader.ts'
import { CborReader } from './cbor-reader.ts'
import { CborScanner } from './cbor-scanner.ts'
import { CborWriter } from './cbor-writer.ts'
import { WriterPool } from './writer-pool.ts'
import type { Codec } from '../contract/index.ts'

const writers = new WriterPool(() => new CborWriter())
const reader = new CborReader()
const scanner = new CborScanner({ maxMessageBytes: 0, maxDepth: 0, maxReferences: 0 })

/** RFC 8949; spec-channel 5.3. */
export const cbor: Codec = {
  name: 'cbor',

  encode (value, context) {
    return writers.encode(value, context)
  },

  decode (bytes, context) {
    const plain = asPlainBytes(bytes)

    scanner.check(plain, context.limits)

    return reader.read(plain, context)
  },

  createScanner (limits) {
    return new CborScanner(limits)
  }
}
