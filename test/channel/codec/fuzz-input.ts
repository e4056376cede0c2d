import fc from 'fast-check'
import { plainMessage, message } from './arbitrary-message.ts'
import { context, fromText } from './codec-scene.ts'
import type { Codec } from '../../../src/channel/contract/index.ts'

/** First bytes and small numbers that make something of each other more often than any bytes would. */
const HEADS: Readonly<Record<string, readonly number[]>> = {
  msgpack: [0x80, 0x81, 0x82, 0x90, 0x91, 0x92, 0xA0, 0xA1, 0xA2, 0xC0, 0xC1, 0xC3, ...range(0xC4, 0xE0), 0xFF, 0x61, 0x61, 0x62, 4, 6],
  cbor: [0x18, 0x19, 0x1A, 0x1B, 0x38, 0x3B, 0x40, 0x41, 0x5F, 0x60, 0x61, 0x61, 0x7F, 0x80, 0x81, 0x82, 0x9F, 0xA0, 0xA1, 0xA2, 0xBF, 0xC1, 0xDA, 0x6C, 0x63, 0x68, 0x04, ...range(0xF4, 0x100), 0xFF]
}

const TOKENS = [
  '[', ']', '{', '}', ',', ':', '"', '\\', ' ', '\0', '\uFEFF', '\uFFFD', '"a"', '"a":', '"b":1', '{"a":', '"\\n"', '"\\u0024ref"', '"\\ud800"', '"__proto__":', '1', '-0', '1e9', '1e999', '0.5',
  '9007199254740993', 'true', 'null', '"$ref":', '{"$ref":[4,7]}', '{"$ref":', '[4,', '{"$bytes":"AA=="}', '{"$bytes":', '{"$time":', '"2026-01-02T03:04:05Z"', '{"$int":"-9223372036854775808"}', '{"$float":"NaN"}', '{"$map":', '{"$map":{"$a":'
]

const SIZE = 300

function range (from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function join (parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Changes a message in one place. */
type Mutation = (bytes: Uint8Array) => Uint8Array

const byte = fc.integer({ min: 0, max: 0xFF })
const place = fc.nat({ max: SIZE })

function cut (bytes: Uint8Array, at: number): [before: Uint8Array, behind: Uint8Array] {
  const index = at % (bytes.length + 1)

  return [bytes.subarray(0, index), bytes.subarray(index)]
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, byte).map(([at, value]): Mutation => (bytes) => bytes.with === undefined || bytes.length === 0 ? bytes : bytes.with(at % bytes.length, value)),
  fc.tuple(place, byte).map(([at, value]): Mutation => (bytes) => join([cut(bytes, at)[0], new Uint8Array([value]), cut(bytes, at)[1]])),
  fc.tuple(place, fc.integer({ min: 1, max: 20 })).map(([at, count]): Mutation => (bytes) => join([cut(bytes, at)[0], cut(bytes, at)[1].subarray(count)])),
  fc.tuple(place, place, fc.integer({ min: 1, max: 20 })).map(([from, to, count]): Mutation => (bytes) => join([cut(bytes, to)[0], cut(bytes, from)[1].subarray(0, count), cut(bytes, to)[1]])),
  place.map((at): Mutation => (bytes) => cut(bytes, at)[0])
)

function mutated (messages: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(messages, fc.array(mutation, { maxLength: 5 })).map(([bytes, mutations]) => mutations.reduce((current, mutate) => mutate(current), bytes))
}

/** Bytes for a decoder: any, some that look like messages, and messages that were damaged. */
export function hostileBytes (codec: Codec): fc.Arbitrary<Uint8Array> {
  const any = fc.uint8Array({ maxLength: SIZE }).map((bytes) => new Uint8Array(bytes))
  const alike = codec.name === 'json'
    ? fc.array(fc.constantFrom(...TOKENS), { maxLength: 40 }).map((tokens) => fromText(tokens.join('')))
    : fc.array(fc.oneof(fc.constantFrom(...HEADS[codec.name] ?? [0]), fc.integer({ min: 0, max: 3 }), byte), { maxLength: 60 }).map((bytes) => new Uint8Array(bytes))
  const valid = fc.oneof(message, plainMessage).map((value) => codec.encode(value, context({ maxMessageBytes: Infinity })))

  return fc.oneof(any, { weight: 3, arbitrary: alike }, { weight: 3, arbitrary: mutated(valid) }, mutated(alike))
}
