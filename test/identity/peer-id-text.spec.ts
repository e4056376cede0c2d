import { generateKeyPair, generateKeyPairFromSeed, privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { bases, CID, digest } from 'multiformats/basics'
import { beforeAll, describe, expect, it } from 'vitest'
import { isCoded } from '../../src/base/index.ts'
import { formatPeerId, parsePeerId } from '../../src/identity/index.ts'
import { ED25519_PRIVATE_KEY, RSA_PRIVATE_KEY, SECP256K1_PRIVATE_KEY } from './spec-vectors.ts'
import type { PeerIdForm } from '../../src/identity/index.ts'
import type { PeerId } from '@libp2p/interface'

const LIBP2P_KEY = 0x72

/** Of the Ed25519 seed whose 32 bytes are all 7. */
const BASE58 = '12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7'
const CID_TEXT = 'bafzaajaiaejcb2sknrr6fhcsbk7pkud3cmxml6mvi53k5pv6pojeehxknekenurm'

let known: PeerId

beforeAll(async () => {
  known = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7)))
})

function refusal (text: unknown): string {
  try {
    parsePeerId(text as string)
  } catch (error) {
    expect(isCoded(error, 'InvalidPeerId')).toBe(true)
    return (error as Error).message
  }

  throw new Error('the text was accepted')
}

/** An identity multihash of the protobuf of a public key, written by hand. */
function inline (...protobuf: number[]): string {
  return bases.base58btc.encode(Uint8Array.from([0, protobuf.length, ...protobuf])).slice(1)
}

function publicKeyBytes (): number[] {
  return [...known.toMultihash().digest]
}

describe('formatPeerId', () => {
  it('writes both forms of a known key', () => {
    expect(formatPeerId(known, 'base58')).toBe(BASE58)
    expect(formatPeerId(known, 'cid')).toBe(CID_TEXT)
  })

  // libp2p/specs, peer-ids, "Examples"
  it('writes the examples of the specification', () => {
    const text = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'
    const cid = 'bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe'

    expect(formatPeerId(text, 'cid')).toBe(cid)
    expect(formatPeerId(cid, 'base58')).toBe(text)
  })

  it('refuses a form that it does not know', () => {
    expect(() => formatPeerId(known, 'base36' as PeerIdForm)).toThrow(new TypeError("form must be 'base58' or 'cid', received base36"))
  })

  it('refuses text that is no peer ID', () => {
    expect(() => formatPeerId('nobody', 'cid')).toThrow('wanted a peer ID')
  })
})

describe('parsePeerId', () => {
  it('gives a PeerId back as it is', () => {
    expect(parsePeerId(known)).toBe(known)
  })

  it('remembers what it has read', () => {
    expect(parsePeerId(BASE58)).toBe(parsePeerId(BASE58))
  })

  it.each([
    ['base58', BASE58],
    ['a CID in base32', CID_TEXT],
    ['a CID in base36', 'k51qzi5uqu5dm0t4vbwri4lkg76q03b4x9tsvekgvbu4zli6454ff7w8wdosa4']
  ])('reads %s', (_, text) => {
    expect(parsePeerId(text).toString()).toBe(BASE58)
    expect(parsePeerId(text).type).toBe('Ed25519')
  })

  // libp2p/specs, peer-ids, "Examples"
  it.each(['12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'])('reads the example %s of the specification', (text) => {
    expect(parsePeerId(text).toString()).toBe(text)
  })

  it.each([
    ['Ed25519', ED25519_PRIVATE_KEY, /^12D3KooW/],
    ['RSA', RSA_PRIVATE_KEY, /^Qm/],
    ['secp256k1', SECP256K1_PRIVATE_KEY, /^16Uiu2HA/]
  ])('reads the ID of an %s key', (type, privateKey, form) => {
    const peer = peerIdFromPrivateKey(privateKeyFromProtobuf(Buffer.from(privateKey, 'hex')))

    expect(peer.toString()).toMatch(form)
    expect(parsePeerId(peer.toString()).type).toBe(type)
    expect(parsePeerId(formatPeerId(peer, 'cid')).equals(peer)).toBe(true)
  })

  it.each(Object.values(bases).filter(({ prefix }) => prefix as string !== '\x00').map(({ name }) => name))('reads a CID in %s', (name) => {
    const codec = Object.values(bases).find((base) => base.name === name)

    expect(codec == null ? '' : parsePeerId(codec.encode(known.toCID().bytes)).toString()).toBe(BASE58)
  })

  it('reads what formatPeerId writes', async () => {
    const keys = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('RSA', 2048), generateKeyPair('secp256k1')])

    for (const peer of keys.map((key) => peerIdFromPrivateKey(key))) {
      expect(parsePeerId(formatPeerId(peer, 'base58')).equals(peer)).toBe(true)
      expect(parsePeerId(formatPeerId(peer, 'cid')).equals(peer)).toBe(true)
    }
  })

  it('says what came, what was wanted, and why that is not it', () => {
    expect(refusal('/ip4/127.0.0.1/tcp/1/p2p/QmX'))
      .toBe('wanted a peer ID such as 12D3KooW…, Qm… or bafz…, received "/ip4/127.0.0.1/tcp/1/p2p/QmX": that is a multiaddr, and the ID alone was wanted')
  })

  it('repeats no more than the beginning of a long text', () => {
    expect(refusal('1'.repeat(1e6))).toContain(`received "${'1'.repeat(80)}…": it has 1000000 characters, and an ID at most 512`)
  })

  it.each([
    ['nothing', '', "begins neither with '1' or 'Qm' nor as a CID does"],
    ['a name', 'nobody', "begins neither with '1' or 'Qm' nor as a CID does"],
    ['undefined', undefined, 'a undefined is no text'],
    ['a number', 7, 'a number is no text'],
    ['an ID that is cut short', BASE58.slice(0, -1), ''],
    ['a character that base58 does not have', `${BASE58.slice(0, -1)}0`, 'Non-base58btc character'],
    ['space around it', ` ${BASE58}`, "begins neither with '1' or 'Qm' nor as a CID does"],
    ['space after it', `${BASE58}\n`, 'Non-base58btc character']
  ])('refuses %s', (_, text, why) => {
    expect(refusal(text)).toContain(why)
  })

  it('refuses a CID of something else', () => {
    const { multihash } = CID.parse('bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe')

    expect(refusal(CID.createV1(0x70, multihash).toString())).toContain('a CID of something else than a libp2p key')
    expect(refusal(bases.base32.encode(multihash.bytes))).toContain('a CID of something else than a libp2p key')
  })

  it('refuses a hash of a wrong length', () => {
    const short = digest.create(0x12, new Uint8Array(20))

    expect(refusal(CID.createV1(LIBP2P_KEY, short).toString())).toContain('its hash has 20 bytes, and SHA-256 has 32')
  })

  it('refuses another hash function', () => {
    expect(refusal(CID.createV1(LIBP2P_KEY, digest.create(0x13, new Uint8Array(64))).toString())).toContain('its hash function 0x13')
  })

  it('refuses an inline key that should have been hashed', () => {
    expect(refusal(inline(...new Array<number>(43).fill(0)))).toContain('it holds 43 bytes in place of a hash')
  })

  it('refuses an inline text that is no key', () => {
    expect(refusal(inline(...Buffer.from('http://example.com/')))).toContain('wanted a peer ID')
  })

  it('refuses a second way to write the same key', () => {
    const [type, number, ...data] = publicKeyBytes()
    const padded = inline(type ?? 0, (number ?? 0) | 0x80, 0, ...data)
    const swapped = inline(...data, type ?? 0, number ?? 0)

    expect(parsePeerId(inline(...publicKeyBytes())).toString()).toBe(BASE58)
    expect(refusal(padded)).toContain('a form that is not the deterministic one')
    expect(refusal(swapped)).toContain('a form that is not the deterministic one')
  })

  it('answers any text with a peer ID that reads back the same, or with a typed error', () => {
    const multibase = fc.tuple(fc.constantFrom(...Object.values(bases).map(({ prefix }) => prefix as string)), fc.string()).map(([prefix, text]) => `${prefix}${text}`)
    const multihash = fc.uint8Array({ maxLength: 50 }).map((bytes) => bases.base58btc.encode(Uint8Array.from([0, bytes.length, ...bytes])).slice(1))
    const cid = fc.tuple(fc.constantFrom(0, 0x12, 0x13), fc.uint8Array({ minLength: 30, maxLength: 44 }))
      .map(([code, bytes]) => CID.createV1(LIBP2P_KEY, digest.create(code, bytes)).toString())

    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), multibase, multihash, cid), (text) => {
      try {
        const peer = parsePeerId(text)

        expect(parsePeerId(peer.toString()).equals(peer)).toBe(true)
      } catch (error) {
        expect(isCoded(error, 'InvalidPeerId')).toBe(true)
      }
    }), { numRuns: 2000 })
  })
})
