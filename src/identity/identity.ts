import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { CodedError } from '../base/index.ts'
import type { PeerId, PrivateKey, PublicKey } from '@libp2p/interface'

/** Who a node is: a key pair, and the peer ID that follows from it. */
export interface Identity {
  readonly peerId: PeerId
  readonly privateKey: PrivateKey
  readonly publicKey: PublicKey
}

export type IdentityType = 'Ed25519' | 'RSA'

export interface IdentityOptions {
  /** @default 'Ed25519' */
  type?: IdentityType | undefined
  /**
   * Of an RSA modulus, from 2048 to 8192. Peers that run js-libp2p read public keys of up to 8184
   * bits only.
   *
   * @default 2048
   */
  bits?: number | undefined
}

/** go-libp2p refuses RSA keys outside these bounds (core/crypto/rsa_common.go). */
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 8192

/** Above an RSA key of 8192 bits, which takes 4.7 KB. */
export const MAX_KEY_FILE_BYTES = 16 * 1024

/** By their number in the protobuf (libp2p/specs, peer-ids, "Keys"). */
const KEY_TYPES = ['RSA', 'Ed25519', 'secp256k1', 'ECDSA']
const TYPE_FIELD = 0x08
const DATA_FIELD = 0x12
const SUPPORTED = 'Ed25519 and RSA'

const ED25519_SEED_BYTES = 32

/** What a key signs to prove that its two halves belong together. */
const PROBE = new TextEncoder().encode('swarmd key check')

/**
 * Makes a new identity.
 *
 * @throws TypeError for an unknown type, and for `bits` without RSA
 * @throws RangeError for `bits` out of bounds
 */
export async function generateIdentity (options: IdentityOptions = {}): Promise<Identity> {
  const { type, bits } = resolveIdentityOptions(options)
  const key = type === 'RSA' ? await generateKeyPair('RSA', bits) : await generateKeyPair('Ed25519')

  return identityFromPrivateKey(key)
}

/** `options` with defaults and checked, so that a mistake shows even where no key has to be made. */
export function resolveIdentityOptions ({ type = 'Ed25519', bits }: IdentityOptions): { type: IdentityType, bits: number } {
  if (type !== 'Ed25519' && type !== 'RSA') {
    throw new TypeError(`type must be 'Ed25519' or 'RSA', received ${String(type)}`)
  }

  if (bits != null && type !== 'RSA') {
    throw new TypeError(`bits is for type 'RSA' only, received ${bits} with type '${type}'`)
  }

  const size = bits ?? MIN_RSA_BITS

  if (!Number.isInteger(size) || size < MIN_RSA_BITS || size > MAX_RSA_BITS) {
    throw new RangeError(`bits must be a whole number from ${MIN_RSA_BITS} to ${MAX_RSA_BITS}, received ${size}`)
  }

  return { type, bits: size }
}

/**
 * @throws TypeError for a key that is neither Ed25519 nor RSA
 * @throws RangeError for an RSA key whose size is out of bounds
 */
export function identityFromPrivateKey (privateKey: PrivateKey): Identity {
  assertSupported(privateKey)

  return { peerId: peerIdFromPrivateKey(privateKey), privateKey, publicKey: privateKey.publicKey }
}

/**
 * The key as every libp2p implementation stores it: the `PrivateKey` protobuf, without any frame.
 * The bytes are secret.
 *
 * @throws as `identityFromPrivateKey`
 */
export function encodePrivateKey (key: PrivateKey): Uint8Array {
  assertSupported(key)

  return privateKeyToProtobuf(key)
}

/**
 * Reads what `encodePrivateKey` of this or any other libp2p implementation wrote, and proves that
 * its private and public halves belong together: a peer whose key does not fit its ID could never
 * complete a handshake, and signing with mixed halves gives an Ed25519 key away.
 *
 * @throws CodedError InvalidKeyFile; neither its message nor its cause holds any of the bytes
 */
export async function decodePrivateKey (bytes: Uint8Array): Promise<PrivateKey> {
  assertSupportedBytes(bytes)

  let key: PrivateKey
  let sound: boolean

  try {
    key = privateKeyFromProtobuf(bytes)
    assertSupported(key)
    sound = await halvesMatch(key)
  } catch (cause) {
    throw unusable(`${bytes.length} bytes that are no such key`, cause)
  }

  if (!sound) {
    throw unusable(`one of type ${key.type} whose private and public halves do not belong together`)
  }

  return key
}

function assertSupported (key: PrivateKey): void {
  if (key.type === 'RSA') {
    const bits = modulusBits(key.jwk.n ?? '')

    if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
      throw new RangeError(`an RSA key must have from ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, received one of ${bits}`)
    }
  } else if (key.type !== 'Ed25519') {
    throw new TypeError(`wanted a private key of the types ${SUPPORTED}, received one of type ${key.type}`)
  }
}

/** Before anything parses them: parsers of key types that we do not support never see the bytes. */
function assertSupportedBytes (bytes: Uint8Array): void {
  if (bytes.length === 0) {
    throw unusable('no bytes')
  }

  if (bytes.length > MAX_KEY_FILE_BYTES) {
    throw unusable(`${bytes.length} bytes, and more than ${MAX_KEY_FILE_BYTES} are no key`)
  }

  // the fields stand in order, and each takes its one deterministic form (libp2p/specs, peer-ids, "Keys")
  const type = bytes[0] === TYPE_FIELD && bytes[2] === DATA_FIELD ? KEY_TYPES[bytes[1] ?? -1] : undefined

  if (type == null) {
    throw unusable(`${bytes.length} bytes that begin like no key`)
  }

  if (type !== 'Ed25519' && type !== 'RSA') {
    throw unusable(`one of type ${type}`)
  }
}

async function halvesMatch (key: PrivateKey): Promise<boolean> {
  // the older form has the public key twice, and both must be the same (libp2p/specs, peer-ids, "Ed25519")
  if (key.type === 'Ed25519' && Buffer.compare(key.raw.subarray(ED25519_SEED_BYTES), key.publicKey.raw) !== 0) {
    return false
  }

  return key.publicKey.verify(PROBE, await key.sign(PROBE))
}

/** The size of an RSA modulus that is written in base64url, as JSON web keys have it. */
function modulusBits (modulus: string): number {
  const bytes = Buffer.from(modulus, 'base64url')
  const first = bytes.findIndex((byte) => byte !== 0)

  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24
}

function unusable (received: string, cause?: unknown): CodedError {
  return new CodedError('InvalidKeyFile', `wanted a libp2p private key of the types ${SUPPORTED}, received ${received}`, cause === undefined ? {} : { cause })
}
