import { publicKeyFromMultihash, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { isPeerId } from '@libp2p/interface'
import { peerIdFromMultihash } from '@libp2p/peer-id'
import { bases, CID, digest } from 'multiformats/basics'
import { BoundedMap, CodedError } from '../base/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { MultihashDigest } from 'multiformats/hashes/interface'

/** 'base58' is what people know ('12D3KooW…', 'Qm…'), 'cid' what is to replace it ('bafz…'). */
export type PeerIdForm = 'base58' | 'cid'

/** The longest text that is looked at: the 42 bytes of an ID take 320 characters in base 2. */
const MAX_PEER_ID_CHARS = 512

/** How much of a wrong text the error repeats. */
const MAX_QUOTED_CHARS = 80

/** IDs that are remembered by their text: base58 takes longer than all else that an address needs. */
const MAX_PARSED = 1024

/** https://github.com/multiformats/multicodec */
const LIBP2P_KEY = 0x72
const IDENTITY = 0x00
const SHA2_256 = 0x12
const SHA2_256_BYTES = 32

/** A longer key is hashed (libp2p/specs, peer-ids, "Peer Ids"). */
const MAX_INLINE_KEY_BYTES = 42

// the identity base is raw bytes, which are no text
const { identity: _, ...TEXT_BASES } = bases
const DECODERS = new Map(Object.values(TEXT_BASES).map(({ prefix, decoder }) => [prefix as string, decoder]))

const parsed = new BoundedMap<PeerId>(MAX_PARSED)

/**
 * Reads a peer ID as libp2p writes them: base58 ('12D3KooW…', 'Qm…'), or a CIDv1 of a libp2p key in
 * any multibase ('bafz…' in base32, 'k51…' in base36, and others). A PeerId comes back as it is.
 *
 * One key has one ID: text that holds a key in any but its one deterministic encoding is refused.
 *
 * @throws CodedError InvalidPeerId, which names what came and what was wanted
 */
export function parsePeerId (text: string | PeerId): PeerId {
  if (isPeerId(text)) {
    return text
  }

  if (typeof text !== 'string') {
    throw invalid(String(text), `a ${typeof text} is no text`)
  }

  if (text.length > MAX_PEER_ID_CHARS) {
    throw invalid(text, `it has ${text.length} characters, and an ID at most ${MAX_PEER_ID_CHARS}`)
  }

  if (text.startsWith('/')) {
    throw invalid(text, 'that is a multiaddr, and the ID alone was wanted')
  }

  const known = parsed.get(text)

  if (known != null) {
    return known
  }

  try {
    const peer = peerIdOf(multihashOf(text))

    parsed.set(text, peer)

    return peer
  } catch (cause) {
    throw invalid(text, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/**
 * Writes a peer ID. Both forms are read back by `parsePeerId`, here and in other implementations;
 * the specification asks for base58 wherever people see it, and for base32 in CIDs.
 *
 * @throws CodedError InvalidPeerId for text that is none
 * @throws TypeError for an unknown form
 */
export function formatPeerId (peer: PeerId | string, form: PeerIdForm): string {
  const id = parsePeerId(peer)

  switch (form) {
    case 'base58':
      return id.toString()
    case 'cid':
      return id.toCID().toString()
    default:
      throw new TypeError(`form must be 'base58' or 'cid', received ${String(form)}`)
  }
}

/** libp2p/specs, peer-ids, "Decoding" */
function multihashOf (text: string): MultihashDigest {
  if (text.startsWith('1') || text.startsWith('Qm')) {
    return digest.decode(bases.base58btc.decode(`z${text}`))
  }

  // by code point, as one multibase begins with an emoji
  const [prefix = ''] = text
  const decoder = DECODERS.get(prefix)

  if (decoder == null) {
    throw new Error("it begins neither with '1' or 'Qm' nor as a CID does")
  }

  const cid = CID.decode(decoder.decode(text))

  if (cid.version !== 1 || cid.code !== LIBP2P_KEY) {
    throw new Error('it is a CID of something else than a libp2p key')
  }

  return cid.multihash
}

function peerIdOf (multihash: MultihashDigest): PeerId {
  if (multihash.code === SHA2_256) {
    if (multihash.size !== SHA2_256_BYTES) {
      throw new Error(`its hash has ${multihash.size} bytes, and SHA-256 has ${SHA2_256_BYTES}`)
    }
  } else if (multihash.code === IDENTITY) {
    assertInlineKey(multihash as MultihashDigest<0>)
  } else {
    throw new Error(`its hash function 0x${multihash.code.toString(16)} is not one of peer IDs`)
  }

  return peerIdFromMultihash(multihash)
}

function assertInlineKey (multihash: MultihashDigest<0>): void {
  if (multihash.size > MAX_INLINE_KEY_BYTES) {
    throw new Error(`it holds ${multihash.size} bytes in place of a hash, and at most ${MAX_INLINE_KEY_BYTES} are allowed`)
  }

  // two texts that both name one key would pass for two peers
  if (Buffer.compare(publicKeyToProtobuf(publicKeyFromMultihash(multihash)), multihash.digest) !== 0) {
    throw new Error('it holds its public key in a form that is not the deterministic one')
  }
}

function invalid (received: string, why: string, cause?: unknown): CodedError {
  const quoted = received.length > MAX_QUOTED_CHARS ? `${received.slice(0, MAX_QUOTED_CHARS)}…` : received

  return new CodedError('InvalidPeerId', `wanted a peer ID such as 12D3KooW…, Qm… or bafz…, received ${JSON.stringify(quoted)}: ${why}`, cause === undefined ? {} : { cause })
}
