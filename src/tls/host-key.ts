import { createHash, createPublicKey, verify } from 'node:crypto'
import { publicKeyFromProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromMultihash, peerIdFromPublicKey } from '@libp2p/peer-id'
import { create as createDigest } from 'multiformats/hashes/digest'
import { concat } from '../base/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { KeyObject } from 'node:crypto'

/** The key by which a peer is known. */
export interface HostKey {
  readonly peerId: PeerId
  verify(data: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
}

/** Of the protobuf `PublicKey`, with type 3; the length and a SubjectPublicKeyInfo follow. */
const ECDSA_PREFIX = Uint8Array.of(0x08, 0x03, 0x12)

/** Above P-521, which takes 158 bytes, there is nothing; so the length of a key takes two bytes at most. */
const MAX_ECDSA_BYTES = 256
const SHA2_256 = 0x12

/**
 * Reads the protobuf `PublicKey`. Of ECDSA keys, which the packages of js-libp2p write in a way of their
 * own and give no peer ID, we read what the specification says.
 *
 * @throws when it is none
 */
export function readHostKey (protobuf: Uint8Array): HostKey {
  if (Buffer.compare(protobuf.subarray(0, ECDSA_PREFIX.byteLength), ECDSA_PREFIX) === 0) {
    return ecdsaKey(protobuf.subarray(ECDSA_PREFIX.byteLength))
  }

  const key = publicKeyFromProtobuf(protobuf)

  return { peerId: peerIdFromPublicKey(key), verify: (data, signature) => key.verify(data, signature) }
}

function ecdsaKey (data: Uint8Array): HostKey {
  const [low = 0, high = 0] = data
  const prefixBytes = low < 0x80 ? 1 : 2
  const length = low < 0x80 ? low : (low & 0x7F) + high * 0x80

  if (length > MAX_ECDSA_BYTES || data.byteLength !== prefixBytes + length) {
    throw new Error(`an ECDSA host key says that it has ${length} bytes, there are ${data.byteLength - prefixBytes}`)
  }

  const key = createPublicKey({ key: Buffer.from(data.subarray(prefixBytes)), format: 'der', type: 'spki' })

  if (key.asymmetricKeyType !== 'ec') {
    throw new Error(`wanted an ECDSA host key, received one of type ${String(key.asymmetricKeyType)}`)
  }

  return { peerId: ecdsaPeerId(key), verify: (bytes, signature) => verify('sha256', bytes, key, signature) }
}

/** The hash of the key, as of all that are too long to be their own name (libp2p/specs, peer-ids). */
function ecdsaPeerId (key: KeyObject): PeerId {
  const info = key.export({ type: 'spki', format: 'der' })
  const length = info.byteLength < 0x80 ? [info.byteLength] : [0x80 | (info.byteLength & 0x7F), info.byteLength >> 7]
  const protobuf = concat([ECDSA_PREFIX, Uint8Array.from(length), info])

  return peerIdFromMultihash(createDigest(SHA2_256, createHash('sha256').update(protobuf).digest()))
}
