import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { isFdConsuming, isIp6, isLinkLocalIp6, isLoopback, isPrivateAddress, isPublicAddress, isRelayed, isUnspecified } from '../../../src/swarm/dial/address-kind.ts'
import { RELAY } from './fixtures.ts'

const CIRCUIT = `/p2p-circuit/p2p/${RELAY.toString()}`

describe('isFdConsuming', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/20', true],
    ['/ip4/127.0.0.1/udp/0/quic-v1', false],
    ['/ip4/127.0.0.1/tcp/20/ws', true],
    [`/ip4/127.0.0.1/tcp/20${CIRCUIT}`, true],
    [`/ip4/127.0.0.1/udp/20/quic${CIRCUIT}`, false],
    [CIRCUIT, true],
    [`/ip4/127.0.0.1/tcp/20/ws${CIRCUIT}`, true],
    ['/unix/%2Frun%2Fa.sock', true],
    ['/memory/a', false],
    ['/ip4/127.0.0.1/udp/7777/utp', false],
    ['/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234', true]
  ])('%s: %s', (text, expected) => {
    expect(isFdConsuming(multiaddr(text))).toBe(expected)
  })
})

describe('private and public addresses', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/1', 'private'],
    ['/ip4/10.1.2.3/tcp/1', 'private'],
    ['/ip4/100.64.0.1/tcp/1', 'private'],
    ['/ip4/100.128.0.1/tcp/1', 'public'],
    ['/ip4/172.16.0.1/tcp/1', 'private'],
    ['/ip4/172.31.255.255/tcp/1', 'private'],
    ['/ip4/172.32.0.1/tcp/1', 'public'],
    ['/ip4/192.168.1.1/udp/1/quic-v1', 'private'],
    ['/ip4/169.254.1.1/tcp/1', 'private'],
    ['/ip6/::1/tcp/1', 'private'],
    ['/ip6/fd12::1/tcp/1', 'private'],
    ['/ip6/fe80::1/tcp/1', 'private'],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/1', 'private'],
    ['/ip6/::ffff:192.168.1.1/tcp/1', 'private'],
    ['/dns4/localhost/tcp/1', 'private'],
    ['/dns/a.LOCALHOST./tcp/1', 'private'],
    ['/memory/a', 'private'],
    ['/unix/%2Fa', 'private'],
    ['/ip4/1.2.3.4/tcp/1', 'public'],
    ['/ip6/2001::1/tcp/1', 'public'],
    ['/ip6/::ffff:1.2.3.4/tcp/1', 'public'],
    ['/ip6/64:ff9b::1.2.3.4/tcp/1', 'public'],
    ['/dns/example.com/tcp/1', 'public'],
    ['/dnsaddr/example.com', 'public'],
    ['/ip4/0.0.0.0/tcp/1', 'neither'],
    ['/ip4/192.0.2.1/tcp/1', 'neither'],
    ['/ip4/255.255.255.255/tcp/1', 'neither'],
    ['/ip6/::/tcp/1', 'neither'],
    ['/ip6/4000::1/tcp/1', 'neither'],
    ['/ip6/2001:db8::1/tcp/1', 'neither'],
    ['/dns/printer.local/tcp/1', 'neither'],
    ['/dns/a.invalid/tcp/1', 'neither'],
    [`${CIRCUIT}`, 'neither']
  ])('%s is %s', (text, kind) => {
    const address = multiaddr(text)

    expect([isPrivateAddress(address), isPublicAddress(address)]).toEqual([kind === 'private', kind === 'public'])
  })

  it('does not take a name that ends alike for one within a domain', () => {
    expect(isPrivateAddress(multiaddr('/dns/notlocalhost/tcp/1'))).toBe(false)
  })
})

describe('other kinds', () => {
  it('knows loopback', () => {
    expect(isLoopback(multiaddr('/ip4/127.9.9.9/tcp/1'))).toBe(true)
    expect(isLoopback(multiaddr('/ip6/::1/tcp/1'))).toBe(true)
    expect(isLoopback(multiaddr('/dns4/localhost/tcp/1'))).toBe(true)
    expect(isLoopback(multiaddr('/ip4/10.0.0.1/tcp/1'))).toBe(false)
    expect(isLoopback(multiaddr('/memory/a'))).toBe(false)
  })

  it('knows IPv6 link-local, and not IPv4', () => {
    expect(isLinkLocalIp6(multiaddr('/ip6/fe80::1/tcp/1'))).toBe(true)
    expect(isLinkLocalIp6(multiaddr('/ip6/febf::1/tcp/1'))).toBe(true)
    expect(isLinkLocalIp6(multiaddr('/ip6/fec0::1/tcp/1'))).toBe(false)
    expect(isLinkLocalIp6(multiaddr('/ip4/169.254.1.1/tcp/1'))).toBe(false)
  })

  it('knows unspecified hosts', () => {
    expect(isUnspecified(multiaddr('/ip4/0.0.0.0/tcp/1'))).toBe(true)
    expect(isUnspecified(multiaddr('/ip6/::/tcp/1'))).toBe(true)
    expect(isUnspecified(multiaddr('/ip4/0.0.0.1/tcp/1'))).toBe(false)
    expect(isUnspecified(multiaddr('/ip6/::1/tcp/1'))).toBe(false)
  })

  it('knows relays', () => {
    expect(isRelayed(multiaddr(CIRCUIT))).toBe(true)
    expect(isRelayed(multiaddr(`/ip4/1.2.3.4/tcp/1/p2p/${RELAY.toString()}`))).toBe(false)
  })

  it('knows IPv6, also by name', () => {
    expect(isIp6(multiaddr('/ip6/::1/tcp/1'))).toBe(true)
    expect(isIp6(multiaddr('/dns6/example.com/tcp/1'))).toBe(true)
    expect(isIp6(multiaddr('/dns/example.com/tcp/1'))).toBe(false)
    expect(isIp6(multiaddr('/ip4/1.2.3.4/tcp/1'))).toBe(false)
  })
})
