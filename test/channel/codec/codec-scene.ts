import { CODECS } from '../../../src/channel/codec/index.ts'
import { SESSION_DEFAULTS } from '../../../src/channel/contract/index.ts'
import { readTopFile } from '../../support/source-tree.ts'
import type { Codec, DecodeContext, EncodeContext, MessageLimits, Reference } from '../../../src/channel/contract/index.ts'

/** Stands for a channel end or a byte stream, on both sides. */
export class End implements Reference {
  readonly kind: Reference['kind']
  readonly ref: number

  constructor (kind: Reference['kind'], ref: number) {
    this.kind = kind
    this.ref = ref
  }
}

export const LIMITS: MessageLimits = SESSION_DEFAULTS

/** A context for both directions, in which an End is what can be referred to. */
export function context (limits: Partial<MessageLimits> = {}): EncodeContext & DecodeContext {
  return {
    limits: { ...LIMITS, ...limits },
    refer (value) {
      return value instanceof End ? value : undefined
    },
    resolve ({ kind, ref }) {
      return new End(kind, ref)
    }
  }
}

export function codecNamed (name: string): Codec {
  const codec = CODECS.get(name)

  if (codec == null) {
    throw new Error(`there is no codec ${name}`)
  }

  return codec
}

export function fromHex (hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function toHex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function fromText (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function toText (bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes)
}

/** Bytes as vectors have them: JSON as text, the others in hexadecimal. */
export function fromVector (codec: string, vector: string): Uint8Array {
  return codec === 'json' ? fromText(vector) : fromHex(vector)
}

export function toVector (codec: string, bytes: Uint8Array): string {
  return codec === 'json' ? toText(bytes) : toHex(bytes)
}

/** The vectors of `test/vectors/channel/messages.json`. */
export interface Vectors {
  readonly both: ReadonlyArray<{ readonly name: string, readonly value: unknown, readonly msgpack: string, readonly cbor: string, readonly json: string }>
  readonly read: readonly Vector[]
  readonly invalid: ReadonlyArray<Vector & { readonly code: string, readonly limits?: Partial<MessageLimits> }>
}

export interface Vector {
  readonly name: string
  readonly codec: 'msgpack' | 'cbor' | 'json'
  readonly msgpack?: string
  readonly cbor?: string
  readonly json?: string
  readonly value?: unknown
}

export function readVectors (): Vectors {
  return JSON.parse(readTopFile('test/vectors/channel/messages.json')) as Vectors
}

export function bytesOf (vector: Vector): Uint8Array {
  const bytes = vector[vector.codec]

  if (bytes == null) {
    throw new Error(`${vector.name} has no ${vector.codec}`)
  }

  return fromVector(vector.codec, bytes)
}

/** What a value in the vectors stands for. */
export function fromNotation (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value
  }

  if (Array.isArray(value)) {
    return value.map(fromNotation)
  }

  const [[sign, content] = ['', undefined], ...more] = Object.entries(value)

  if (more.length > 0 || !sign.startsWith('@')) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromNotation(inner)]))
  }

  switch (sign) {
    case '@ref':
      return new End(...content as [Reference['kind'], number])
    case '@bytes':
      return fromHex(content as string)
    case '@time':
      return new Date(content as string)
    case '@int':
      return BigInt(content as string)
    case '@float':
      return Number(content)
    default:
      throw new Error(`the notation of vectors has no ${sign}`)
  }
}
