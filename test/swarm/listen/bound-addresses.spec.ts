import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { boundAddresses, namesOnePlace } from '../../../src/swarm/listen/bound-addresses.ts'
import { addrs, texts } from './fixtures.ts'

describe('boundAddresses', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/0', ['/ip4/127.0.0.1/tcp/4001'], ['/ip4/127.0.0.1/tcp/4001']],
    ['/ip4/0.0.0.0/tcp/0', ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.0.2.7/tcp/4001'], ['/ip4/0.0.0.0/tcp/4001']],
    ['/ip6/::/tcp/0/ws', ['/ip6/::1/tcp/1/ws', '/ip6/::1/tcp/1/tls/ws'], ['/ip6/::/tcp/1/ws', '/ip6/::/tcp/1/tls/ws']],
    ['/ip4/0.0.0.0/udp/0/webrtc-direct', ['/ip4/127.0.0.1/udp/1/webrtc-direct', '/memory/a'], ['/ip4/0.0.0.0/udp/1/webrtc-direct', '/memory/a']],
    ['/p2p-circuit', [], []],
    ['/ip6/::/tcp/4001', [], ['/ip6/::/tcp/4001']],
    ['/ip6/::/tcp/0', [], []],
    ['/memory/a', ['/memory/a', '/memory/a'], ['/memory/a']]
  ])('for %s and what its listener tells', (requested, reported, bound) => {
    expect(texts(boundAddresses(multiaddr(requested), addrs(...reported)))).toEqual(bound)
  })
})

describe('namesOnePlace', () => {
  it.each(['/ip4/127.0.0.1/tcp/4001', '/ip6/::/udp/4001/quic-v1', '/memory/a', '/unix/run%2Fa'])('is true of %s', (address) => {
    expect(namesOnePlace(multiaddr(address))).toBe(true)
  })

  it.each(['/ip4/127.0.0.1/tcp/0', '/ip4/0.0.0.0/udp/0/quic-v1', '/p2p-circuit', '/webrtc'])('is false of %s', (address) => {
    expect(namesOnePlace(multiaddr(address))).toBe(false)
  })
})
