import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { MAX_OBSERVED_ADDRESSES, PluginAddressManager, VERIFICATION_RETRY_MS, VERIFICATION_TTL_MS } from '../../../src/swarm/plugins/index.ts'
import { fakeHost, fakeListener } from './fake-host.ts'
import type { FakeHost } from './fake-host.ts'

interface Setup {
  host: FakeHost
  manager: PluginAddressManager
  /** How often a change was told. */
  changes (): number
  /** What is told to others, without our peer ID. */
  told (): string[]
}

async function setUp ({ listening = [] as string[], hasVerifier = false } = {}): Promise<Setup> {
  const host = await fakeHost()
  let changes = 0
  const manager = new PluginAddressManager({ host, hasVerifier: () => hasVerifier, onChange: () => { changes++ } })

  host.listening.push(fakeListener(...listening.map((address) => multiaddr(address))))

  return {
    host,
    manager,
    changes: () => changes,
    told: () => manager.getAddresses().map((address) => address.toString().replace(`/p2p/${host.peerId.toString()}`, ''))
  }
}

const PUBLIC = '/ip4/1.2.3.4/tcp/4001'
const PRIVATE = '/ip4/192.168.1.5/tcp/4001'
const OBSERVED = '/ip4/5.6.7.8/udp/4001/quic-v1'

describe('PluginAddressManager', () => {
  it('tells every address that it listens on, once, ending in its peer ID', async () => {
    const { host, manager } = await setUp({ listening: [PUBLIC, PRIVATE, PRIVATE, '/memory/x'] })

    expect(manager.getAddresses().map(String)).toEqual([PUBLIC, PRIVATE, '/memory/x'].map((address) => `${address}/p2p/${host.peerId.toString()}`))
  })

  it('keeps public addresses to itself until they are verified, when there is a service for that', async () => {
    const { manager, told, changes } = await setUp({ listening: [PUBLIC, PRIVATE], hasVerifier: true })

    expect(told()).toEqual([PRIVATE])
    expect(manager.getAddressesWithMetadata().at(0)).toMatchObject({ type: 'transport', verified: false, expires: 0 })

    manager.confirmObservedAddr(multiaddr(PUBLIC))
    expect(told()).toEqual([PUBLIC, PRIVATE])
    expect(changes()).toBe(1)

    manager.removeObservedAddr(multiaddr(PUBLIC))
    expect(told()).toEqual([PRIVATE])
    expect(changes()).toBe(2)
  })

  it('says when an address was verified and until when that holds', async () => {
    const { host, manager } = await setUp({ listening: [PUBLIC] })
    const now = host.clock.now()

    manager.confirmObservedAddr(multiaddr(PUBLIC), { ttl: 5_000 })
    expect(manager.getAddressesWithMetadata()).toMatchObject([{ verified: true, lastVerified: now, expires: now + 5_000 }])

    manager.confirmObservedAddr(multiaddr(PUBLIC))
    expect(manager.getAddressesWithMetadata()).toMatchObject([{ expires: now + VERIFICATION_TTL_MS }])

    manager.removeObservedAddr(multiaddr(PUBLIC))
    expect(manager.getAddressesWithMetadata()).toMatchObject([{ verified: false, expires: now + VERIFICATION_RETRY_MS }])
  })

  it('verifies a socket for all that is spoken over it', async () => {
    const { manager, told } = await setUp({ listening: [PUBLIC, `${PUBLIC}/ws`], hasVerifier: true })

    manager.confirmObservedAddr(multiaddr(PUBLIC))

    expect(told()).toEqual([PUBLIC, `${PUBLIC}/ws`])
  })

  it('tells an address over a relay until that is withdrawn', async () => {
    const relayed = '/ip4/1.2.3.4/tcp/4001/p2p/12D3KooWGzh5vjh5Pm1rAoPfMhQ3QBPKkzzr7q5NbXd3LxUMLrXb/p2p-circuit'
    const { manager, told } = await setUp({ listening: [relayed], hasVerifier: true })

    expect(told()).toEqual([relayed])
    manager.removeObservedAddr(multiaddr(relayed))
    expect(told()).toEqual([])
    manager.confirmObservedAddr(multiaddr(relayed), { type: 'transport' })
    expect(told()).toEqual([relayed])
  })

  it('tells an observed address only when it is verified', async () => {
    const { host, manager, told } = await setUp()
    const observed = multiaddr(`${OBSERVED}/p2p/${host.peerId.toString()}`)

    manager.addObservedAddr(observed)
    expect(manager.getObservedAddrs().map(String)).toEqual([OBSERVED])
    expect(told()).toEqual([])

    manager.confirmObservedAddr(observed)
    expect(told()).toEqual([OBSERVED])
    expect(manager.getAddressesWithMetadata()).toMatchObject([{ type: 'observed', verified: true }])
  })

  it.each(['/ip4/192.168.0.1/tcp/1', '/ip6/fe80::1/tcp/1', '/ip4/127.0.0.1/udp/1/quic-v1', '/memory/x', '/dns4/example.com/tcp/1'])('does not believe to be observed at %s', async (address) => {
    const { manager } = await setUp()

    manager.addObservedAddr(multiaddr(address))

    expect(manager.getObservedAddrs()).toEqual([])
  })

  it('forgets the oldest unverified observed address beyond the bound, and never a verified one', async () => {
    const { manager } = await setUp()
    const address = (i: number): string => `/ip4/5.6.7.${i}/udp/4001/quic-v1`

    for (let i = 0; i < MAX_OBSERVED_ADDRESSES; i++) {
      manager.addObservedAddr(multiaddr(address(i)))
    }

    manager.confirmObservedAddr(multiaddr(address(0)))
    manager.addObservedAddr(multiaddr(address(100)))

    const observed = manager.getObservedAddrs().map(String)

    expect(observed).toHaveLength(MAX_OBSERVED_ADDRESSES)
    expect(observed).toContain(address(0))
    expect(observed).not.toContain(address(1))
    expect(observed).toContain(address(100))
  })

  it('looks at a refuted address again only when its time has come', async () => {
    const { host, manager } = await setUp()

    manager.addObservedAddr(multiaddr(OBSERVED))
    manager.removeObservedAddr(multiaddr(OBSERVED))
    manager.addObservedAddr(multiaddr(OBSERVED))
    expect(manager.getObservedAddrs()).toEqual([])

    await host.clock.advance(VERIFICATION_RETRY_MS)
    manager.addObservedAddr(multiaddr(OBSERVED))
    expect(manager.getObservedAddrs().map(String)).toEqual([OBSERVED])
  })

  it('tells announced addresses in place of all others, with what transports add', async () => {
    const { host, told } = await setUp({ listening: [PUBLIC] })

    host.announced.push(multiaddr('/dns4/example.com/tcp/443'))
    host.listening[0] = Object.assign(fakeListener(multiaddr(PUBLIC)), {
      updateAnnounceAddrs: (addresses: unknown[]) => { addresses.push(multiaddr('/dns4/example.com/udp/443/webrtc-direct')) }
    })

    expect(told()).toEqual(['/dns4/example.com/tcp/443', '/dns4/example.com/udp/443/webrtc-direct'])
    expect(host.announced).toHaveLength(1)
  })

  it('tells where a router forwards to us from, once that is verified', async () => {
    const { manager, told } = await setUp({ listening: [PRIVATE, `${PRIVATE}/ws`] })

    manager.addPublicAddressMapping('192.168.1.5', 4001, '9.8.7.6', 14001)
    expect(told()).toEqual([PRIVATE, `${PRIVATE}/ws`])
    expect(manager.getAddressesWithMetadata().at(2)).toMatchObject({ type: 'ip-mapping', verified: false })

    manager.confirmObservedAddr(multiaddr('/ip4/9.8.7.6/tcp/14001'))
    expect(told()).toEqual([PRIVATE, `${PRIVATE}/ws`, '/ip4/9.8.7.6/tcp/14001', '/ip4/9.8.7.6/tcp/14001/ws'])

    manager.removePublicAddressMapping('192.168.1.5', 4001, '9.8.7.6', 14001)
    expect(told()).toEqual([PRIVATE, `${PRIVATE}/ws`])
  })

  it('maps an IPv4 socket to an IPv6 address of the router', async () => {
    const { manager } = await setUp({ listening: [PRIVATE] })

    manager.addPublicAddressMapping('192.168.1.5', 4001, '2001:4860:4860::8888', 4001)

    expect(manager.getAddressesWithMetadata().at(1)?.multiaddr.toString()).toBe('/ip6/2001:4860:4860::8888/tcp/4001')
  })

  it('takes an observed address for the mapping that it is', async () => {
    const { manager } = await setUp({ listening: [PRIVATE] })

    manager.addObservedAddr(multiaddr('/ip4/9.8.7.6/tcp/14001'))
    manager.addPublicAddressMapping('192.168.1.5', 4001, '9.8.7.6', 14001)
    manager.addObservedAddr(multiaddr('/ip4/9.8.7.6/tcp/14001'))

    expect(manager.getObservedAddrs()).toEqual([])
  })

  it('names a mapped IP address where TLS asks for a name', async () => {
    const { manager, told } = await setUp({ listening: [PUBLIC, '/ip4/1.2.3.4/tcp/443/tls/ws'] })

    manager.addDNSMapping('node.example.com', ['1.2.3.4'])
    expect(told()).toEqual([PUBLIC])

    manager.confirmObservedAddr(multiaddr('/ip4/1.2.3.4/tcp/443/tls/sni/node.example.com/ws'), { type: 'dns-mapping' })
    expect(told()).toEqual([PUBLIC, '/ip4/1.2.3.4/tcp/443/tls/sni/node.example.com/ws'])

    manager.removeDNSMapping('node.example.com')
    expect(told()).toEqual([PUBLIC, '/ip4/1.2.3.4/tcp/443/tls/ws'])
  })
})
