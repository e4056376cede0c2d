/**
 * Messages to bytes and back: one data model (spec-channel 5.1) in three formats. Nothing here knows of sessions or
 * streams: what stands for a channel in a message, and the other way round, is asked of the context.
 *
 * ```
 * TreeWriter  <- MsgpackWriter, CborWriter, JsonWriter     what is data, limits, where a fault is
 * ByteScanner <- MsgpackScanner, CborScanner               structure and limits, before anything is built
 * TreeReader  <- MsgpackReader, CborReader ; JsonReader    values, keys, references
 * ```
 *
 * Encoding makes the bytes and refuses what they cannot say, so that a receiver never has to. Decoding first scans, then
 * builds, and resolves references last.
 */
import { cbor } from './cbor.ts'
import { json } from './json.ts'
import { msgpack } from './msgpack.ts'
import type { Codec } from '../contract/index.ts'

export { cbor, json, msgpack }

/** The codecs that ship, by their names. */
export const CODECS: ReadonlyMap<string, Codec> = new Map([msgpack, cbor, json].map((codec) => [codec.name, codec]))
