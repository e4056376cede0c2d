import { asPlainBytes } from './bytes-reader.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackScanner } from './msgpack-scanner.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { WriterPool } from './writer-pool.ts'
import type { Codec } from '../contract/index.ts'

const writers = new WriterPool(() => new MsgpackWriter())
const reader = new MsgpackReader()
const scanner = new MsgpackScanner({ maxMessageBytes: 0, maxDepth: 0, maxReferences: 0 })

/** The codec of Go libchan, and of all channels that do not name another; spec-channel 5.2. */
export const msgpack: Codec = {
  name: 'msgpack',

  encode (value, context) {
    return writers.encode(value, context)
  },

  decode (bytes, context) {
    const plain = asPlainBytes(bytes)

    scanner.check(plain, context.limits)

    return reader.read(plain, context)
  },

  createScanner (limits) {
    return new MsgpackScanner(limits)
  }
}
