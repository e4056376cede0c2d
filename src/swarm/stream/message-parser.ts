import { concat } from '../../base/index.ts'
import { decodeMessage } from './multistream-codec.ts'

/** How one message of a negotiation is waited for. */
export interface MessageRequest {
  /** Looks at a message that is not whole yet; throws when it can never become the right one. */
  check?(bytes: Uint8Array): void
  /** Nothing is here, and the peer may be waiting for us. */
  onWait?(): void
}

const NOTHING = new Uint8Array(0)

/** Cuts what arrives during a negotiation into messages. */
export class MessageParser {
  #bytes: Uint8Array = NOTHING

  /** What lies behind the messages. */
  get rest (): Uint8Array {
    return this.#bytes
  }

  push (chunk: Uint8Array): void {
    this.#bytes = this.#bytes.byteLength === 0 ? chunk : concat([this.#bytes, chunk])
  }

  /**
   * The next message, if it is whole.
   *
   * @throws CodedError NegotiationFailed
   */
  parse ({ check }: MessageRequest): string | undefined {
    const message = this.#bytes.byteLength === 0 ? undefined : decodeMessage(this.#bytes)

    if (message == null) {
      check?.(this.#bytes)

      return undefined
    }

    this.#bytes = this.#bytes.subarray(message.byteLength)

    return message.text
  }
}
