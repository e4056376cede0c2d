import { peerDiscoverySymbol } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { TypedEventEmitter } from 'main-event'
import { describe, expect, it } from 'vitest'
import { MAX_PENDING_DISCOVERIES, PluginServices } from '../../../src/swarm/plugins/index.ts'
import { eventually } from '../../support/settle.ts'
import { fakeHost, fakeListener, newPeerId } from './fake-host.ts'
import { record } from './fixtures.ts'
import { memoryNode, nextEvent } from './nodes.ts'
import type { FakeHost } from './fake-host.ts'
import type { PeerDiscoveryEvents, PeerId } from '@libp2p/interface'

const ADDRESS = multiaddr('/ip4/1.2.3.4/tcp/4001')

async function setUp (): Promise<{ host: FakeHost, discovery: TypedEventEmitter<PeerDiscoveryEvents>, discover (id: PeerId): void, plugins: PluginServices }> {
  const host = await fakeHost()
  const plugins = new PluginServices(host)
  const discovery = new TypedEventEmitter<PeerDiscoveryEvents>()

  plugins.create({ mdns: () => ({ [peerDiscoverySymbol]: discovery }) })

  return {
    host,
    plugins,
    discovery,
    discover: (id) => { discovery.safeDispatchEvent('peer', { detail: { id, multiaddrs: [ADDRESS] } }) }
  }
}

describe('the events of js-libp2p', () => {
  it('tell of connections and of peers, in order, the peer once', async () => {
    const a = await memoryNode()
    const b = await memoryNode()
    const told = record(a.libp2p, 'connection:open', 'peer:connect', 'connection:close', 'peer:disconnect')
    const addresses = b.libp2p.getMultiaddrs()

    await a.libp2p.dial(addresses)
    await a.libp2p.dial(addresses, { force: true })
    expect(told).toEqual(['connection:open', 'peer:connect', 'connection:open'])

    const gone = nextEvent(a.libp2p, 'peer:disconnect')

    await b.swarm.close()
    expect((await gone).equals(b.swarm.peerId)).toBe(true)
    expect(told.slice(3)).toEqual(['connection:close', 'connection:close', 'peer:disconnect'])
  })

  it('tell of a connection when it can be found and used', async () => {
    const a = await memoryNode()
    const b = await memoryNode()

    await b.libp2p.handle('/hello/1', async (stream) => {
      await stream.close()
    })

    const opening = nextEvent(a.libp2p, 'connection:open').then(async (connection) => {
      expect(a.libp2p.getConnections()).toContain(connection)

      return connection.newStream('/hello/1')
    })

    await a.libp2p.dial(b.libp2p.getMultiaddrs())
    expect((await opening).protocol).toBe('/hello/1')
  })

  it('tell of listeners, and keep our record up to date with them', async () => {
    const { host, plugins } = await setUp()
    const told = record(host.events, 'transport:listening', 'self:peer:update', 'transport:close')
    const listener = fakeListener(ADDRESS)
    const [observer] = host.observers

    host.listening.push(listener)
    observer?.listening(listener)
    await eventually(() => told.includes('self:peer:update'))
    expect(told).toEqual(['transport:listening', 'self:peer:update'])
    expect(plugins.libp2p.getMultiaddrs()).toHaveLength(1)

    host.listening.pop()
    observer?.listenerClosed(listener)
    await eventually(() => told.length === 4)
    expect(told.slice(2)).toEqual(['transport:close', 'self:peer:update'])
  })
})

describe('peer discovery', () => {
  it('stores discovered peers and tells of them once', async () => {
    const { host, discover } = await setUp()
    const peer = await newPeerId()
    const told: string[] = []

    host.events.addEventListener('peer:discovery', ({ detail }) => { told.push(detail.id.toString()) })
    discover(peer)
    discover(peer)
    await eventually(() => told.length > 0)

    expect(told).toEqual([peer.toString()])
    expect((await host.peerStore.get(peer)).addresses).toHaveLength(1)
  })

  it('tells of a known peer that is discovered again, unless we are connected to it', async () => {
    const { host, discover } = await setUp()
    const [near, away] = [await newPeerId(), await newPeerId()]
    const told: string[] = []

    await host.peerStore.merge(near, { multiaddrs: [ADDRESS] })
    await host.peerStore.merge(away, { multiaddrs: [ADDRESS] })
    host.open.push({ remotePeer: near } as never)
    host.events.addEventListener('peer:discovery', ({ detail }) => { told.push(detail.id.toString()) })
    discover(near)
    discover(away)
    await eventually(() => told.length > 0)

    expect(told).toEqual([away.toString()])
  })

  it('tells of peers that come into the store in other ways', async () => {
    const { host } = await setUp()
    const told = record(host.events, 'peer:discovery')

    await host.peerStore.merge(await newPeerId(), { multiaddrs: [ADDRESS] })

    expect(told).toEqual(['peer:discovery'])
  })

  it('does not discover itself', async () => {
    const { host, discover } = await setUp()

    discover(host.peerId)

    await expect(host.peerStore.has(host.peerId)).resolves.toBe(false)
  })

  it('takes in no more at a time than its bound', async () => {
    const { host, discover } = await setUp()
    const peers = await Promise.all(Array.from({ length: MAX_PENDING_DISCOVERIES + 1 }, newPeerId))
    const release = Promise.withResolvers<never>()
    let merges = 0

    host.peerStore.merge = () => {
      merges++

      return release.promise
    }
    peers.forEach(discover)

    expect(merges).toBe(MAX_PENDING_DISCOVERIES)

    release.reject(new Error('disk full'))
    await eventually(() => host.errors.length === MAX_PENDING_DISCOVERIES)
    expect(host.errors.at(0)).toMatchObject({ during: 'storing a discovered peer', error: { message: 'disk full' } })
  })

  it('listens to nobody after its stop', async () => {
    const { discovery, plugins } = await setUp()

    await plugins.start()
    expect(discovery.listenerCount('peer')).toBe(1)
    await plugins.stop()
    expect(discovery.listenerCount('peer')).toBe(0)
  })
})
