import { createHash, createPublicKey, verify } from 'node:crypto'
import { Message } from './protobuf.ts'
import { varint } from './reader.ts'
import type { KeyObject } from 'node:crypto'

const KEY_TYPES = new Map([[0n, 'rsa'], [1n, 'ed25519'], [3n, 'ecdsa']] as const)
const MULTIHASH = { identity: 0x00, sha256: 0x12 }
const MAX_INLINE_KEY_BYTES = 42
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The public key of a peer (libp2p/specs peer-ids, "Keys" and "Peer Ids"). */
export class PublicKey {
  /** As in messages: protobuf `PublicKey`. */
  readonly bytes: Buffer
  readonly type: 'rsa' | 'ed25519' | 'ecdsa'
  /** What field 2 holds. */
  readonly data: Buffer
  readonly #key: KeyObject

  constructor (bytes: Buffer) {
    const message = new Message(bytes)
    const type = KEY_TYPES.get(message.uint(1) as 0n)

    if (type == null) {
      throw new Error(`keys of type ${message.uint(1)} are not read here`)
    }

    this.bytes = bytes
    this.type = type
    this.data = message.bytes(2)
    this.#key = type === 'ed25519'
      ? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: this.data.toString('base64url') }, format: 'jwk' })
      : createPublicKey({ key: this.data, format: 'der', type: 'spki' })
  }

  /** Whether the owner of this key has signed that. */
  verifies (signed: Uint8Array, signature: Uint8Array): boolean {
    return verify(this.type === 'ed25519' ? null : 'sha256', signed, this.#key, signature)
  }

  /** A multihash: of short keys the key itself, of others their SHA-256. */
  get peerId (): Buffer {
    const isInline = this.bytes.length <= MAX_INLINE_KEY_BYTES
    const digest = isInline ? this.bytes : createHash('sha256').update(this.bytes).digest()

    return Buffer.concat([Buffer.from([isInline ? MULTIHASH.identity : MULTIHASH.sha256]), varint(digest.length), digest])
  }
}

/** A peer ID as text: base58btc without a prefix. */
export function peerIdText (multihash: Buffer): string {
  let number = multihash.length === 0 ? 0n : BigInt(`0x${multihash.toString('hex')}`)
  let text = ''

  while (number > 0n) {
    text = ALPHABET.charAt(Number(number % 58n)) + text
    number /= 58n
  }

  const zeros = multihash.findIndex((byte) => byte !== 0)

  return '1'.repeat(zeros < 0 ? multihash.length : zeros) + text
}
