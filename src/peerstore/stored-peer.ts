/**
 * The record of one peer in the datastore, as @libp2p/peer-store writes it (its `peer.proto`):
 * addresses are understood, and everything else is carried along as it is.
 */
export interface StoredPeer {
  readonly addresses: readonly StoredAddress[]
  readonly rest: readonly Uint8Array[]
}

export interface StoredAddress {
  readonly multiaddr: Uint8Array
  /** From a record that the peer has signed. */
  readonly isCertified: boolean | undefined
  /** When the address was learnt, in ms since the Unix epoch. */
  readonly observed: number | undefined
}

interface Field {
  number: number
  /** A number for the types that have no length. */
  value: number | Uint8Array
  /** All of it, with tag and length. */
  bytes: Uint8Array
}

interface Varint {
  value: number
  /** The offset behind it. */
  end: number
}

/** Numbers of the fields. */
const PEER = { addresses: 1 }
const ADDRESS = { multiaddr: 1, isCertified: 2, observed: 3 }

/** Wire types of protocol buffers. */
const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

/** 2 ** 53 takes 8 groups of 7 bits; a longer number is no time and no length. */
const MAX_VARINT_BYTES = 8

const EMPTY = new Uint8Array(0)

/** Undefined for bytes that are no such record. */
export function parseStoredPeer (bytes: Uint8Array): StoredPeer | undefined {
  try {
    const fields = [...readFields(bytes)]

    return {
      addresses: fields.flatMap(({ number, value }) => number === PEER.addresses && value instanceof Uint8Array ? [parseAddress(value)] : []),
      rest: fields.flatMap(({ number, bytes }) => number === PEER.addresses ? [] : [bytes])
    }
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined
    }

    throw error
  }
}

export function encodeStoredPeer ({ addresses, rest }: StoredPeer): Uint8Array {
  return Buffer.concat([...addresses.map((address) => lengthDelimited(PEER.addresses, encodeAddress(address))), ...rest])
}

/**
 * `peer` as the peer store must see it so that the addresses in `seen` become new: without the time
 * at which they were learnt. Of the others, the `maxOthers` that were learnt last stay.
 */
export function renewAddresses (peer: StoredPeer, seen: ReadonlySet<string>, maxOthers: number): StoredPeer {
  const others = peer.addresses.filter(({ multiaddr }) => !seen.has(addressKey(multiaddr)))
  const kept = new Set(others.toSorted((a, b) => (b.observed ?? 0) - (a.observed ?? 0)).slice(0, Math.max(0, maxOthers)))

  return {
    addresses: peer.addresses.flatMap((address) => {
      if (seen.has(addressKey(address.multiaddr))) {
        return [{ ...address, observed: undefined }]
      }

      return kept.has(address) ? [address] : []
    }),
    rest: peer.rest
  }
}

/** The bytes of a multiaddr as the key of a set. */
export function addressKey (multiaddr: Uint8Array): string {
  return Buffer.from(multiaddr).toString('latin1')
}

function parseAddress (bytes: Uint8Array): StoredAddress {
  let multiaddr: Uint8Array = EMPTY
  let isCertified: boolean | undefined
  let observed: number | undefined

  for (const { number, value } of readFields(bytes)) {
    if (number === ADDRESS.multiaddr && value instanceof Uint8Array) {
      multiaddr = value
    } else if (number === ADDRESS.isCertified) {
      isCertified = value !== 0
    } else if (number === ADDRESS.observed && typeof value === 'number') {
      observed = value
    }
  }

  return { multiaddr, isCertified, observed }
}

function encodeAddress ({ multiaddr, isCertified, observed }: StoredAddress): Uint8Array {
  return Buffer.concat([
    lengthDelimited(ADDRESS.multiaddr, multiaddr),
    isCertified == null ? EMPTY : numeric(ADDRESS.isCertified, isCertified ? 1 : 0),
    observed == null ? EMPTY : numeric(ADDRESS.observed, observed)
  ])
}

/** @throws RangeError for bytes that are no protobuf */
function * readFields (bytes: Uint8Array): Generator<Field> {
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    const { value: tag, end: behindTag } = readVarint(bytes, start)
    const { value, end: behindValue } = readValue(bytes, behindTag, tag % 8)

    end = behindValue
    yield { number: Math.floor(tag / 8), value, bytes: bytes.subarray(start, end) }
  }
}

function readValue (bytes: Uint8Array, offset: number, type: number): { value: number | Uint8Array, end: number } {
  switch (type) {
    case VARINT:
      return readVarint(bytes, offset)
    case LENGTH: {
      const { value: length, end: start } = readVarint(bytes, offset)

      return { value: slice(bytes, start, length), end: start + length }
    }
    case FIXED64:
      return { value: slice(bytes, offset, 8), end: offset + 8 }
    case FIXED32:
      return { value: slice(bytes, offset, 4), end: offset + 4 }
    default:
      throw new RangeError(`wanted a wire type of protocol buffers, received ${type}`)
  }
}

function slice (bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (start + length > bytes.length) {
    throw new RangeError(`wanted ${length} bytes at ${start}, and there are ${bytes.length} in all`)
  }

  return bytes.subarray(start, start + length)
}

/** With multiplication in place of shifts: times in milliseconds have more than 32 bits. */
function readVarint (bytes: Uint8Array, offset: number): Varint {
  let value = 0

  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = bytes[offset + index]

    if (byte == null) {
      break
    }

    value += (byte % 0x80) * 2 ** (7 * index)

    if (byte < 0x80) {
      return { value, end: offset + index + 1 }
    }
  }

  throw new RangeError(`wanted a number at ${offset}, and there is none that ends`)
}

function writeVarint (value: number): Uint8Array {
  const bytes: number[] = []
  let left = value

  for (; left >= 0x80; left = Math.floor(left / 0x80)) {
    bytes.push(left % 0x80 + 0x80)
  }

  return Uint8Array.from([...bytes, left])
}

function lengthDelimited (number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([writeVarint(number * 8 + LENGTH), writeVarint(value.length), value])
}

function numeric (number: number, value: number): Uint8Array {
  return Buffer.concat([writeVarint(number * 8 + VARINT), writeVarint(value)])
}
