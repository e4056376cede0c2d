import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { BoundedMap } from '../base/index.ts'
import { KEY_BYTES } from './constants.ts'
import { NoiseError } from './errors.ts'
import { publicKeyOf } from './public-key.ts'
import type { KeyObject } from 'node:crypto'

/** A key pair of X25519: the private half as OpenSSL keeps it, the public one as it is sent. */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: Uint8Array
}

/** What stands before the 32 bytes of a private key in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')

export function generateKeys (): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')

  return { privateKey, publicKey: rawKey(publicKey) }
}

/** @throws RangeError unless there are 32 bytes */
export function keysFromPrivate (bytes: Uint8Array): KeyPair {
  if (bytes.byteLength !== KEY_BYTES) {
    throw new RangeError(`staticNoiseKey must be a private X25519 key of ${KEY_BYTES} bytes, received ${bytes.byteLength}`)
  }

  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes]), format: 'der', type: 'pkcs8' })

  return { privateKey, publicKey: rawKey(createPublicKey(privateKey)) }
}

/** A public key that the peer sent; `what` names it in the errors of `agree`. */
export interface PeerKey {
  readonly bytes: Uint8Array
  readonly key: KeyObject
  readonly what: string
}

/** Any 32 bytes are a key; whether it is one of use, `agree` finds out. */
export function peerKey (bytes: Uint8Array, what: string): PeerKey {
  return { bytes, what, key: publicKeyOf('x25519', bytes) }
}

/** Static keys that are remembered; the one that was seen longest ago is forgotten first. */
export const MAX_STATIC_KEYS = 1024

const staticKeys = new BoundedMap<PeerKey>(MAX_STATIC_KEYS)

/** As `peerKey`, of a peer that may come again with the same one. */
export function staticPeerKey (bytes: Uint8Array): PeerKey {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const known = staticKeys.get(text) ?? peerKey(Uint8Array.from(bytes), 'the static key of the peer')

  staticKeys.set(text, known)

  return known
}

/**
 * The secret that both sides know.
 *
 * @throws NoiseError `publicKey` for points of low order, with which everybody would know it; noise 2.5
 */
export function agree ({ privateKey }: KeyPair, { bytes, key, what }: PeerKey): Uint8Array {
  try {
    return diffieHellman({ privateKey, publicKey: key })
  } catch (cause) {
    // OpenSSL derives no secret that is all zeros
    throw new NoiseError('publicKey', `${what} is no key that keeps a secret: received ${Buffer.from(bytes).toString('hex')}`, { cause })
  }
}

function rawKey (key: KeyObject): Uint8Array {
  // by JWK, which costs 1 µs, where an export to SPKI costs 20
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}
