import { CodedError } from '../../base/index.ts'
import { MULTISTREAM_MAX_MESSAGE_BYTES, MULTISTREAM_PROTOCOL } from '../constants.ts'

/** Longer protocol ids cannot be negotiated: the newline takes one byte. */
const MAX_PROTOCOL_BYTES = MULTISTREAM_MAX_MESSAGE_BYTES - 1

/** Of UTF-8, for a unit of UTF-16. */
const MAX_BYTES_PER_UNIT = 3

/** What means something else in a negotiation. */
const RESERVED: readonly string[] = ['na', 'ls', MULTISTREAM_PROTOCOL]

const encoder = new TextEncoder()

/** Which handler serves which protocol; the handler's shape is the business of whoever registers it. */
export class ProtocolRegistry<Entry> {
  readonly #entries = new Map<string, Entry>()
  readonly #onChange: () => void

  constructor (onChange: () => void = () => {}) {
    this.#onChange = onChange
  }

  /**
   * @throws CodedError DuplicateHandler, unless forced; TypeError for what cannot be a protocol id
   */
  add (protocol: string, entry: Entry, { force = false } = {}): void {
    assertProtocol(protocol)

    if (this.#entries.has(protocol) && !force) {
      throw new CodedError('DuplicateHandler', `${protocol} has a handler; pass { force: true } to take its place, or unhandle it first`)
    }

    this.#entries.set(protocol, entry)
    this.#onChange()
  }

  remove (protocol: string): boolean {
    const existed = this.#entries.delete(protocol)

    if (existed) {
      this.#onChange()
    }

    return existed
  }

  get (protocol: string): Entry | undefined {
    return this.#entries.get(protocol)
  }

  has (protocol: string): boolean {
    return this.#entries.has(protocol)
  }

  list (): string[] {
    return [...this.#entries.keys()]
  }
}

/** @throws TypeError for what cannot be a protocol id */
export function assertProtocol (protocol: unknown): asserts protocol is string {
  if (!isProtocol(protocol)) {
    throw new TypeError(`a protocol id is a string of 1 to ${MAX_PROTOCOL_BYTES} bytes without a newline, such as /echo/1.0.0, and neither ${RESERVED.join(' nor ')}; received ${JSON.stringify(protocol)}`)
  }
}

function isProtocol (protocol: unknown): boolean {
  return typeof protocol === 'string' &&
    protocol !== '' &&
    !protocol.includes('\n') &&
    protocol.isWellFormed() &&
    !RESERVED.includes(protocol) &&
    (protocol.length <= MAX_PROTOCOL_BYTES / MAX_BYTES_PER_UNIT || encoder.encode(protocol).byteLength <= MAX_PROTOCOL_BYTES)
}
