import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { IdentityProofs, proveStaticKey } from '../../src/noise/identity-proof.ts'
import { decodePayload } from '../../src/noise/payload.ts'
import { failure } from '../support/stream-pair.ts'
import type { Payload } from '../../src/noise/payload.ts'
import type { PeerId } from '@libp2p/interface'

interface Proof {
  peerId: PeerId
  staticKey: Uint8Array
  payload: Payload
}

async function proof (type: 'Ed25519' | 'secp256k1' = 'Ed25519', fill = 1): Promise<Proof> {
  const identity = await generateKeyPair(type as 'Ed25519')
  const staticKey = new Uint8Array(32).fill(fill)

  return { peerId: peerIdFromPrivateKey(identity), staticKey, payload: decodePayload(await proveStaticKey(identity, staticKey)) }
}

describe('IdentityProofs', () => {
  it.each(['Ed25519', 'secp256k1'] as const)('knows a peer with a key of %s again by the same proof', async (type) => {
    const proofs = new IdentityProofs()
    const { peerId, staticKey, payload } = await proof(type)
    const first = await proofs.verify(payload, staticKey, undefined)
    const second = await proofs.verify(payload, staticKey, peerId)

    expect(first.equals(peerId)).toBe(true)
    expect(second).toBe(first)
  })

  it('expects no other peer where the proof is known', async () => {
    const proofs = new IdentityProofs()
    const { staticKey, payload } = await proof()
    const { peerId: other } = await proof()

    await proofs.verify(payload, staticKey, undefined)

    expect(await failure(proofs.verify(payload, staticKey, other))).toMatchObject({ code: 'UnexpectedPeer' })
  })

  it('does not take a known proof for another static key', async () => {
    const proofs = new IdentityProofs()
    const { staticKey, payload } = await proof()

    await proofs.verify(payload, staticKey, undefined)

    expect(await failure(proofs.verify(payload, new Uint8Array(32).fill(2), undefined))).toMatchObject({ code: 'UnexpectedPeer' })
  })

  it('does not take a known proof with another signature, or another identity', async () => {
    const proofs = new IdentityProofs()
    const { staticKey, payload } = await proof()
    const { payload: other } = await proof()

    await proofs.verify(payload, staticKey, undefined)

    expect(await failure(proofs.verify({ ...payload, identitySignature: other.identitySignature }, staticKey, undefined))).toMatchObject({ code: 'UnexpectedPeer' })
    expect(await failure(proofs.verify({ ...payload, identityKey: other.identityKey }, staticKey, undefined))).toMatchObject({ code: 'UnexpectedPeer' })
  })

  it('remembers no proof that has failed', async () => {
    const proofs = new IdentityProofs()
    const { payload } = await proof()
    const wrong = new Uint8Array(32).fill(3)

    await failure(proofs.verify(payload, wrong, undefined))

    expect(await failure(proofs.verify(payload, wrong, undefined))).toMatchObject({ code: 'UnexpectedPeer' })
  })

  it('forgets the oldest of too many', async () => {
    const proofs = new IdentityProofs(1)
    const [one, two] = [await proof(), await proof()]
    const first = await proofs.verify(one.payload, one.staticKey, undefined)

    await proofs.verify(two.payload, two.staticKey, undefined)
    const again = await proofs.verify(one.payload, one.staticKey, undefined)

    expect(again).not.toBe(first)
    expect(again.equals(first)).toBe(true)
  })
})
