import { generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { concat } from '../base/index.ts'
import { OID, SIGNATURE_PREFIX } from './constants.ts'
import { bitString, contextTag, der, TAG } from './der.ts'
import type { PrivateKey } from '@libp2p/interface'

/** For peers whose clock is behind ours; tls 4.6. */
const BACKDATE_MS = 60 * 60 * 1000

/** About 100 years, for peers whose clock is wrong; tls 4.6. */
const LIFETIME_MS = 100 * 365 * 24 * 60 * 60 * 1000

/** From then on a year has four digits; RFC 5280, section 4.1.2.5. */
const FIRST_GENERALIZED_YEAR = 2050

const SERIAL_BYTES = 8
const VERSION_3 = 2

/** In PEM, as Node wants them. */
export interface IssuedCertificate {
  cert: string
  key: string
  /** Milliseconds since the Unix epoch. */
  notAfter: number
}

/** A certificate that is signed by its own fresh key, and carries the host key's word for that; tls 4. */
export async function issueCertificate (hostKey: PrivateKey, now: number): Promise<IssuedCertificate> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  const publicKeyInfo = publicKey.export({ type: 'spki', format: 'der' })
  const signature = await hostKey.sign(concat([SIGNATURE_PREFIX, publicKeyInfo]))
  const signedKey = der(TAG.sequence,
    der(TAG.octetString, publicKeyToProtobuf(hostKey.publicKey)),
    der(TAG.octetString, signature))
  const notAfter = now + LIFETIME_MS
  const algorithm = der(TAG.sequence, der(TAG.oid, OID.ecdsaWithSha256))
  const name = randomName()

  const body = der(TAG.sequence,
    der(contextTag(0), der(TAG.integer, Uint8Array.of(VERSION_3))),
    der(TAG.integer, randomSerial()),
    algorithm,
    name,
    der(TAG.sequence, time(now - BACKDATE_MS), time(notAfter)),
    name,
    publicKeyInfo,
    der(contextTag(3), der(TAG.sequence, der(TAG.sequence, der(TAG.oid, OID.libp2pPublicKey), der(TAG.octetString, signedKey)))))
  const certificate = der(TAG.sequence, body, algorithm, bitString(sign('sha256', body, privateKey)))

  return { cert: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), notAfter }
}

/** A positive number that needs all its bytes. */
function randomSerial (): Uint8Array {
  const bytes = randomBytes(SERIAL_BYTES)

  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3F)

  return bytes
}

/** Some name must be there, and it means nothing. */
function randomName (): Uint8Array {
  const text = Buffer.from(randomBytes(SERIAL_BYTES).toString('hex'))

  return der(TAG.sequence, der(TAG.set, der(TAG.sequence, der(TAG.oid, OID.serialNumber), der(TAG.printableString, text))))
}

function time (ms: number): Uint8Array {
  const date = new Date(ms)
  const digits = date.toISOString().replace(/\.\d+Z$/, 'Z').replace(/[-:T]/g, '')

  return date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits))
}

function pem (bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString('base64').match(/.{1,64}/g) ?? []

  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
