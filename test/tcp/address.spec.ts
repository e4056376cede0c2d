import { multiaddr } from '@multiformats/multiaddr'
import { TCP, Unix } from '@multiformats/multiaddr-matcher'
import { describe, expect, it } from 'vitest'
import { dialableAddresses, endpointOf, isTcpAddress, remoteAddressOf } from '../../src/tcp/address.ts'
import type { Socket } from 'node:net'

const PEER = '12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv'

describe('an address of TCP', () => {
  it.each([
    ['/ip4/1.2.3.4/tcp/5', true],
    [`/ip4/1.2.3.4/tcp/5/p2p/${PEER}`, true],
    ['/ip4/1.2.3.4/ipcidr/24/tcp/5', true],
    ['/ip6/::1/tcp/5', true],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/5', true],
    ['/dns/example.org/tcp/5', true],
    ['/dns4/example.org/tcp/5', true],
    ['/dns6/example.org/tcp/5', true],
    ['/dnsaddr/example.org/tcp/5', true],
    ['/unix/tmp%2Fa.sock', true],
    ['/ip4/1.2.3.4', false],
    ['/ip4/1.2.3.4/udp/5', false],
    ['/ip4/1.2.3.4/tcp/5/ws', false],
    ['/ip4/1.2.3.4/tcp/5/tls', false],
    [`/ip4/1.2.3.4/tcp/5/p2p/${PEER}/p2p-circuit`, false],
    ['/ip6zone/eth0/ip4/1.2.3.4/tcp/5', false],
    ['/memory/1', false],
    [`/p2p/${PEER}`, false]
  ])('is %s: %s, as the matchers of multiformats say', (text, expected) => {
    const address = multiaddr(text)

    expect(isTcpAddress(address)).toBe(expected)
    expect(TCP.exactMatch(address) || Unix.exactMatch(address)).toBe(expected)
  })

  it.each([
    ['/ip4/1.2.3.4/tcp/5', { host: '1.2.3.4', port: 5, family: 4, ipv6Only: false }],
    ['/ip6/::/tcp/0', { host: '::', port: 0, family: 6, ipv6Only: true }],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/5', { host: 'fe80::1%eth0', port: 5, family: 6, ipv6Only: true }],
    ['/dns/example.org/tcp/5', { host: 'example.org', port: 5, family: 0, ipv6Only: false }],
    ['/dns4/example.org/tcp/5', { host: 'example.org', port: 5, family: 4, ipv6Only: false }],
    ['/dns6/example.org/tcp/5', { host: 'example.org', port: 5, family: 6, ipv6Only: false }],
    ['/unix/%2Ftmp%2Fa.sock', { path: '/tmp/a.sock' }]
  ])('is to Node, when it is %s: %j', (text, expected) => {
    expect(endpointOf(multiaddr(text))).toEqual(expected)
  })

  it('is wanted', () => {
    expect(() => endpointOf(multiaddr('/memory/1'))).toThrow(expect.objectContaining({ code: 'AddressUnusable', message: expect.stringContaining('/memory/1') }) as Error)
  })
})

describe('the address of a peer', () => {
  it.each([
    [{ remoteAddress: '1.2.3.4', remotePort: 5 }, '/ip4/1.2.3.4/tcp/5'],
    [{ remoteAddress: '::ffff:1.2.3.4', remotePort: 5 }, '/ip4/1.2.3.4/tcp/5'],
    [{ remoteAddress: '::1', remotePort: 5 }, '/ip6/::1/tcp/5'],
    [{ remoteAddress: 'fe80::1%eth0', remotePort: 5 }, '/ip6zone/eth0/ip6/fe80::1/tcp/5'],
    [{}, undefined]
  ])('is, from %j, %s', (socket, expected) => {
    expect(remoteAddressOf(socket as Socket)?.toString()).toBe(expected)
  })
})

describe('where a listener can be dialled', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/0', ['/ip4/127.0.0.1/tcp/7']],
    ['/ip6/::1/tcp/0', ['/ip6/::1/tcp/7']],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/0', ['/ip6zone/eth0/ip6/fe80::1/tcp/7']]
  ])('is, for %s, %j', (requested, expected) => {
    expect(dialableAddresses(multiaddr(requested), 7).map(String)).toEqual(expected)
  })

  it('is every interface for one that listens on all', () => {
    const addresses = dialableAddresses(multiaddr('/ip4/0.0.0.0/tcp/0'), 7).map(String)

    expect(addresses).toContain('/ip4/127.0.0.1/tcp/7')
    expect(addresses.every((text) => /^\/ip4\/[\d.]+\/tcp\/7$/.test(text) && !text.includes('169.254.'))).toBe(true)
  })
})
