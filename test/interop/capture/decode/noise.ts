import { createDecipheriv, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { Reader } from './reader.ts'

/** Exactly as long as a hash, so it is the first hash (Noise, 5.2, `InitializeSymmetric`). */
const PROTOCOL_NAME = 'Noise_XX_25519_ChaChaPoly_SHA256'
const KEY_BYTES = 32
const TAG_BYTES = 16
const EMPTY = Buffer.alloc(0)

export interface KeyPair {
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** What one side of a handshake knows, which is enough to read both. */
export interface Secrets {
  readonly isInitiator: boolean
  readonly staticKey: KeyPair
  readonly ephemeralKey: KeyPair
}

/** What one side has shown in the handshake. */
export interface Shown {
  readonly ephemeralKey: Buffer
  readonly staticKey: Buffer
  /** Protobuf `NoiseHandshakePayload`. */
  readonly payload: Buffer
}

export interface Handshake {
  readonly initiator: Shown
  readonly responder: Shown
  /** That of the initiator encrypts what it sends, and so on. */
  readonly keys: { initiator: Buffer, responder: Buffer }
}

/**
 * Reads the three messages of a Noise handshake of the pattern XX (https://noiseprotocol.org/noise.html,
 * revision 34) with the secrets of one side.
 */
export function readHandshake ([first, second, third]: readonly [Buffer, Buffer, Buffer], secrets: Secrets): Handshake {
  const state = new SymmetricState()
  const [a, b, c] = [new Reader(first), new Reader(second), new Reader(third)]
  const { isInitiator, ephemeralKey: ourEphemeral, staticKey: ourStatic } = secrets

  // -> e
  const initiatorEphemeral = state.mixHash(a.take(KEY_BYTES))
  state.mixHash(a.rest())

  // <- e, ee, s, es
  const responderEphemeral = state.mixHash(b.take(KEY_BYTES))
  const theirEphemeral = isInitiator ? responderEphemeral : initiatorEphemeral

  state.mixKey(exchange(ourEphemeral, theirEphemeral))

  const responderStatic = state.decryptAndHash(b.take(KEY_BYTES + TAG_BYTES))

  state.mixKey(isInitiator ? exchange(ourEphemeral, responderStatic) : exchange(ourStatic, initiatorEphemeral))

  const responderPayload = state.decryptAndHash(b.rest())

  // -> s, se
  const initiatorStatic = state.decryptAndHash(c.take(KEY_BYTES + TAG_BYTES))

  state.mixKey(isInitiator ? exchange(ourStatic, responderEphemeral) : exchange(ourEphemeral, initiatorStatic))

  const initiatorPayload = state.decryptAndHash(c.rest())

  return {
    initiator: { ephemeralKey: initiatorEphemeral, staticKey: initiatorStatic, payload: initiatorPayload },
    responder: { ephemeralKey: responderEphemeral, staticKey: responderStatic, payload: responderPayload },
    keys: state.split()
  }
}

/** The plain text of a transport message, the `counter`th in its direction. */
export function readTransport (key: Buffer, counter: number, message: Buffer): Buffer {
  return decrypt(key, counter, EMPTY, message)
}

/** Noise, 5.2: the SymmetricState and the CipherState in it. */
class SymmetricState {
  #chainingKey: Buffer = Buffer.from(PROTOCOL_NAME)
  #hash: Buffer = Buffer.from(PROTOCOL_NAME)
  #key: Buffer = EMPTY
  #counter = 0

  constructor () {
    this.mixHash(EMPTY) // the prologue of libp2p is empty
  }

  mixHash (data: Buffer): Buffer {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest()

    return data
  }

  mixKey (secret: Buffer): void {
    [this.#chainingKey, this.#key] = hkdf(this.#chainingKey, secret)
    this.#counter = 0
  }

  decryptAndHash (cipherText: Buffer): Buffer {
    const plainText = decrypt(this.#key, this.#counter++, this.#hash, cipherText)

    this.mixHash(cipherText)

    return plainText
  }

  split (): { initiator: Buffer, responder: Buffer } {
    const [initiator, responder] = hkdf(this.#chainingKey, EMPTY)

    return { initiator, responder }
  }
}

function hkdf (chainingKey: Buffer, secret: Buffer): [Buffer, Buffer] {
  const temporary = hmac(chainingKey, secret)
  const first = hmac(temporary, Buffer.from([1]))

  return [first, hmac(temporary, Buffer.concat([first, Buffer.from([2])]))]
}

function hmac (key: Buffer, data: Buffer): Buffer {
  return createHmac('sha256', key).update(data).digest()
}

function decrypt (key: Buffer, counter: number, associated: Buffer, message: Buffer): Buffer {
  const nonce = Buffer.alloc(12)
  const end = message.length - TAG_BYTES

  nonce.writeBigUInt64LE(BigInt(counter), 4)

  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES })

  decipher.setAAD(associated, { plaintextLength: end })
  decipher.setAuthTag(message.subarray(end))

  return Buffer.concat([decipher.update(message.subarray(0, end)), decipher.final()])
}

function exchange (ours: KeyPair, theirs: Uint8Array): Buffer {
  const part = (key: Uint8Array): string => Buffer.from(key).toString('base64url')
  const curve = { kty: 'OKP', crv: 'X25519' }

  return diffieHellman({
    privateKey: createPrivateKey({ key: { ...curve, d: part(ours.privateKey), x: part(ours.publicKey) }, format: 'jwk' }),
    publicKey: createPublicKey({ key: { ...curve, x: part(theirs) }, format: 'jwk' })
  })
}
