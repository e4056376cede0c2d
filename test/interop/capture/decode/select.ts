import type { Reader } from './reader.ts'

export const MULTISTREAM = '/multistream/1.0.0'
export const NOT_AVAILABLE = 'na'

/** A message of multistream-select: a varint that counts it, and text that ends with a newline. */
export function readToken (reader: Reader): string {
  const text = reader.prefixed().toString()

  if (!text.endsWith('\n')) {
    throw new Error(`a message of multistream-select ends with a newline, this is ${JSON.stringify(text)}`)
  }

  return text.slice(0, -1)
}

/** So many messages. */
export function readTokens (reader: Reader, count: number): string[] {
  return Array.from({ length: count }, () => readToken(reader))
}
