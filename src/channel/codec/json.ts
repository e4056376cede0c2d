import { plainBytes } from '../../base/index.ts'
import { JsonReader } from './json-reader.ts'
import { JsonWriter } from './json-writer.ts'
import { WriterPool } from './writer-pool.ts'
import type { Codec } from '../contract/index.ts'

const writers = new WriterPool(() => new JsonWriter())

/**
 * For people who read along, and for languages with no other codec; spec-channel 5.4. It has no scanner: JSON does
 * not delimit itself.
 */
export const json: Codec = {
  name: 'json',

  encode (value, context) {
    return writers.encode(value, context)
  },

  decode (bytes, context) {
    return new JsonReader(context.limits).read(plainBytes(bytes), context)
  }
}
