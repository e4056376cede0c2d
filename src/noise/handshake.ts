import { concat } from '../base/index.ts'
import { KEY_BYTES, TAG_BYTES } from './constants.ts'
import { NoiseError } from './errors.ts'
import { SymmetricState } from './symmetric-state.ts'
import { agree, generateKeys, peerKey, staticPeerKey } from './x25519.ts'
import type { CipherState } from './cipher-state.ts'
import type { KeyPair, PeerKey } from './x25519.ts'

export interface HandshakeInit {
  isInitiator: boolean
  prologue: Uint8Array
  staticKeys: KeyPair
  /** New ones, unless given; a pair must never be used twice. */
  ephemeralKeys?: KeyPair
}

/** How the messages after the handshake are sealed and opened. */
export interface Ciphers {
  send: CipherState
  receive: CipherState
}

const SEALED_KEY_BYTES = KEY_BYTES + TAG_BYTES

/** The least that each message has. */
const MIN_FIRST_BYTES = KEY_BYTES
const MIN_SECOND_BYTES = KEY_BYTES + SEALED_KEY_BYTES + TAG_BYTES
const MIN_THIRD_BYTES = SEALED_KEY_BYTES + TAG_BYTES

/**
 * The pattern XX, as bytes in and bytes out: who calls it sees to the order of its messages, and to
 * their payload.
 *
 * ```
 * -> e                initiator: writeFirst    responder: readFirst
 * <- e, ee, s, es     initiator: readSecond    responder: writeSecond
 * -> s, se            initiator: writeThird    responder: readThird
 * ```
 */
export class Handshake {
  readonly #isInitiator: boolean
  readonly #symmetric: SymmetricState
  readonly #static: KeyPair
  readonly #ephemeral: KeyPair
  #remoteEphemeral: PeerKey | undefined
  #remoteStatic: PeerKey | undefined

  constructor ({ isInitiator, prologue, staticKeys, ephemeralKeys = generateKeys() }: HandshakeInit) {
    this.#isInitiator = isInitiator
    this.#symmetric = new SymmetricState(prologue)
    this.#static = staticKeys
    this.#ephemeral = ephemeralKeys
  }

  /** Of the whole handshake, once it is over. */
  get hash (): Uint8Array {
    return this.#symmetric.hash
  }

  /** The peer's, once it was read. */
  get remoteStaticKey (): Uint8Array {
    return known(this.#remoteStatic).bytes
  }

  /** Everybody can read this one, so we send no payload with it; noise 2.3. */
  writeFirst (payload: Uint8Array = new Uint8Array(0)): Uint8Array {
    this.#symmetric.mixHash(this.#ephemeral.publicKey)

    return concat([this.#ephemeral.publicKey, this.#symmetric.encryptAndHash(payload)])
  }

  /** @throws NoiseError `handshakeLength` */
  readFirst (message: Uint8Array): Uint8Array {
    checkLength(message, MIN_FIRST_BYTES, 'first')
    this.#readEphemeral(message)

    return this.#symmetric.decryptAndHash(message.subarray(KEY_BYTES), 'the payload of the first message')
  }

  /** @throws NoiseError `publicKey` */
  writeSecond (payload: Uint8Array): Uint8Array {
    const symmetric = this.#symmetric
    const remote = known(this.#remoteEphemeral)

    symmetric.mixHash(this.#ephemeral.publicKey)
    symmetric.mixKey(agree(this.#ephemeral, remote))

    const sealedKey = symmetric.encryptAndHash(this.#static.publicKey)

    symmetric.mixKey(agree(this.#static, remote))

    return concat([this.#ephemeral.publicKey, sealedKey, symmetric.encryptAndHash(payload)])
  }

  /** @throws NoiseError `handshakeLength`, `publicKey`, `handshakeTag` */
  readSecond (message: Uint8Array): Uint8Array {
    checkLength(message, MIN_SECOND_BYTES, 'second')
    this.#symmetric.mixKey(agree(this.#ephemeral, this.#readEphemeral(message)))

    const remote = this.#readStatic(message.subarray(KEY_BYTES, KEY_BYTES + SEALED_KEY_BYTES), 'second')

    this.#symmetric.mixKey(agree(this.#ephemeral, remote))

    return this.#symmetric.decryptAndHash(message.subarray(KEY_BYTES + SEALED_KEY_BYTES), 'the payload of the second message')
  }

  writeThird (payload: Uint8Array): Uint8Array {
    const symmetric = this.#symmetric
    const sealedKey = symmetric.encryptAndHash(this.#static.publicKey)

    symmetric.mixKey(agree(this.#static, known(this.#remoteEphemeral)))

    return concat([sealedKey, symmetric.encryptAndHash(payload)])
  }

  /** @throws NoiseError `handshakeLength`, `publicKey`, `handshakeTag` */
  readThird (message: Uint8Array): Uint8Array {
    checkLength(message, MIN_THIRD_BYTES, 'third')

    const remote = this.#readStatic(message.subarray(0, SEALED_KEY_BYTES), 'third')

    this.#symmetric.mixKey(agree(this.#ephemeral, remote))

    return this.#symmetric.decryptAndHash(message.subarray(SEALED_KEY_BYTES), 'the payload of the third message')
  }

  split (): Ciphers {
    const [initiator, responder] = this.#symmetric.split()

    return this.#isInitiator ? { send: initiator, receive: responder } : { send: responder, receive: initiator }
  }

  #readEphemeral (message: Uint8Array): PeerKey {
    const key = peerKey(message.subarray(0, KEY_BYTES), 'the ephemeral key of the peer')

    this.#remoteEphemeral = key
    this.#symmetric.mixHash(key.bytes)

    return key
  }

  #readStatic (sealed: Uint8Array, which: string): PeerKey {
    const key = staticPeerKey(this.#symmetric.decryptAndHash(sealed, `the static key in the ${which} message`))

    this.#remoteStatic = key

    return key
  }
}

function checkLength ({ byteLength }: Uint8Array, min: number, which: string): void {
  if (byteLength < min) {
    throw new NoiseError('handshakeLength', `the ${which} message of the handshake must have at least ${min} bytes, received ${byteLength}`)
  }
}

function known (key: PeerKey | undefined): PeerKey {
  if (key == null) {
    throw new TypeError('the messages of the handshake came in a wrong order: a key of the peer is not yet known')
  }

  return key
}
