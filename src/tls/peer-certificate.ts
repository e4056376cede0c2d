import { InvalidCryptoExchangeError, UnexpectedPeerError } from '@libp2p/interface'
import { concat, toError } from '../base/index.ts'
import { OID, SIGNATURE_PREFIX } from './constants.ts'
import { readHostKey } from './host-key.ts'
import { readCertificate } from './read-certificate.ts'
import type { PeerId } from '@libp2p/interface'
import type { X509Certificate } from 'node:crypto'

/** The first bit of the contents of a key usage: digitalSignature; RFC 5280, section 4.2.1.3. */
const DIGITAL_SIGNATURE = 0x80

/** Extensions that we understand, and that may therefore be critical; tls 5.5. */
const UNDERSTOOD = [OID.libp2pPublicKey, OID.keyUsage, OID.basicConstraints, OID.extendedKeyUsage]

export interface VerifyOptions {
  /** Milliseconds since the Unix epoch. */
  now: number
  /** Who it has to be, if that is known. */
  expected?: PeerId | undefined
}

/**
 * Who the holder of this certificate is; tls 5.
 *
 * @throws InvalidCryptoExchangeError naming what is wrong with it; UnexpectedPeerError for somebody else
 */
export async function verifyPeerCertificate (certificate: X509Certificate | undefined, { now, expected }: VerifyOptions): Promise<PeerId> {
  if (certificate == null) {
    throw new InvalidCryptoExchangeError('the peer sent no certificate')
  }

  // OpenSSL links what was sent in the order in which it came, whoever issued it
  if (certificate.issuerCertificate != null) {
    throw new InvalidCryptoExchangeError('the peer sent more than one certificate')
  }

  const peer = await holderOf(certificate, now)

  if (expected != null && !expected.equals(peer)) {
    throw new UnexpectedPeerError(`wanted peer ${expected.toString()}, but the certificate is that of ${peer.toString()}`)
  }

  return peer
}

async function holderOf (certificate: X509Certificate, now: number): Promise<PeerId> {
  try {
    assertValidNow(certificate, now)

    return await readHolder(certificate)
  } catch (thrown) {
    const cause = toError(thrown)

    throw Object.assign(new InvalidCryptoExchangeError(`the certificate of the peer is not valid: ${cause.message}`), { cause })
  }
}

function assertValidNow ({ validFromDate, validToDate }: X509Certificate, now: number): void {
  // so written that a date which is none fails too
  if (!(now >= validFromDate.getTime())) {
    throw new Error(`it is not valid before ${describe(validFromDate)}`)
  }

  if (!(now <= validToDate.getTime())) {
    throw new Error(`it has expired at ${describe(validToDate)}`)
  }
}

function describe (date: Date): string {
  return Number.isNaN(date.getTime()) ? 'a time that is none' : date.toISOString()
}

async function readHolder (certificate: X509Certificate): Promise<PeerId> {
  const { publicKeyInfo, extensions, signedKey } = readCertificate(certificate.raw)

  for (const { id, isCritical, value } of extensions) {
    if (isCritical && !UNDERSTOOD.some((known) => isSame(known, id))) {
      throw new Error(`it has a critical extension that is not known: ${Buffer.from(id).toString('hex')}`)
    }

    if (isSame(id, OID.keyUsage) && !allowsSignatures(value)) {
      throw new Error('its key is not for signatures')
    }
  }

  if (!certificate.verify(certificate.publicKey)) {
    throw new Error('it is not signed by its own key')
  }

  const hostKey = readHostKey(signedKey.publicKey)

  if (!await hostKey.verify(concat([SIGNATURE_PREFIX, publicKeyInfo]), signedKey.signature)) {
    throw new Error('its key is not signed by the host key that it names')
  }

  return hostKey.peerId
}

/** Tag and length of a bit string, the number of its unused bits, then the bits. */
function allowsSignatures (keyUsage: Uint8Array): boolean {
  return ((keyUsage[3] ?? 0) & DIGITAL_SIGNATURE) !== 0
}

function isSame (a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
