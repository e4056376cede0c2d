import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { expandUnspecified, INTERFACE_CACHE_MS, InterfaceAddresses } from '../../../src/swarm/listen/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { addrs, texts } from './fixtures.ts'
import type { NetworkInterfaces } from '../../../src/swarm/listen/index.ts'

const INTERFACES: NetworkInterfaces = {
  lo: [{ address: '127.0.0.1', family: 'IPv4' }, { address: '::1', family: 'IPv6' }],
  gone: undefined,
  eth0: [
    { address: '192.0.2.7', family: 'IPv4' },
    { address: '2001:db8::7', family: 'IPv6' },
    { address: 'fe80::7', family: 'IPv6' },
    { address: 'FEBF::7', family: 'IPv6' },
    { address: 'fec0::7', family: 'IPv6' }
  ]
}

describe('expandUnspecified', () => {
  it.each([
    ['/ip4/0.0.0.0/tcp/4001', ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.0.2.7/tcp/4001']],
    ['/ip4/0.0.0.0/tcp/4001/ws', ['/ip4/127.0.0.1/tcp/4001/ws', '/ip4/192.0.2.7/tcp/4001/ws']],
    ['/ip6/::/udp/4001/quic-v1', ['/ip6/::1/udp/4001/quic-v1', '/ip6/2001:db8::7/udp/4001/quic-v1', '/ip6/fec0::7/udp/4001/quic-v1']],
    ['/ip4/192.0.2.9/tcp/4001', ['/ip4/192.0.2.9/tcp/4001']],
    ['/dns4/example.com/tcp/4001', ['/dns4/example.com/tcp/4001']],
    ['/memory/a', ['/memory/a']],
    ['/', ['/']]
  ])('makes of %s what others can dial', (address, expanded) => {
    expect(texts(expandUnspecified(multiaddr(address), INTERFACES))).toEqual(expanded)
  })

  it('makes nothing of an unspecified host when no interface has an address of its family', () => {
    expect(expandUnspecified(multiaddr('/ip6/::/tcp/4001'), { lo: [{ address: '127.0.0.1', family: 'IPv4' }] })).toEqual([])
  })
})

describe('InterfaceAddresses', () => {
  it('gives a fresh array each time', () => {
    const addresses = new InterfaceAddresses(new FakeClock(), () => INTERFACES)
    const first = addresses.expand(addrs('/ip4/0.0.0.0/tcp/1'))

    first.length = 0

    expect(addresses.expand(addrs('/ip4/0.0.0.0/tcp/1'))).toHaveLength(2)
  })

  it('gives nothing for a swarm that does not listen, and does not ask the system', () => {
    const addresses = new InterfaceAddresses(new FakeClock(), () => { throw new Error('asked') })

    expect(addresses.expand([])).toEqual([])
  })

  it('names an address once that two listeners are reached by', () => {
    const addresses = new InterfaceAddresses(new FakeClock(), () => INTERFACES)

    expect(texts(addresses.expand(addrs('/ip4/192.0.2.7/tcp/1', '/ip4/0.0.0.0/tcp/1')))).toEqual(['/ip4/192.0.2.7/tcp/1', '/ip4/127.0.0.1/tcp/1'])
  })

  it('asks the system once a minute, and when it is told to', async () => {
    const clock = new FakeClock()
    let reads = 0
    const addresses = new InterfaceAddresses(clock, () => {
      reads++

      return INTERFACES
    })
    const expand = (): number => {
      addresses.expand(addrs('/ip4/0.0.0.0/tcp/1', '/ip6/::/tcp/1'))

      return reads
    }

    expect(expand()).toBe(1)
    await clock.advance(INTERFACE_CACHE_MS - 1)
    expect(expand()).toBe(1)
    await clock.advance(1)
    expect(expand()).toBe(2)
    addresses.invalidate()
    expect(expand()).toBe(3)
  })

  it('knows the loopback address of this machine', () => {
    const addresses = new InterfaceAddresses(new FakeClock())

    expect(texts(addresses.expand(addrs('/ip4/0.0.0.0/tcp/1')))).toContain('/ip4/127.0.0.1/tcp/1')
  })
})
