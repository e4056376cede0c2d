import { generateKeyPair, generateKeyPairFromSeed, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCoded } from '../../src/base/index.ts'
import { decodePrivateKey, encodePrivateKey, generateIdentity, identityFromPrivateKey, MAX_KEY_FILE_BYTES } from '../../src/identity/index.ts'
import { ECDSA_PRIVATE_KEY, ED25519_PRIVATE_KEY, ED25519_PUBLIC_KEY, RSA_PRIVATE_KEY, RSA_PUBLIC_KEY, SECP256K1_PRIVATE_KEY } from './spec-vectors.ts'

function bytes (hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The bytes of a key, with `patch` at `offset`. */
function patched (hexText: string, offset: number, patch: Uint8Array): Uint8Array {
  const copy = bytes(hexText)

  copy.set(patch, offset)

  return copy
}

async function refusal (key: Uint8Array): Promise<Error> {
  return decodePrivateKey(key).then(() => { throw new Error('the key was accepted') }, (error: Error) => error)
}

describe('generateIdentity', () => {
  it('makes an Ed25519 identity unless told otherwise', async () => {
    const identity = await generateIdentity()

    expect(identity.privateKey.type).toBe('Ed25519')
    expect(identity.peerId.toString()).toMatch(/^12D3KooW/)
    expect(identity.publicKey).toBe(identity.privateKey.publicKey)
    expect(identity.peerId.publicKey?.equals(identity.publicKey)).toBe(true)
  })

  it('makes another one each time', async () => {
    const [one, other] = await Promise.all([generateIdentity(), generateIdentity()])

    expect(one.peerId.equals(other.peerId)).toBe(false)
  })

  it('makes an RSA identity of 2048 bits', async () => {
    const { privateKey, peerId } = await generateIdentity({ type: 'RSA' })

    expect(privateKey.type === 'RSA' && Buffer.from(privateKey.jwk.n ?? '', 'base64url').length).toBe(256)
    expect(peerId.toString()).toMatch(/^Qm/)
  })

  it('makes an RSA identity of as many bits as asked for', async () => {
    const { privateKey } = await generateIdentity({ type: 'RSA', bits: 2560 })

    expect(privateKey.type === 'RSA' && Buffer.from(privateKey.jwk.n ?? '', 'base64url').length).toBe(320)
  })

  it.each([2047, 1024, 0, -2048, 8193, 2048.5, NaN, Infinity])('refuses %d bits', async (bits) => {
    await expect(generateIdentity({ type: 'RSA', bits }))
      .rejects.toThrow(new RangeError(`bits must be a whole number from 2048 to 8192, received ${bits}`))
  })

  it('refuses bits for a key that is always as long', async () => {
    await expect(generateIdentity({ bits: 2048 }))
      .rejects.toThrow(new TypeError("bits is for type 'RSA' only, received 2048 with type 'Ed25519'"))
  })

  it('refuses a type that it does not know', async () => {
    await expect(generateIdentity({ type: 'secp256k1' as 'RSA' }))
      .rejects.toThrow(new TypeError("type must be 'Ed25519' or 'RSA', received secp256k1"))
  })
})

describe('identityFromPrivateKey', () => {
  it('derives the peer ID that other implementations derive', async () => {
    const key = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))

    expect(identityFromPrivateKey(key).peerId.toString()).toBe('12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7')
  })

  it('refuses a type of key that no key file may hold', async () => {
    const key = await generateKeyPair('secp256k1')

    expect(() => identityFromPrivateKey(key))
      .toThrow(new TypeError('wanted a private key of the types Ed25519 and RSA, received one of type secp256k1'))
  })

  it('refuses an RSA key that is too short', async () => {
    const key = await generateKeyPair('RSA', 1024)

    expect(() => identityFromPrivateKey(key))
      .toThrow(new RangeError('an RSA key must have from 2048 to 8192 bits, received one of 1024'))
  })
})

describe('encodePrivateKey and decodePrivateKey', () => {
  // libp2p/specs, peer-ids, "Test vectors"
  it.each([
    ['Ed25519', ED25519_PRIVATE_KEY, ED25519_PUBLIC_KEY],
    ['RSA', RSA_PRIVATE_KEY, RSA_PUBLIC_KEY]
  ])('read and write the %s key of the specification', async (type, privateKey, publicKey) => {
    const key = await decodePrivateKey(bytes(privateKey))

    expect(key.type).toBe(type)
    expect(hex(publicKeyToProtobuf(key.publicKey))).toBe(publicKey)
    expect(hex(encodePrivateKey(key))).toBe(privateKey)
  })

  it('write the bytes of a known seed', async () => {
    const key = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))

    expect(hex(encodePrivateKey(key))).toBe(
      '08011240' + '07'.repeat(32) + 'ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c'
    )
  })

  // libp2p/specs, peer-ids, "Ed25519": [private key][public key][public key]
  it('read the older form that has the public key twice', async () => {
    const [, seed, publicKey] = /^08011240(.{64})(.{64})$/.exec(ED25519_PRIVATE_KEY) ?? []
    const key = await decodePrivateKey(bytes(`08011260${seed}${publicKey}${publicKey}`))

    expect(hex(encodePrivateKey(key))).toBe(ED25519_PRIVATE_KEY)
  })

  it.each([
    ['the first', 36],
    ['the second', 68]
  ])('refuse the older form when %s public key differs', async (_, offset) => {
    const [, seed, publicKey] = /^08011240(.{64})(.{64})$/.exec(ED25519_PRIVATE_KEY) ?? []
    const error = await refusal(patched(`08011260${seed}${publicKey}${publicKey}`, offset, Uint8Array.of(0xff)))

    expect(isCoded(error, 'InvalidKeyFile')).toBe(true)
  })

  it('refuse a private half that belongs to another public half', async () => {
    const error = await refusal(patched(ED25519_PRIVATE_KEY, 4, new Uint8Array(32).fill(7)))

    expect(error.message).toBe('wanted a libp2p private key of the types Ed25519 and RSA, received one of type Ed25519 whose private and public halves do not belong together')
  })

  it('refuse an RSA key whose modulus has changed', async () => {
    const error = await refusal(patched(RSA_PRIVATE_KEY, 40, new Uint8Array(8)))

    expect(isCoded(error, 'InvalidKeyFile')).toBe(true)
  })

  it('refuse an RSA key that is too short, and say so', async () => {
    const key = await generateKeyPair('RSA', 1024)
    const short = bytes('080012' + lengthPrefix(key.raw.length) + hex(key.raw))
    const error = await refusal(short)

    expect(isCoded(error, 'InvalidKeyFile')).toBe(true)
    expect((error.cause as Error).message).toBe('an RSA key must have from 2048 to 8192 bits, received one of 1024')
  })

  it.each([
    ['secp256k1', SECP256K1_PRIVATE_KEY],
    ['ECDSA', ECDSA_PRIVATE_KEY]
  ])('refuse a key of type %s by name', async (type, privateKey) => {
    const error = await refusal(bytes(privateKey))

    expect(isCoded(error, 'InvalidKeyFile')).toBe(true)
    expect(error.message).toBe(`wanted a libp2p private key of the types Ed25519 and RSA, received one of type ${type}`)
  })

  it.each([
    ['nothing', new Uint8Array(0), 'received no bytes'],
    ['a type that does not exist', Uint8Array.of(8, 9, 18, 1, 0), 'received 5 bytes that begin like no key'],
    ['text', new TextEncoder().encode('-----BEGIN PRIVATE KEY-----'), 'received 27 bytes that begin like no key'],
    ['too much', new Uint8Array(MAX_KEY_FILE_BYTES + 1), 'received 16385 bytes, and more than 16384 are no key'],
    ['half a key', bytes(ED25519_PRIVATE_KEY).subarray(0, 40), 'received 40 bytes that are no such key']
  ])('refuse %s', async (_, key, why) => {
    const error = await refusal(key)

    expect(isCoded(error, 'InvalidKeyFile')).toBe(true)
    expect(error.message).toContain(why)
  })

  it('refuse any bytes with a typed error that repeats none of them', async () => {
    const body = fc.uint8Array({ minLength: 0, maxLength: 400 })
    const framed = fc.tuple(fc.constantFrom(0, 1, 2, 3), body).map(([type, data]) => Uint8Array.from([8, type, 18, data.length & 0x7f, ...data]))
    const nested = fc.integer({ min: 1, max: 8000 }).map((depth) => Uint8Array.from([8, 0, 18, 0x80, 0x7d, ...new Uint8Array(depth * 2).fill(0x30)]))

    await fc.assert(fc.asyncProperty(fc.oneof(body, framed, nested), async (key) => {
      const error = await refusal(key)
      const told = [error.message, error.cause instanceof Error ? error.cause.message : ''].join(' ')

      expect(isCoded(error, 'InvalidKeyFile')).toBe(true)
      expect(key.length >= 16 && told.includes(hex(key.subarray(8, 16)))).toBe(false)
    }), { numRuns: 500 })
  })

  it('refuse a key with any one byte changed', async () => {
    const whole = bytes(ED25519_PRIVATE_KEY)

    await fc.assert(fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), async (offset, change) => {
      const key = patched(ED25519_PRIVATE_KEY, offset, Uint8Array.of((whole[offset] ?? 0) ^ change))

      expect(isCoded(await refusal(key), 'InvalidKeyFile')).toBe(true)
    }))
  })
})

/** A protobuf length of two bytes, in hexadecimal. */
function lengthPrefix (length: number): string {
  return hex(Uint8Array.of((length & 0x7f) | 0x80, length >> 7))
}
