import { Reader } from './reader.ts'

const WIRE = { varint: 0, bytes: 2 }

/** A message of Protocol Buffers as it is on the wire: what each field number carries, in order. */
export class Message {
  readonly #fields = new Map<number, Array<bigint | Buffer>>()

  constructor (bytes: Uint8Array) {
    const reader = new Reader(bytes)

    while (reader.left > 0) {
      const tag = Number(reader.varint())
      const [number, wire] = [tag >>> 3, tag & 7]

      if (wire !== WIRE.varint && wire !== WIRE.bytes) {
        throw new Error(`field ${number} has wire type ${wire}, which no message of libp2p uses here`)
      }

      this.#add(number, wire === WIRE.varint ? reader.varint() : reader.prefixed())
    }
  }

  #add (number: number, value: bigint | Buffer): void {
    this.#fields.set(number, [...this.#fields.get(number) ?? [], value])
  }

  /** The numbers of the fields that are there. */
  get numbers (): number[] {
    return [...this.#fields.keys()].sort((a, b) => a - b)
  }

  all (number: number): Buffer[] {
    return (this.#fields.get(number) ?? []).map((value) => {
      if (!Buffer.isBuffer(value)) {
        throw new Error(`field ${number} is a number`)
      }

      return value
    })
  }

  /** The one value of a field. */
  bytes (number: number): Buffer {
    const [value, ...others] = this.all(number)

    if (value == null || others.length > 0) {
      throw new Error(`wanted field ${number} once, it is there ${this.all(number).length} times`)
    }

    return value
  }

  text (number: number): string {
    return this.bytes(number).toString()
  }

  uint (number: number): bigint {
    const [value, ...others] = this.#fields.get(number) ?? []

    if (typeof value !== 'bigint' || others.length > 0) {
      throw new Error(`wanted field ${number} once, as a number`)
    }

    return value
  }
}
