import { NoiseError } from './errors.ts'

/** A field of a message that has bytes; of all others we know nothing, and skip them. */
export interface BytesField {
  number: number
  bytes: Uint8Array
}

const WIRE_TYPE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const
const MAX_VARINT_BYTES = 10

/** Writes a field of bytes. */
export function encodeField (number: number, bytes: Uint8Array): Uint8Array[] {
  return [Uint8Array.from([...varint(number * 8 + WIRE_TYPE.bytes), ...varint(bytes.byteLength)]), bytes]
}

/**
 * The fields that have bytes, in their order.
 *
 * @throws NoiseError `payload`
 */
export function decodeFields (message: Uint8Array): BytesField[] {
  const reader = new Reader(message)
  const fields: BytesField[] = []

  while (!reader.isAtEnd) {
    const key = reader.varint()
    const number = Math.floor(key / 8)

    if (number === 0) {
      throw malformed('a field has the number 0')
    }

    switch (key % 8) {
      case WIRE_TYPE.varint:
        reader.varint()
        break
      case WIRE_TYPE.fixed64:
        reader.bytes(8)
        break
      case WIRE_TYPE.fixed32:
        reader.bytes(4)
        break
      case WIRE_TYPE.bytes:
        fields.push({ number, bytes: reader.bytes(reader.varint()) })
        break
      default:
        throw malformed(`field ${number} is of the unknown type ${key % 8}`)
    }
  }

  return fields
}

class Reader {
  readonly #message: Uint8Array
  #at = 0

  constructor (message: Uint8Array) {
    this.#message = message
  }

  get isAtEnd (): boolean {
    return this.#at === this.#message.byteLength
  }

  /** Not exact above 2^53, which no length and no number of a field that we know is. */
  varint (): number {
    let value = 0

    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#message[this.#at++]

      if (byte == null) {
        throw malformed('it ends within a number')
      }

      value += (byte & 0x7f) * 2 ** (7 * i)

      if (byte < 0x80) {
        return value
      }
    }

    throw malformed(`a number has more than ${MAX_VARINT_BYTES} bytes`)
  }

  bytes (count: number): Uint8Array {
    const left = this.#message.byteLength - this.#at

    if (count > left) {
      throw malformed(`a field has ${count} bytes, where only ${left} are left`)
    }

    this.#at += count

    return this.#message.subarray(this.#at - count, this.#at)
  }
}

function varint (value: number): number[] {
  return value < 0x80 ? [value] : [value % 0x80 + 0x80, ...varint(Math.floor(value / 0x80))]
}

function malformed (what: string): NoiseError {
  return new NoiseError('payload', `the payload of the handshake is no protobuf message: ${what}`)
}
