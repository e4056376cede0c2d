import { CodedError } from '../../base/index.ts'

/** Longer protocol ids cannot be negotiated: 1024 bytes less the newline. */
const MAX_PROTOCOL_CHARACTERS = 1023

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

export function assertProtocol (protocol: unknown): asserts protocol is string {
  if (typeof protocol !== 'string' || protocol === '' || protocol.includes('\n') || new TextEncoder().encode(protocol).byteLength > MAX_PROTOCOL_CHARACTERS) {
    throw new TypeError(`a protocol id is a string of 1 to ${MAX_PROTOCOL_CHARACTERS} bytes without a newline, such as /echo/1.0.0; received ${JSON.stringify(protocol)}`)
  }
}
