import { CODE_IP4, CODE_IP6, multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { ipBytes, partsOf } from '../../../src/swarm/address/index.ts'

const ip = (text: string): Uint8Array | undefined => partsOf(multiaddr(text)).ip

describe('the parts of an address', () => {
  it('are its own, whichever address was looked at before', () => {
    const [first, second] = [multiaddr('/ip4/192.0.2.1/tcp/1'), multiaddr('/dns4/example.org/tcp/443/wss')] as const
    const namesOf = (address: typeof first): string[] => partsOf(address).components.map(({ name }) => name)

    expect([first, second, second, first].map(namesOf)).toEqual([['ip4', 'tcp'], ['dns4', 'tcp', 'wss'], ['dns4', 'tcp', 'wss'], ['ip4', 'tcp']])
    expect(partsOf(first).ip).toEqual(Uint8Array.of(192, 0, 2, 1))
    expect(partsOf(second).ip).toBeUndefined()
  })

  it('tell the host behind a zone', () => {
    expect(partsOf(multiaddr('/ip6zone/eth0/ip6/fe80::1/tcp/1')).host).toMatchObject({ code: CODE_IP6, value: 'fe80::1' })
    expect(partsOf(multiaddr('/unix/a')).host).toMatchObject({ name: 'unix' })
  })

  it('have an IPv4 address where one is written as IPv6', () => {
    expect(ip('/ip6/::ffff:192.0.2.1/tcp/1')).toEqual(ip('/ip4/192.0.2.1/tcp/1'))
    expect(ip('/ip6/::fffe:192.0.2.1/tcp/1')).toHaveLength(16)
    expect(ip('/ip6/2001:db8::1/tcp/1')).toEqual(ipBytes(CODE_IP6, '2001:db8::1'))
    expect(ipBytes(CODE_IP4, '192.0.2.1')).toHaveLength(4)
  })
})
