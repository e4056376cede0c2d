import { createSign, generateKeyPairSync, sign } from 'node:crypto'
import { peerIdText, PublicKey } from './decode/public-key.ts'
import type { KeyObject } from 'node:crypto'

const DAY_MS = 86_400_000
const TAG = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0C, sequence: 0x30, set: 0x31, time: 0x18, version: 0xA0, extensions: 0xA3 }
const OID = { ecdsaWithSha256: '2a8648ce3d040302', commonName: '550403', libp2p: '2b0601040183a25a0101' }
/** Field 1, the type, is 1 (Ed25519), and field 2 has 32 bytes. */
const ED25519_PREFIX = Buffer.from('08011220', 'hex')

/** What a certificate may have wrong. */
export type Fault = 'signed by another host key' | 'without the extension' | 'expired' | 'not valid yet' | 'with another signature of its own'

/** Those that every implementation sees. */
export const FAULTS: readonly Fault[] = ['signed by another host key', 'without the extension', 'expired', 'not valid yet']

export interface Libp2pCertificate {
  /** In PEM. */
  readonly cert: string
  readonly key: string
  /** Of the host that it names. */
  readonly peerId: string
}

/** A certificate as libp2p/specs tls has it, of a host with an Ed25519 key, or one with a fault. */
export function libp2pCertificate (fault?: Fault): Libp2pCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const info = publicKey.export({ type: 'spki', format: 'der' })
  const host = generateKeyPairSync('ed25519')
  const signer = fault === 'signed by another host key' ? generateKeyPairSync('ed25519') : host
  const hostKey = Buffer.concat([ED25519_PREFIX, host.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)])
  const signature = sign(null, Buffer.concat([Buffer.from('libp2p-tls-handshake:'), info]), signer.privateKey)
  const signedKey = der(TAG.sequence, der(TAG.octets, hostKey), der(TAG.octets, signature))
  const extension = der(TAG.sequence, oid(OID.libp2p), der(TAG.octets, signedKey))
  const body = certificateBody(info, fault, fault === 'without the extension' ? [] : [der(TAG.extensions, der(TAG.sequence, extension))])

  return {
    cert: pem(body, fault === 'with another signature of its own' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : privateKey),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    peerId: peerIdText(new PublicKey(hostKey).peerId)
  }
}

function certificateBody (info: Buffer, fault: Fault | undefined, extensions: Buffer[]): Buffer {
  const name = der(TAG.sequence, der(TAG.set, der(TAG.sequence, oid(OID.commonName), der(TAG.utf8, Buffer.from('test')))))
  const from = fault === 'not valid yet' ? 1 : -2
  const to = fault === 'expired' ? -1 : 2

  return der(TAG.sequence,
    der(TAG.version, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, Buffer.from([1])),
    der(TAG.sequence, oid(OID.ecdsaWithSha256)),
    name,
    der(TAG.sequence, day(from), day(to)),
    name,
    info,
    ...extensions)
}

function pem (body: Buffer, key: KeyObject): string {
  const signature = createSign('sha256').update(body).sign(key)
  const certificate = der(TAG.sequence, body, der(TAG.sequence, oid(OID.ecdsaWithSha256)), der(TAG.bits, Buffer.from([0]), signature))

  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`
}

/** So many days from now. */
function day (days: number): Buffer {
  const text = new Date(Date.now() + days * DAY_MS).toISOString().replace(/\.\d+|[-:T]/g, '')

  return der(TAG.time, Buffer.from(text))
}

function oid (hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

/** An element of DER. */
function der (tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)

  return Buffer.concat([Buffer.from([tag, ...derLength(content.length)]), content])
}

/** In the fewest bytes, as DER demands. */
function derLength (length: number): number[] {
  if (length < 0x80) {
    return [length]
  }

  return length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xFF]
}
