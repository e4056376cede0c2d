import { ByteQueue, concat, plainBytes } from '../../base/index.ts'
const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)

/** What `write` and `end` take, as bytes. @throws TypeError for anything else */
export function encodeBytes (bytes: Uint8Array | string): Uint8Array {
  if (typeof bytes === 'string') {
    return encoder.encode(bytes)
  }

  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`a byte stream takes a Uint8Array or a string, received ${describeValue(bytes)}`)
  }

  return bytes
}

/** Turns what a foreign stream gives into bytes. One for each stream, as a string may end within a character. */
export class ChunkReader {
  readonly #what: string
  #highSurrogate = ''

  /** @param what - names the stream in messages */
  constructor (what: string) {
    this.#what = what
  }

  /**
   * The bytes of a chunk, which may be none.
   *
   * @throws TypeError when the chunk is neither bytes nor a string
   */
  toBytes (chunk: unknown): Uint8Array {
    if (typeof chunk === 'string') {
      return this.#encode(chunk)
    }

    const bytes = asBytes(chunk)

    if (bytes == null) {
      throw new TypeError(`${this.#what} must give bytes or strings to be sent as a byte stream, received ${describeValue(chunk)}`)
    }

    return this.#highSurrogate === '' ? bytes : concat([this.end(), bytes])
  }

  /** What is left at the end, if the last string ended within a character. */
  end (): Uint8Array {
    const rest = this.#highSurrogate

    this.#highSurrogate = ''

    return rest === '' ? NOTHING : encoder.encode(rest)
  }

  #encode (chunk: string): Uint8Array {
    const text = this.#highSurrogate + chunk
    const isCut = isHighSurrogate(text.charCodeAt(text.length - 1))

    this.#highSurrogate = isCut ? text.slice(-1) : ''

    return encoder.encode(isCut ? text.slice(0, -1) : text)
  }
}

/** A chunk that is a smaller part of its buffer is copied where it has to wait. */
const MIN_SHARE_OF_BUFFER = 1 / 4

/** A queue for bytes that wait. What they cost in memory is a small multiple of what they count. */
export function queueOfBytes (): ByteQueue {
  return new ByteQueue({ minShareOfBuffer: MIN_SHARE_OF_BUFFER })
}

/** For messages: what kind of value this is. */
export function describeValue (value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return value === null || value === undefined ? String(value) : `a ${typeof value}`
  }

  const { constructor } = value

  return typeof constructor === 'function' && constructor.name !== '' ? `an object of class ${constructor.name}` : 'an object'
}

function asBytes (chunk: unknown): Uint8Array | undefined {
  if (chunk instanceof ArrayBuffer) {
    return new Uint8Array(chunk)
  }

  return ArrayBuffer.isView(chunk) ? plainBytes(chunk) : undefined
}

function isHighSurrogate (code: number): boolean {
  return code >= 0xD800 && code <= 0xDBFF
}
