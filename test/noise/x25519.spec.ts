import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { agree, generateKeys, keysFromPrivate, MAX_STATIC_KEYS, peerKey, staticPeerKey } from '../../src/noise/x25519.ts'

describe('an agreement of X25519', () => {
  // RFC 7748, 6.1
  it('is that of the standard', () => {
    const alice = keysFromPrivate(Buffer.from('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a', 'hex'))
    const bob = keysFromPrivate(Buffer.from('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb', 'hex'))
    const secret = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'

    expect(Buffer.from(agree(alice, peerKey(bob.publicKey, 'bob'))).toString('hex')).toBe(secret)
    expect(Buffer.from(agree(bob, peerKey(alice.publicKey, 'alice'))).toString('hex')).toBe(secret)
  })

  it('is the same with a key that is remembered', () => {
    const [near, far] = [generateKeys(), generateKeys()]

    expect(agree(near, staticPeerKey(far.publicKey))).toEqual(agree(near, peerKey(far.publicKey, 'far')))
  })
})

describe('the static keys of peers', () => {
  it('are made once of the same bytes, whatever becomes of these', () => {
    const bytes = Uint8Array.from(generateKeys().publicKey)
    const copy = Uint8Array.from(bytes)
    const first = staticPeerKey(bytes)

    bytes.fill(0)

    expect(staticPeerKey(copy)).toBe(first)
    expect(first.bytes).toEqual(copy)
    expect(staticPeerKey(generateKeys().publicKey)).not.toBe(first)
  })

  it('are forgotten when others have come since', () => {
    const bytes = generateKeys().publicKey
    const first = staticPeerKey(bytes)

    for (let i = 1; i < MAX_STATIC_KEYS; i++) {
      staticPeerKey(randomBytes(32))
    }

    expect(staticPeerKey(bytes)).toBe(first)

    for (let i = 0; i < MAX_STATIC_KEYS; i++) {
      staticPeerKey(randomBytes(32))
    }

    expect(staticPeerKey(bytes)).not.toBe(first)
  })
})
