/** Up to here a loop over the bytes is faster than the TextDecoder. */
const SHORT_TEXT = 24

/** Keys of maps up to this length are looked up before they are decoded. */
const MAX_KEY_BYTES = 32

const KEY_SLOTS = 1024

// a mark at the beginning is part of the text
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

interface KnownKey {
  readonly bytes: Uint8Array
  readonly key: string
}

/** Messages have the same keys again and again. Each key has one slot, so that there is nothing to be exhausted. */
const knownKeys: Array<KnownKey | undefined> = new Array<KnownKey | undefined>(KEY_SLOTS).fill(undefined)

/** UTF-8, with U+FFFD for what is none: Go, for one, sends any bytes as strings. */
export function readText (bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_TEXT) {
    return readAscii(bytes, start, end) ?? decoder.decode(bytes.subarray(start, end))
  }

  return decoder.decode(bytes.subarray(start, end))
}

/** As `readText`, for what is read again and again. */
export function readKey (bytes: Uint8Array, start: number, end: number): string {
  const length = end - start

  if (length === 0 || length > MAX_KEY_BYTES) {
    return readText(bytes, start, end)
  }

  const first = bytes[start] as number
  const middle = bytes[start + (length >> 1)] as number
  const last = bytes[end - 1] as number
  const slot = (first * 7 + middle * 61 + last * 13 + length * 131) & (KEY_SLOTS - 1)
  const known = knownKeys[slot]

  if (known != null && isSame(known.bytes, bytes, start, length)) {
    return known.key
  }

  const key = readText(bytes, start, end)

  knownKeys[slot] = { bytes: bytes.slice(start, end), key }

  return key
}

function isSame (known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) {
    return false
  }

  for (let i = 0; i < length; i++) {
    if (known[i] !== bytes[start + i]) {
      return false
    }
  }

  return true
}

/** Undefined if there is something else than ASCII. */
function readAscii (bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let at = start

  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number

    if ((a | b | c | d) >= 0x80) {
      return undefined
    }

    text += String.fromCharCode(a, b, c, d)
  }

  for (; at < end; at++) {
    const code = bytes[at] as number

    if (code >= 0x80) {
      return undefined
    }

    text += String.fromCharCode(code)
  }

  return text
}
