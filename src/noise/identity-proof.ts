import { hash, verify } from 'node:crypto'
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { BoundedMap, CodedError, concat } from '../base/index.ts'
import { NoiseError } from './errors.ts'
import { encodeProof } from './payload.ts'
import { publicKeyOf } from './public-key.ts'
import type { Payload } from './payload.ts'
import type { PeerId, PrivateKey, PublicKey } from '@libp2p/interface'

/** What an identity signs lest its signature mean anything elsewhere; noise 2.4. */
const SIGNED_PREFIX = new TextEncoder().encode('noise-libp2p-static-key:')

/** Proofs that are remembered; the one that was made longest ago is forgotten first. */
const MAX_PROOFS = 1024

/** Says, signed by the identity, that the static key is its own. */
export async function proveStaticKey (identity: PrivateKey, staticKey: Uint8Array): Promise<Uint8Array> {
  return encodeProof(publicKeyToProtobuf(identity.publicKey), await identity.sign(signed(staticKey)))
}

/**
 * Who peers are, by their signatures of their static keys. A peer that comes again shows the same proof, as its
 * keys are the same; that it has the static key, each handshake proves anew.
 */
export class IdentityProofs {
  /** By what `digestOf` makes of a proof, as a peer may write much around its keys. */
  readonly #proven: BoundedMap<PeerId>

  /** @param maxProofs - how many are remembered; @default MAX_PROOFS */
  constructor (maxProofs: number = MAX_PROOFS) {
    this.#proven = new BoundedMap(maxProofs)
  }

  /**
   * Who the peer is.
   *
   * @throws CodedError UnexpectedPeer when it is not `expected`, or not whom it says it is; NoiseError `payload`
   */
  async verify ({ identityKey, identitySignature }: Payload, staticKey: Uint8Array, expected: PeerId | undefined): Promise<PeerId> {
    const proof = digestOf(staticKey, identityKey, identitySignature)
    const known = this.#proven.get(proof)

    if (known != null) {
      assertExpected(known, expected)

      return known
    }

    const { peerId, publicKey } = readIdentity(identityKey)

    assertExpected(peerId, expected)

    if (!await isSignature(publicKey, signed(staticKey), identitySignature)) {
      throw new CodedError('UnexpectedPeer', `the peer says that it is ${peerId.toString()}, but its signature of ${identitySignature.byteLength} bytes does not prove it`)
    }

    this.#proven.set(proof, peerId)

    return peerId
  }
}

function assertExpected (peerId: PeerId, expected: PeerId | undefined): void {
  if (expected?.equals(peerId) === false) {
    throw new CodedError('UnexpectedPeer', `wanted peer ${expected.toString()}, but ${peerId.toString()} took part in the handshake`)
  }
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
    return key.type === 'Ed25519'
      ? verify(null, message, publicKeyOf('ed25519', key.raw), signature)
      : await key.verify(message, signature)
  } catch {
    return false // of a length that no signature has
  }
}

function signed (staticKey: Uint8Array): Uint8Array {
  return concat([SIGNED_PREFIX, staticKey])
}

function digestOf (staticKey: Uint8Array, identityKey: Uint8Array, signature: Uint8Array): string {
  return hash('sha256', concat([staticKey, Uint8Array.of(identityKey.byteLength >>> 8, identityKey.byteLength), identityKey, signature]), 'base64')
}
