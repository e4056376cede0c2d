import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305'
import { TAG_BYTES } from './constants.ts'
import { Nonce } from './nonce.ts'
import type { CipherChaCha20Poly1305, DecipherChaCha20Poly1305, KeyObject } from 'node:crypto'

const NO_DATA = new Uint8Array(0)
const OPENSSL_OPTIONS = { authTagLength: TAG_BYTES }

/** Works in its own memory, and synchronously, so one is enough for all connections. */
const webAssembly = new ChaCha20Poly1305(newInstance())

/** One key of ChaCha20-Poly1305, and how many messages it has sealed or opened; noise 3.5. */
export class CipherState {
  readonly #key: Uint8Array
  readonly #nonce: Nonce
  /** As OpenSSL wants it; made when it is first needed. */
  #keyObject: KeyObject | undefined

  constructor (key: Uint8Array, nonce: Nonce = new Nonce()) {
    this.#key = key
    this.#nonce = nonce
  }

  /** Seals a short message into `target`, which has room for its tag too. */
  seal (text: Uint8Array, target: Uint8Array, authenticated: Uint8Array = NO_DATA): void {
    webAssembly.seal(this.#key, this.#nonce.next(), text, authenticated, target)
  }

  /** Opens a short message into `target`. Unless true is returned, that holds nothing of use. */
  open (sealed: Uint8Array, target: Uint8Array, authenticated: Uint8Array = NO_DATA): boolean {
    return webAssembly.open(this.#key, this.#nonce.next(), sealed, authenticated, target) != null
  }

  /** Seals a long message. */
  cipher (): CipherChaCha20Poly1305 {
    return createCipheriv('chacha20-poly1305', this.#openSslKey, this.#nonce.next(), OPENSSL_OPTIONS)
  }

  /** Opens a long message. */
  decipher (): DecipherChaCha20Poly1305 {
    return createDecipheriv('chacha20-poly1305', this.#openSslKey, this.#nonce.next(), OPENSSL_OPTIONS)
  }

  get #openSslKey (): KeyObject {
    this.#keyObject ??= createSecretKey(this.#key)

    return this.#keyObject
  }
}
