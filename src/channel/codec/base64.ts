import type { ByteWriter } from './byte-writer.ts'

/*
 * RFC 4648, 4, with padding. `btoa` takes and gives strings of a character a byte, which would be a copy more, and
 * `atob` accepts what is no base64.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PADDING = 0x3D
const NONE = 0xFF

const CHARACTERS = new TextEncoder().encode(ALPHABET)
const VALUES = new Uint8Array(128).fill(NONE)

CHARACTERS.forEach((character, value) => {
  VALUES[character] = value
})

export function writeBase64 (out: ByteWriter, bytes: Uint8Array): void {
  const rest = bytes.length % 3
  const end = bytes.length - rest

  for (let at = 0; at < end; at += 3) {
    const group = (bytes[at] as number) << 16 | (bytes[at + 1] as number) << 8 | (bytes[at + 2] as number)

    out.word(characterAt(group, 18) << 24 | characterAt(group, 12) << 16 | characterAt(group, 6) << 8 | characterAt(group, 0))
  }

  if (rest === 1) {
    const group = (bytes[end] as number) << 16

    out.word(characterAt(group, 18) << 24 | characterAt(group, 12) << 16 | PADDING << 8 | PADDING)
  } else if (rest === 2) {
    const group = (bytes[end] as number) << 16 | (bytes[end + 1] as number) << 8

    out.word(characterAt(group, 18) << 24 | characterAt(group, 12) << 16 | characterAt(group, 6) << 8 | PADDING)
  }
}

/** Undefined for what `writeBase64` would not have written. */
export function readBase64 (text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) {
    return undefined
  }

  const padding = countPadding(text)
  const characters = text.length - padding
  const bytes = new Uint8Array(text.length / 4 * 3 - padding)
  let bits = 0
  let size = 0

  for (let i = 0; i < characters; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? NONE

    if (value === NONE) {
      return undefined
    }

    bits = bits << 6 | value

    if (i % 4 > 0) {
      bytes[size++] = bits >> (6 - i % 4 * 2)
    }
  }

  // the bits that are left over belong to no byte
  const isClean = padding === 0 || (bits & (padding === 1 ? 0x3 : 0xF)) === 0

  return isClean ? bytes : undefined
}

function countPadding (text: string): number {
  if (!text.endsWith('=')) {
    return 0
  }

  return text.endsWith('==') ? 2 : 1
}

function characterAt (group: number, shift: number): number {
  return CHARACTERS[group >> shift & 0x3F] as number
}
