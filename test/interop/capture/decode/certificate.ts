import { Reader } from './reader.ts'

const TAG = { octets: 0x04, oid: 0x06, sequence: 0x30, extensions: 0xA3, subjectUniqueId: 0x82, issuerUniqueId: 0x81 }

/** 1.3.6.1.4.1.53594.1.1, of the libp2p project. */
const LIBP2P_EXTENSION = Buffer.from('2b0601040183a25a0101', 'hex')

interface Element {
  readonly tag: number
  readonly content: Buffer
}

/** What libp2p puts into a certificate (libp2p/specs tls, "libp2p Public Key Extension"). */
export interface SignedKey {
  /** Protobuf `PublicKey`, of the host. */
  readonly publicKey: Buffer
  readonly signature: Buffer
  /** Whether the certificate has a subjectUniqueId or an issuerUniqueId. */
  readonly hasUniqueIds: boolean
}

/** @param der - a certificate, X.509 version 3 */
export function readSignedKey (der: Uint8Array): SignedKey {
  const [certificate] = elements(der)
  const [body] = elements(content(certificate, TAG.sequence))
  const parts = elements(content(body, TAG.sequence))
  const [list] = elements(content(parts.find(({ tag }) => tag === TAG.extensions), TAG.extensions))
  const found = elements(content(list, TAG.sequence)).map((extension) => elements(content(extension, TAG.sequence))).filter(([id]) => content(id, TAG.oid).equals(LIBP2P_EXTENSION))

  if (found.length !== 1) {
    throw new Error(`wanted the extension of libp2p once, it is there ${found.length} times`)
  }

  // a flag, whether it is critical, may stand between the two
  const [signedKey] = elements(content(found[0]?.at(-1), TAG.octets))
  const [publicKey, signature, ...others] = elements(content(signedKey, TAG.sequence))

  if (others.length > 0) {
    throw new Error('SignedKey has two fields')
  }

  return {
    publicKey: content(publicKey, TAG.octets),
    signature: content(signature, TAG.octets),
    hasUniqueIds: parts.some(({ tag }) => tag === TAG.issuerUniqueId || tag === TAG.subjectUniqueId)
  }
}

function content (element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) {
    throw new Error(`wanted an element with the tag ${tag}, found ${element?.tag}`)
  }

  return element.content
}

/** Elements of DER (ITU-T X.690) that follow each other. */
function elements (der: Uint8Array): Element[] {
  const reader = new Reader(der)
  const found: Element[] = []

  while (reader.left > 0) {
    const tag = reader.uint8()

    found.push({ tag, content: reader.take(length(reader)) })
  }

  return found
}

function length (reader: Reader): number {
  const first = reader.uint8()

  return first < 0x80 ? first : reader.take(first - 0x80).readUIntBE(0, first - 0x80)
}
