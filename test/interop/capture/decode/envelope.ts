import { multiaddrText } from './multiaddr.ts'
import { Message } from './protobuf.ts'
import { peerIdText, PublicKey } from './public-key.ts'
import { varint } from './reader.ts'

/** A signed envelope (libp2p/specs RFC 2). */
export interface Envelope {
  readonly fields: number[]
  readonly publicKey: PublicKey
  readonly payloadType: Buffer
  readonly payload: Buffer
  /** Whether the key in it has signed it for this domain. */
  isSignedFor(domain: string): boolean
}

export function readEnvelope (bytes: Buffer): Envelope {
  const message = new Message(bytes)
  const publicKey = new PublicKey(message.bytes(1))
  const [payloadType, payload, signature] = [message.bytes(2), message.bytes(3), message.bytes(5)]

  return {
    fields: message.numbers,
    publicKey,
    payloadType,
    payload,
    isSignedFor (domain) {
      const parts = [Buffer.from(domain), payloadType, payload].flatMap((part) => [varint(part.length), part])

      return publicKey.verifies(Buffer.concat(parts), signature)
    }
  }
}

/** The addresses of a peer by its own word (libp2p/specs RFC 3). */
export interface PeerRecord {
  readonly fields: number[]
  readonly peerId: string
  readonly sequence: bigint
  readonly addresses: string[]
}

export function readPeerRecord (bytes: Buffer): PeerRecord {
  const message = new Message(bytes)

  return {
    fields: message.numbers,
    peerId: peerIdText(message.bytes(1)),
    sequence: message.uint(2),
    addresses: message.all(3).map((address) => multiaddrText(new Message(address).bytes(1)))
  }
}
