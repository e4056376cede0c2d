import { CodedError, concat } from '../../base/index.ts'
import { MULTISTREAM_MAX_LIST_BYTES, MULTISTREAM_MAX_MESSAGE_BYTES, MULTISTREAM_PROTOCOL } from '../constants.ts'

/**
 * The messages of multistream-select 1.0: a length as an unsigned varint, then that many bytes, of
 * which the last is a newline. https://github.com/multiformats/multistream-select
 */

const NEWLINE = 0x0a
/** Two groups of seven bits hold the length of the longest message that we read. */
const MAX_VARINT_BYTES = 2

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Messages made once and sent often: protocol ids, `na`, the header. */
const cache = new Map<string, Uint8Array>()
const MAX_CACHED_MESSAGES = 512

const HEADER = encodeMessage(MULTISTREAM_PROTOCOL)

/** One message, ready to send. */
export function encodeMessage (text: string): Uint8Array {
  const cached = cache.get(text)

  if (cached != null) {
    return cached
  }

  const message = prefixed(encoder.encode(`${text}\n`), MULTISTREAM_MAX_MESSAGE_BYTES)

  if (cache.size < MAX_CACHED_MESSAGES) {
    cache.set(text, message)
  }

  return message
}

/** The answer to `ls`: every protocol as a message, in one message. */
export function encodeList (protocols: string[]): Uint8Array {
  return prefixed(concat([...protocols.map(encodeMessage), encoder.encode('\n')]), MULTISTREAM_MAX_LIST_BYTES)
}

export interface Decoded {
  text: string
  /** Bytes of the message, length prefix included. */
  byteLength: number
}

/**
 * The first message in `bytes`, or undefined when it is not whole yet.
 *
 * @throws CodedError NegotiationFailed when this can never become a message
 */
export function decodeMessage (bytes: Uint8Array): Decoded | undefined {
  const prefix = decodeLength(bytes)

  if (prefix == null || bytes.byteLength < prefix.byteLength + prefix.length) {
    return undefined
  }

  const end = prefix.byteLength + prefix.length

  if (prefix.length === 0 || bytes[end - 1] !== NEWLINE) {
    throw malformed('a message that ends in a newline', bytes)
  }

  return { text: decodeText(bytes.subarray(prefix.byteLength, end - 1)), byteLength: end }
}

/**
 * Tells, by its first bytes already, a peer that does not begin with the header, as it may wait for us
 * and never send the rest of a message.
 *
 * @throws CodedError NegotiationFailed
 */
export function checkHeaderStart (bytes: Uint8Array): void {
  if (!HEADER.subarray(0, bytes.byteLength).every((byte, at) => byte === bytes[at])) {
    throw malformed(`the header ${MULTISTREAM_PROTOCOL}`, bytes)
  }
}

function decodeLength (bytes: Uint8Array): { length: number, byteLength: number } | undefined {
  let length = 0

  for (let at = 0; at < MAX_VARINT_BYTES; at++) {
    const byte = bytes[at]

    if (byte == null) {
      return undefined
    }

    length |= (byte & 0x7f) << (7 * at)

    if ((byte & 0x80) === 0) {
      if (length > MULTISTREAM_MAX_MESSAGE_BYTES) {
        break
      }

      return { length, byteLength: at + 1 }
    }
  }

  throw malformed(`a message of at most ${MULTISTREAM_MAX_MESSAGE_BYTES} bytes`, bytes)
}

function decodeText (bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw malformed('a message in UTF-8', bytes)
  }
}

function prefixed (body: Uint8Array, maxBytes: number): Uint8Array {
  if (body.byteLength > maxBytes) {
    throw new RangeError(`this multistream-select message may hold at most ${maxBytes} bytes, received ${body.byteLength}`)
  }

  const prefix: number[] = []
  let rest = body.byteLength

  while (rest > 0x7f) {
    prefix.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }

  prefix.push(rest)

  return concat([Uint8Array.from(prefix), body])
}

const SHOWN_BYTES = 16

function malformed (wanted: string, bytes: Uint8Array): CodedError {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ')

  return new CodedError('NegotiationFailed', `${hint(bytes)}multistream-select wants ${wanted}, received ${shown}${bytes.byteLength > SHOWN_BYTES ? ' …' : ''}`)
}

/** What people connect to a libp2p port by mistake. */
function hint (bytes: Uint8Array): string {
  if (/^(GET|POST|PUT|HEAD|HTTP|OPTI|CONN)/.test(String.fromCharCode(...bytes.subarray(0, 4)))) {
    return 'this is HTTP, not libp2p: '
  }

  // a handshake record, of any version
  return bytes[0] === 0x16 && bytes[1] === 0x03 ? 'this is TLS, not libp2p: ' : ''
}
