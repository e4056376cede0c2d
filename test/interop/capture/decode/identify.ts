import { readEnvelope } from './envelope.ts'
import { multiaddrText } from './multiaddr.ts'
import { Message } from './protobuf.ts'
import { PublicKey } from './public-key.ts'
import type { Envelope } from './envelope.ts'

/** What a peer says of itself (libp2p/specs identify, "The Identify Message"). */
export interface Identify {
  readonly fields: number[]
  readonly publicKey: PublicKey
  readonly listenAddrs: string[]
  readonly protocols: string[]
  readonly observedAddr: string
  readonly protocolVersion: string
  readonly agentVersion: string
  /** Field 8, which the specification does not have, and all implementations do. */
  readonly signedPeerRecord: Envelope
}

export function readIdentify (bytes: Buffer): Identify {
  const message = new Message(bytes)

  return {
    fields: message.numbers,
    publicKey: new PublicKey(message.bytes(1)),
    listenAddrs: message.all(2).map(multiaddrText),
    protocols: message.all(3).map(String),
    observedAddr: multiaddrText(message.bytes(4)),
    protocolVersion: message.text(5),
    agentVersion: message.text(6),
    signedPeerRecord: readEnvelope(message.bytes(8))
  }
}
