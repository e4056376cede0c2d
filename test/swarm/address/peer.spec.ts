import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { namedPeer, namesOtherPeer, withoutPeer, withPeer } from '../../../src/swarm/address/index.ts'
import { OTHER_PEER, PEER, PEER_AS_CID, RELAY } from '../dial/fixtures.ts'

const ID = PEER.toString()
const VIA_RELAY = `/ip4/1.2.3.4/tcp/1/p2p/${RELAY.toString()}/p2p-circuit`

describe('namedPeer', () => {
  it.each([
    ['/ip4/1.2.3.4/tcp/1', undefined],
    [`/ip4/1.2.3.4/tcp/1/p2p/${ID}`, ID],
    [VIA_RELAY, undefined],
    [`${VIA_RELAY}/p2p/${ID}`, ID],
    [`${VIA_RELAY}/webrtc/p2p/${ID}`, ID],
    [`/p2p/${ID}`, ID]
  ])('of %s is %s', (text, expected) => {
    expect(namedPeer(multiaddr(text))).toBe(expected)
  })
})

describe('namesOtherPeer', () => {
  it('takes every spelling of an ID for the same peer', () => {
    expect(namesOtherPeer(multiaddr(`/memory/a/p2p/${ID}`), PEER)).toBe(false)
    expect(namesOtherPeer(multiaddr(`/memory/a/p2p/${PEER_AS_CID}`), PEER)).toBe(false)
    expect(namesOtherPeer(multiaddr('/memory/a'), PEER)).toBe(false)
    expect(namesOtherPeer(multiaddr(VIA_RELAY), PEER)).toBe(false)
  })

  it('takes other IDs, and what is no ID, for another peer', () => {
    expect(namesOtherPeer(multiaddr(`/memory/a/p2p/${OTHER_PEER.toString()}`), PEER)).toBe(true)
    expect(namesOtherPeer(multiaddr('/memory/a/p2p/nobody'), PEER)).toBe(true)
  })
})

describe('withPeer and withoutPeer', () => {
  it.each([
    ['/memory/a', `/memory/a/p2p/${ID}`],
    [`/memory/a/p2p/${ID}`, `/memory/a/p2p/${ID}`],
    [`/memory/a/p2p/${PEER_AS_CID}`, `/memory/a/p2p/${ID}`],
    [VIA_RELAY, `${VIA_RELAY}/p2p/${ID}`],
    [`${VIA_RELAY}/webrtc`, `${VIA_RELAY}/webrtc/p2p/${ID}`]
  ])('puts the peer at the end of %s', (text, expected) => {
    expect(withPeer(multiaddr(text), PEER).toString()).toBe(expected)
  })

  it('gives an address back that is as it should be', () => {
    const address = multiaddr(`/memory/a/p2p/${ID}`)

    expect(withPeer(address, PEER)).toBe(address)
  })

  it('takes it away again, and never that of a relay', () => {
    expect(withoutPeer(multiaddr(`/memory/a/p2p/${ID}`)).toString()).toBe('/memory/a')
    expect(withoutPeer(multiaddr('/memory/a')).toString()).toBe('/memory/a')
    expect(withoutPeer(multiaddr(VIA_RELAY)).toString()).toBe(VIA_RELAY)
  })
})
