import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { CodedError, concat } from '../base/index.ts'
import { NoiseError } from './errors.ts'
import { encodeProof } from './payload.ts'
import type { Payload } from './payload.ts'
import type { PeerId, PrivateKey, PublicKey } from '@libp2p/interface'

/** What an identity signs lest its signature mean anything elsewhere; noise 2.4. */
const SIGNED_PREFIX = new TextEncoder().encode('noise-libp2p-static-key:')

/** Says, signed by the identity, that the static key is its own. */
export async function proveStaticKey (identity: PrivateKey, staticKey: Uint8Array): Promise<Uint8Array> {
  return encodeProof(publicKeyToProtobuf(identity.publicKey), await identity.sign(signed(staticKey)))
}

/**
 * Who the peer is, by its signature of the static key.
 *
 * @throws CodedError UnexpectedPeer when it is not `expected`, or not whom it says it is; NoiseError `payload`
 */
export async function verifyPeer ({ identityKey, identitySignature }: Payload, staticKey: Uint8Array, expected: PeerId | undefined): Promise<PeerId> {
  const { peerId, publicKey } = readIdentity(identityKey)

  if (expected?.equals(peerId) === false) {
    throw new CodedError('UnexpectedPeer', `wanted peer ${expected.toString()}, but ${peerId.toString()} took part in the handshake`)
  }

  if (!await isSignature(publicKey, signed(staticKey), identitySignature)) {
    throw new CodedError('UnexpectedPeer', `the peer says that it is ${peerId.toString()}, but its signature of ${identitySignature.byteLength} bytes does not prove it`)
  }

  return peerId
}

function readIdentity (identityKey: Uint8Array): { peerId: PeerId, publicKey: PublicKey } {
  try {
    // a copy, as it lives for as long as the connection, and the message need not
    const publicKey = publicKeyFromProtobuf(Uint8Array.from(identityKey))

    return { publicKey, peerId: peerIdFromPublicKey(publicKey) }
  } catch (cause) {
    throw new NoiseError('payload', `the identity key of the peer cannot be used: received ${identityKey.byteLength} bytes`, { cause })
  }
}

async function isSignature (key: PublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    return await key.verify(message, signature)
  } catch {
    return false // of a length that no signature has
  }
}

function signed (staticKey: Uint8Array): Uint8Array {
  return concat([SIGNED_PREFIX, staticKey])
}
