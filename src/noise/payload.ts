import { concat } from '../base/index.ts'
import { NoiseError } from './errors.ts'
import { decodeFields, encodeField } from './protobuf.ts'

/** What a peer tells of itself besides who it is. */
export interface NoiseExtensions {
  /** Multihashes of certificates, of peers that listen for WebTransport. */
  webtransportCerthashes: Uint8Array[]
  /** Protocols of its stream muxers, those it likes best first. */
  streamMuxers: string[]
}

/** What the second and third messages of a handshake carry; noise 2.3. */
export interface Payload {
  /** A `PublicKey` protobuf. */
  identityKey: Uint8Array
  identitySignature: Uint8Array
  /** Undefined when the peer sent none. */
  extensions: NoiseExtensions | undefined
}

const FIELD = { identityKey: 1, identitySignature: 2, extensions: 4 } as const
const EXTENSION = { webtransportCerthashes: 1, streamMuxers: 2 } as const

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The part of a payload that stays the same for as long as the keys do. */
export function encodeProof (identityKey: Uint8Array, identitySignature: Uint8Array): Uint8Array {
  return concat([...encodeField(FIELD.identityKey, identityKey), ...encodeField(FIELD.identitySignature, identitySignature)])
}

/** A payload of such a part and the extensions, which are left out when there are none. */
export function encodePayload (proof: Uint8Array, { webtransportCerthashes, streamMuxers }: NoiseExtensions): Uint8Array {
  if (webtransportCerthashes.length + streamMuxers.length === 0) {
    return proof
  }

  const extensions = [
    ...webtransportCerthashes.flatMap((hash) => encodeField(EXTENSION.webtransportCerthashes, hash)),
    ...streamMuxers.flatMap((protocol) => encodeField(EXTENSION.streamMuxers, encoder.encode(protocol)))
  ]

  return concat([proof, ...encodeField(FIELD.extensions, concat(extensions))])
}

/** @throws NoiseError `payload` */
export function decodePayload (bytes: Uint8Array): Payload {
  let identityKey: Uint8Array | undefined
  let identitySignature: Uint8Array | undefined
  let extensions: NoiseExtensions | undefined

  for (const field of decodeFields(bytes)) {
    // of a field that is there twice the last counts, of extensions all
    if (field.number === FIELD.identityKey) {
      identityKey = field.bytes
    } else if (field.number === FIELD.identitySignature) {
      identitySignature = field.bytes
    } else if (field.number === FIELD.extensions) {
      extensions ??= { webtransportCerthashes: [], streamMuxers: [] }
      decodeExtensions(field.bytes, extensions)
    }
  }

  if (identityKey == null || identitySignature == null) {
    throw new NoiseError('payload', `the payload of the handshake has no ${identityKey == null ? 'identity key' : 'signature'}: received ${bytes.byteLength} bytes`)
  }

  return { identityKey, identitySignature, extensions }
}

function decodeExtensions (bytes: Uint8Array, { webtransportCerthashes, streamMuxers }: NoiseExtensions): void {
  for (const field of decodeFields(bytes)) {
    if (field.number === EXTENSION.webtransportCerthashes) {
      webtransportCerthashes.push(field.bytes)
    } else if (field.number === EXTENSION.streamMuxers) {
      streamMuxers.push(decoder.decode(field.bytes))
    }
  }
}
