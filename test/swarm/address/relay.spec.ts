import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { parsePeerId } from '../../../src/identity/index.ts'
import { isThroughRelay, namedPeer, withPeer } from '../../../src/swarm/address/index.ts'

const PEER = '12D3KooWT2gEQezGtBUGfvNCTnymMKmgLQ7YAWaZExJSAWYGTr7L'
const RELAY = 'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC'
const TCP = '/ip4/192.0.2.1/tcp/4001'

describe('an address', () => {
  it.each([
    [TCP, undefined],
    [`${TCP}/p2p/${PEER}`, PEER],
    [`${TCP}/p2p/${RELAY}/p2p-circuit`, undefined],
    [`${TCP}/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`, PEER],
    [`/ip4/192.0.2.1/udp/9/quic-v1/p2p/${RELAY}/p2p-circuit/webrtc/p2p/${PEER}`, PEER]
  ])('%s leads to %s', (address, peer) => {
    expect(namedPeer(multiaddr(address))).toBe(peer)
  })

  it.each([
    [TCP, false],
    [`${TCP}/p2p/${PEER}`, false],
    [`${TCP}/p2p/${RELAY}/p2p-circuit`, true],
    [`${TCP}/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`, true],
    [`${TCP}/p2p/${RELAY}/p2p-circuit/webrtc/p2p/${PEER}`, false]
  ])('%s leads through a relay: %s', (address, through) => {
    expect(isThroughRelay(multiaddr(address))).toBe(through)
  })

  it.each([
    [TCP, `${TCP}/p2p/${PEER}`],
    [`${TCP}/p2p/${PEER}`, `${TCP}/p2p/${PEER}`],
    [`${TCP}/p2p/${parsePeerId(PEER).toCID().toString()}`, `${TCP}/p2p/${PEER}`],
    [`${TCP}/p2p/${RELAY}/p2p-circuit`, `${TCP}/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`]
  ])('%s gets the peer at its end: %s', (address, whole) => {
    expect(withPeer(multiaddr(address), parsePeerId(PEER)).toString()).toBe(whole)
  })
})
