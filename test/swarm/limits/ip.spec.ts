import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { ipGroup, ipOf } from '../../../src/swarm/limits/index.ts'

const RELAY = '/p2p/12D3KooWJ8P8wjyVoDShMrfYNjEBs1vkZmFjRHnvNNrFAoXfBTTu'

describe('ipOf', () => {
  it.each([
    ['/ip4/192.0.2.7/tcp/4001', '192.0.2.7'],
    ['/ip6/2001:db8::7/udp/4001/quic-v1', '2001:db8::7'],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/4001', 'fe80::1']
  ])('takes the host of %s', (address, ip) => {
    expect(ipOf(multiaddr(address))).toBe(ip)
  })

  it.each([
    ['a relayed address, whose host is the relay', `/ip4/192.0.2.7/tcp/4001${RELAY}/p2p-circuit`],
    ['a name', '/dns4/example.com/tcp/4001'],
    ['a memory address', '/memory/a'],
    ['a unix socket', '/unix/run%2Fswarm.sock'],
    ['nothing', '/']
  ])('knows no host of %s', (_, address) => {
    expect(ipOf(multiaddr(address))).toBeUndefined()
  })
})

describe('ipGroup', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::2', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['no address at all', 'no address at all']
  ])('counts %s with %s', (ip, group) => {
    expect(ipGroup(ip)).toBe(group)
  })

  it('counts an IPv4 address the same when it is written as a mapped IPv6 one', () => {
    expect(ipGroup('::ffff:192.0.2.7')).toBe('192.0.2.7')
    expect(ipGroup('::ffff:c000:207')).toBe('192.0.2.7')
    expect(ipGroup('0:0:0:0:0:ffff:192.0.2.7')).toBe('192.0.2.7')
  })

  it.each(['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'])('does not count loopback %s', (ip) => {
    expect(ipGroup(ip)).toBeUndefined()
  })
})
