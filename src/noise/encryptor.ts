import { Uint8ArrayList } from 'uint8arraylist'
import { LENGTH_BYTES, MAX_SHORT_TEXT_BYTES, MAX_TEXT_BYTES, TAG_BYTES } from './constants.ts'
import { PlaintextCursor } from './plaintext-cursor.ts'
import type { CipherState } from './cipher-state.ts'

/** Turns plaintext into messages; noise 3. */
export class Encryptor {
  readonly #cipher: CipherState

  constructor (cipher: CipherState) {
    this.#cipher = cipher
  }

  /**
   * The messages that hold `data`, ready to send.
   *
   * @throws CodedError ResourceLimit when the nonces are used up
   */
  encrypt (data: Uint8Array | Uint8ArrayList): Uint8Array | Uint8ArrayList {
    const text = new PlaintextCursor(data)

    if (data.byteLength <= MAX_SHORT_TEXT_BYTES) {
      return this.#sealShort(text.take(data.byteLength))
    }

    const pieces: Uint8Array[] = []
    let byteLength = 0

    for (let left = data.byteLength; left > 0; left -= MAX_TEXT_BYTES) {
      byteLength += this.#seal(text.take(Math.min(left, MAX_TEXT_BYTES)), pieces)
    }

    return Uint8ArrayList.fromUint8Arrays(pieces, byteLength)
  }

  /** Adds one message to `pieces`, and tells how many bytes it has. */
  #seal (text: Uint8Array, pieces: Uint8Array[]): number {
    if (text.byteLength <= MAX_SHORT_TEXT_BYTES) {
      const message = this.#sealShort(text)

      pieces.push(message)

      return message.byteLength
    }

    const cipher = this.#cipher.cipher()
    const sealed = cipher.update(text)

    cipher.final()
    pieces.push(lengthOf(text), sealed, cipher.getAuthTag())

    return LENGTH_BYTES + text.byteLength + TAG_BYTES
  }

  /** One message in one piece. */
  #sealShort (text: Uint8Array): Uint8Array {
    const message = Buffer.allocUnsafe(LENGTH_BYTES + text.byteLength + TAG_BYTES)

    message.writeUInt16BE(text.byteLength + TAG_BYTES)
    this.#cipher.seal(text, message.subarray(LENGTH_BYTES))

    return message
  }
}

function lengthOf (text: Uint8Array): Uint8Array {
  const length = Buffer.allocUnsafe(LENGTH_BYTES)

  length.writeUInt16BE(text.byteLength + TAG_BYTES)

  return length
}
