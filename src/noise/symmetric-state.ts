import { createSecretKey, hash, hkdfSync } from 'node:crypto'
import { concat } from '../base/index.ts'
import { CipherState } from './cipher-state.ts'
import { KEY_BYTES, NOISE_NAME, TAG_BYTES } from './constants.ts'
import { NoiseError } from './errors.ts'

const NO_BYTES = new Uint8Array(0)
const NAME_BYTES = new TextEncoder().encode(NOISE_NAME)

/** What both sides of a handshake know by now: everything said so far goes into it, byte for byte. */
export class SymmetricState {
  #chainingKey: Uint8Array = NAME_BYTES
  #hash: Uint8Array = NAME_BYTES
  #cipher: CipherState | undefined

  constructor (prologue: Uint8Array) {
    this.mixHash(prologue)
  }

  /** Names this handshake and no other; the same on both sides when all went well. */
  get hash (): Uint8Array {
    return this.#hash
  }

  mixHash (data: Uint8Array): void {
    this.#hash = hash('sha256', concat([this.#hash, data]), 'buffer')
  }

  mixKey (secret: Uint8Array): void {
    const [chainingKey, key] = this.#derive(secret)

    this.#chainingKey = chainingKey
    this.#cipher = new CipherState(key)
  }

  /** Seals `text` once there is a key; before that it stays readable. */
  encryptAndHash (text: Uint8Array): Uint8Array {
    if (this.#cipher == null) {
      this.mixHash(text)

      return text
    }

    const sealed = new Uint8Array(text.byteLength + TAG_BYTES)

    this.#cipher.seal(text, sealed, this.#hash)
    this.mixHash(sealed)

    return sealed
  }

  /**
   * The inverse of `encryptAndHash`; `what` names the part in the error.
   *
   * @throws NoiseError `handshakeTag`
   */
  decryptAndHash (sealed: Uint8Array, what: string): Uint8Array {
    if (this.#cipher == null) {
      this.mixHash(sealed)

      return sealed
    }

    const text = new Uint8Array(sealed.byteLength - TAG_BYTES)

    if (!this.#cipher.open(sealed, text, this.#hash)) {
      throw new NoiseError('handshakeTag', `${what} is not authentic: ${sealed.byteLength} bytes were received that fail their tag`)
    }

    this.mixHash(sealed)

    return text
  }

  /** The keys of the messages to come: of the initiator's, and of the responder's. */
  split (): [initiator: CipherState, responder: CipherState] {
    const [initiator, responder] = this.#derive(NO_BYTES)

    return [new CipherState(initiator), new CipherState(responder)]
  }

  /** Noise's HKDF with two outputs is that of RFC 5869 with the chaining key as salt. */
  #derive (secret: Uint8Array): [Uint8Array, Uint8Array] {
    // a key object, as Node finds out by an exception that bytes are none
    const derived = new Uint8Array(hkdfSync('sha256', createSecretKey(secret), this.#chainingKey, NO_BYTES, KEY_BYTES * 2))

    return [derived.subarray(0, KEY_BYTES), derived.subarray(KEY_BYTES)]
  }
}
