import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { contextTag, der, DerError, TAG } from '../../src/tls/der.ts'
import { readHostKey } from '../../src/tls/host-key.ts'
import { issueCertificate } from '../../src/tls/issue-certificate.ts'
import { OwnCertificate } from '../../src/tls/own-certificate.ts'
import { verifyPeerCertificate } from '../../src/tls/peer-certificate.ts'
import { readCertificate } from '../../src/tls/read-certificate.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { certificate, extension } from './fixtures.ts'
import { VECTORS } from './vectors.ts'
import type { CertificateInit } from './fixtures.ts'
import type { PeerId, PrivateKey } from '@libp2p/interface'

const NOW = Date.UTC(2026, 0, 1)
const YEAR_MS = 365 * 24 * 60 * 60 * 1000
const UNKNOWN = Uint8Array.of(0x2A, 0x03)
const KEY_USAGE = Uint8Array.of(0x55, 0x1D, 0x0F)
const BASIC_CONSTRAINTS = Uint8Array.of(0x55, 0x1D, 0x13)
const SUBJECT_KEY_ID = Uint8Array.of(0x55, 0x1D, 0x0E)

let hostKey: PrivateKey

beforeAll(async () => { hostKey = await generateKeyPair('Ed25519') })

async function verify (x509: X509Certificate, { now = NOW, expected }: { now?: number, expected?: PeerId } = {}): Promise<string> {
  const peer = await verifyPeerCertificate(x509, { now, expected })

  return peer.toString()
}

async function verdict (init: Omit<CertificateInit, 'hostKey'>): Promise<string> {
  const { x509 } = await certificate({ hostKey, ...init })

  return verify(x509).then(() => 'valid', (error: Error) => `${error.name}: ${error.message}`)
}

describe('a certificate that we show', () => {
  it.each(['Ed25519', 'secp256k1', 'RSA'] as const)('is valid, with a host key of type %s; tls 4', async (type) => {
    const key = type === 'RSA' ? await generateKeyPair(type, 2048) : await generateKeyPair(type)
    const { cert } = await issueCertificate(key, NOW)

    expect(await verify(new X509Certificate(cert))).toBe(peerIdFromPrivateKey(key).toString())
  })

  it('is what it should be; tls 4.1 to 4.6', async () => {
    const { cert, notAfter } = await issueCertificate(hostKey, NOW)
    const x509 = new X509Certificate(cert)

    expect(x509.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(x509.verify(x509.publicKey)).toBe(true)
    expect(x509.issuer).toBe(x509.subject)
    expect(x509.validFromDate.getTime()).toBe(NOW - 60 * 60 * 1000)
    expect(x509.validToDate.getTime()).toBe(notAfter)
    expect(notAfter - NOW).toBe(100 * YEAR_MS)
    expect(readCertificate(x509.raw).extensions).toMatchObject([{ isCritical: false }])
  })

  it('has its own serial number and key each time', async () => {
    const [a, b] = [await issueCertificate(hostKey, NOW), await issueCertificate(hostKey, NOW)]

    expect(new X509Certificate(a.cert).serialNumber).not.toBe(new X509Certificate(b.cert).serialNumber)
    expect(a.key).not.toBe(b.key)
  })

  it('can be made before and after the year 2050', async () => {
    for (const year of [1975, 2049, 2050, 2090]) {
      const now = Date.UTC(year, 5, 1)
      const { cert } = await issueCertificate(hostKey, now)

      expect(await verify(new X509Certificate(cert), { now })).toBe(peerIdFromPrivateKey(hostKey).toString())
    }
  })

  it('is made once, and again a day before it expires; tls 4.7', async () => {
    const clock = new FakeClock(NOW)
    const own = new OwnCertificate(hostKey, clock)
    const [first, second] = await Promise.all([own.context(), own.context()])

    expect(second).toBe(first)

    await clock.advance(100 * YEAR_MS - 24 * 60 * 60 * 1000 - 1)

    expect(await own.context()).toBe(first)

    await clock.advance(1)

    expect(await own.context()).not.toBe(first)
  })

  it('is tried again when it could not be made', async () => {
    const key = { ...hostKey, publicKey: hostKey.publicKey, sign: async () => { throw new Error('no hand to sign') } }
    const own = new OwnCertificate(key as never, new FakeClock(NOW))

    await expect(own.context()).rejects.toThrow('no hand to sign')

    key.sign = (async (data: Uint8Array) => hostKey.sign(data)) as never

    expect(await own.context()).toBeDefined()
  })
})

describe('a certificate that we are shown', () => {
  it.each(VECTORS.filter(({ peerId }) => peerId != null))('is accepted: $name of the specification', async ({ hex, peerId }) => {
    expect(await verify(new X509Certificate(Buffer.from(hex, 'hex')))).toBe(peerId)
  })

  it.each(VECTORS.filter(({ peerId }) => peerId == null))('is refused: $name of the specification', async ({ hex }) => {
    await expect(verify(new X509Certificate(Buffer.from(hex, 'hex')))).rejects.toThrow('its key is not signed by the host key that it names')
  })

  it.each<[string, Omit<CertificateInit, 'hostKey'>]>([
    ['nothing but what must be there', {}],
    ['the extension marked critical', { isCritical: true }],
    ['other extensions before and behind', { extensions: [extension(SUBJECT_KEY_ID, der(TAG.octetString, Uint8Array.of(1))), undefined, extension(UNKNOWN, Uint8Array.of(1))] }],
    ['critical extensions that are known', { extensions: [extension(BASIC_CONSTRAINTS, der(TAG.sequence), { isCritical: true }), extension(KEY_USAGE, der(TAG.bitString, Uint8Array.of(7, 0x80)), { isCritical: true }), undefined] }]
  ])('is accepted with %s; tls 5.5', async (_, init) => {
    expect(await verdict(init)).toBe('valid')
  })

  it.each<[string, Omit<CertificateInit, 'hostKey'> | (() => Omit<CertificateInit, 'hostKey'>), string]>([
    ['no extensions', { extensions: [] }, 'wanted one more element'],
    ['no extension of libp2p', { extensions: [extension(UNKNOWN, Uint8Array.of(1))] }, 'wanted one libp2p Public Key Extension, received 0'],
    ['two extensions of libp2p', { extensions: [undefined, undefined] }, 'wanted one libp2p Public Key Extension, received 2'],
    ['an unknown critical extension', { extensions: [undefined, extension(UNKNOWN, Uint8Array.of(1), { isCritical: true })] }, 'it has a critical extension that is not known: 2a03'],
    ['a key that is for other things', { extensions: [extension(KEY_USAGE, der(TAG.bitString, Uint8Array.of(2, 0x04))), undefined] }, 'its key is not for signatures'],
    ['a unique ID', { uniqueId: der(0x81, Uint8Array.of(0, 1)) }, 'wanted an element with tag 163, received 129'],
    ['a day that has not come', { notBefore: '20260101000001Z' }, 'it is not valid before 2026-01-01T00:00:01.000Z'],
    ['a day that is over', { notAfter: '20251231235959Z' }, 'it has expired at 2025-12-31T23:59:59.000Z'],
    ['another key in the signature of the host', { signs: new Uint8Array(91) }, 'its key is not signed by the host key that it names'],
    ['the signature of another key', () => ({ signer: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }), 'it is not signed by its own key'],
    ['an extension that is no sequence', { signedKey: Uint8Array.of(1, 2, 3) }, 'wanted an element with tag 48, received 1'],
    ['half an extension', { signedKey: der(TAG.sequence, der(TAG.octetString, Uint8Array.of(1))) }, 'wanted one more element'],
    ['an extension with more to it', { signedKey: der(TAG.sequence, der(TAG.octetString), der(TAG.octetString), der(TAG.octetString)) }, 'wanted nothing more'],
    ['no key in the extension', { signedKey: der(TAG.sequence, der(TAG.octetString), der(TAG.octetString)) }, ''],
    ['a key of nonsense', { signedKey: der(TAG.sequence, der(TAG.octetString, Uint8Array.of(0xFF, 0xFF)), der(TAG.octetString)) }, ''],
    ['a signature of no length', () => ({ signedKey: der(TAG.sequence, der(TAG.octetString, Uint8Array.of(8, 1, 18, 32, ...new Uint8Array(32))), der(TAG.octetString)) }), '']
  ])('is refused with %s', async (_, init, message) => {
    expect(await verdict(typeof init === 'function' ? init() : init)).toContain(`InvalidCryptoExchangeError: the certificate of the peer is not valid: ${message}`)
  })

  it('is valid to the very moment; tls 5.3', async () => {
    const { x509 } = await certificate({ hostKey, notBefore: '20260101000000Z', notAfter: '20260101000000Z' })

    await expect(verify(x509, { now: NOW - 1 })).rejects.toThrow('not valid before')
    await expect(verify(x509, { now: NOW })).resolves.toBe(peerIdFromPrivateKey(hostKey).toString())
    await expect(verify(x509, { now: NOW + 1 })).rejects.toThrow('has expired')
  })

  it('has to be there; tls 5.1', async () => {
    await expect(verifyPeerCertificate(undefined, { now: NOW })).rejects.toMatchObject({ name: 'InvalidCryptoExchangeError', message: 'the peer sent no certificate' })
  })

  it('has to be that of the expected peer; tls 5.7', async () => {
    const { x509 } = await certificate({ hostKey })
    const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

    await expect(verify(x509, { expected: peerIdFromPrivateKey(hostKey) })).resolves.toBeDefined()
    await expect(verify(x509, { expected: other })).rejects.toMatchObject({ name: 'UnexpectedPeerError', message: expect.stringContaining(other.toString()) as string })
  })
})

describe('the reader of certificates', () => {
  it('either reads or says that it cannot, whatever it is given', async () => {
    const { bytes } = await certificate({ hostKey, extensions: [extension(UNKNOWN, Uint8Array.of(1)), undefined] })
    const altered = fc.array(fc.tuple(fc.nat(bytes.byteLength - 1), fc.nat(255)), { maxLength: 4 })

    fc.assert(fc.property(altered, fc.nat(bytes.byteLength), (changes, length) => {
      const copy = Uint8Array.from(bytes)

      for (const [at, value] of changes) {
        copy[at] = value
      }

      expectReadOrError(changes.length === 0 ? copy.subarray(0, length) : copy)
    }), { numRuns: 3000 })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), expectReadOrError), { numRuns: 1000 })
  })

  it('finds every part that is altered', async () => {
    const { bytes, x509 } = await certificate({ hostKey })
    const intact = await verify(x509)

    for (let at = 0; at < bytes.byteLength; at += 3) {
      const copy = Uint8Array.from(bytes)

      copy[at] = (copy[at] ?? 0) ^ 0x01

      await expect((async () => verify(new X509Certificate(copy)))(), `byte ${at} of that of ${intact}`).rejects.toThrow()
    }
  })

  it('wants version 3, where extensions are', () => {
    expect(() => readCertificate(der(TAG.sequence, der(TAG.sequence, der(TAG.integer, Uint8Array.of(1)))))).toThrow(`wanted an element with tag ${contextTag(0)}`)
  })
})

function expectReadOrError (bytes: Uint8Array): void {
  try {
    const { publicKeyInfo, signedKey } = readCertificate(bytes)

    expect(publicKeyInfo.byteLength + signedKey.publicKey.byteLength).toBeLessThan(bytes.byteLength)
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DerError)
  }
}

describe('a host key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' })
  const info = publicKey.export({ type: 'spki', format: 'der' })

  it('may be of ECDSA on a large curve', async () => {
    const key = readHostKey(Uint8Array.of(0x08, 0x03, 0x12, 0x80 | (info.byteLength & 0x7F), info.byteLength >> 7, ...info))
    const data = Uint8Array.of(1, 2, 3)

    expect(key.peerId.toString()).toMatch(/^Qm/)
    expect(await key.verify(data, sign('sha256', data, privateKey))).toBe(true)
    expect(await key.verify(Uint8Array.of(1), sign('sha256', data, privateKey))).toBe(false)
  })

  it.each([
    ['of another length', [0x08, 0x03, 0x12, 0x05, 1, 2], 'says that it has 5 bytes, there are 2'],
    ['without a length', [0x08, 0x03, 0x12], 'says that it has 0 bytes, there are -1'],
    ['that is too long', [0x08, 0x03, 0x12, 0xFF, 0x7F, ...new Uint8Array(0x3FFF)], 'says that it has 16383 bytes'],
    ['of another kind', [0x08, 0x03, 0x12, 44, ...generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })], 'wanted an ECDSA host key, received one of type ed25519']
  ])('of ECDSA is refused %s', (_, bytes, message) => {
    expect(() => readHostKey(Uint8Array.from(bytes))).toThrow(message)
  })
})
