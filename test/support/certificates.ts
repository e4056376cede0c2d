import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** In PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface Authority extends Certificate {
  /** A certificate for a server at localhost, 127.0.0.1 and ::1, or for a client. */
  issue (name: string): Certificate
}

const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0C, sequence: 0x30, set: 0x31, time: 0x18 }
const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13'
}

/** An authority of a test, which nobody else trusts (RFC 5280, ECDSA on P-256). */
export function createAuthority (name = 'an authority for tests'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sign = (subject: string, subjectKey: KeyObject, extensions: Buffer[]): string =>
    signCertificate({ issuer: name, issuerKey: privateKey, subject, subjectKey, extensions })

  return {
    cert: sign(name, publicKey, [extension(OID.basicConstraints, der(TAG.sequence, der(TAG.boolean, Buffer.of(0xFF))))]),
    key: pem(privateKey),
    issue (subject) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })

      return { cert: sign(subject, own.publicKey, [extension(OID.subjectAltName, localNames())]), key: pem(own.privateKey) }
    }
  }
}

interface Signing {
  issuer: string
  issuerKey: KeyObject
  subject: string
  subjectKey: KeyObject
  extensions: Buffer[]
}

function signCertificate ({ issuer, issuerKey, subject, subjectKey, extensions }: Signing): string {
  const algorithm = der(TAG.sequence, oid(OID.ecdsaWithSha256))
  const body = der(TAG.sequence,
    der(0xA0, integer(2)),
    der(TAG.integer, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer),
    der(TAG.sequence, time('20200101000000Z'), time('21200101000000Z')),
    distinguishedName(subject),
    subjectKey.export({ type: 'spki', format: 'der' }),
    der(0xA3, der(TAG.sequence, ...extensions)))
  const signature = createSign('sha256').update(body).sign(issuerKey)
  const certificate = der(TAG.sequence, body, algorithm, der(TAG.bits, Buffer.of(0), signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []

  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function localNames (): Buffer {
  return der(TAG.sequence,
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.of(127, 0, 0, 1)),
    der(0x87, Buffer.concat([Buffer.alloc(15), Buffer.of(1)])))
}

function extension (id: string, value: Buffer): Buffer {
  return der(TAG.sequence, oid(id), der(TAG.octets, value))
}

function distinguishedName (name: string): Buffer {
  return der(TAG.sequence, der(TAG.set, der(TAG.sequence, oid(OID.commonName), der(TAG.utf8, Buffer.from(name)))))
}

function oid (hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

function integer (value: number): Buffer {
  return der(TAG.integer, Buffer.of(value))
}

function time (text: string): Buffer {
  return der(TAG.time, Buffer.from(text))
}

/** Tag, length and contents (X.690). */
function der (tag: number, ...parts: Buffer[]): Buffer {
  const contents = Buffer.concat(parts)

  return Buffer.concat([Buffer.of(tag), ...lengthOf(contents), contents])
}

function lengthOf ({ length }: Buffer): Buffer[] {
  if (length < 0x80) {
    return [Buffer.of(length)]
  }

  return [length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xFF)]
}

function pem (key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
