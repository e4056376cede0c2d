import { fetch } from '@libp2p/fetch'
import { identify, identifyPush } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { describe, expect, it } from 'vitest'
import { nextEvent, tcpNode } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { Fetch } from '@libp2p/fetch'
import type { Identify, IdentifyPush } from '@libp2p/identify'
import type { Ping } from '@libp2p/ping'

interface Services extends Record<string, unknown> {
  identify: Identify
  identifyPush: IdentifyPush
  ping: Ping
  fetch: Fetch
}

async function node (): Promise<TestNode<Services>> {
  return tcpNode<Services>({
    services: {
      identify: identify(),
      identifyPush: identifyPush({ debounce: 0 }),
      ping: ping(),
      fetch: fetch()
    }
  })
}

describe('identify, ping and fetch of js-libp2p', () => {
  it('identify both ends of a connection to each other', async () => {
    const [a, b] = [await node(), await node()]
    const seenByA = nextEvent(a.libp2p as never, 'peer:identify')
    const seenByB = nextEvent(b.libp2p as never, 'peer:identify')

    await a.libp2p.dial(b.libp2p.getMultiaddrs())

    const [ofB, ofA] = await Promise.all([seenByA, seenByB])

    expect(ofB.peerId.equals(b.swarm.peerId)).toBe(true)
    expect(ofB.protocols.sort()).toEqual(b.libp2p.getProtocols())
    expect(ofB.agentVersion).toMatch(/^swarmd\//)
    expect(ofB.listenAddrs.map(String)).toEqual(b.swarm.listenAddresses().map(String))
    expect(ofB.connection).toBe(a.libp2p.getConnections().at(0))
    expect(ofA.observedAddr?.toString()).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\//)
    expect((await a.swarm.peerStore.get(b.swarm.peerId)).protocols).toEqual(expect.arrayContaining(b.libp2p.getProtocols()))
    expect([...a.errors, ...b.errors]).toEqual([])
  })

  it('ping by address, by peer ID, and back', async () => {
    const [a, b] = [await node(), await node()]

    expect(await a.swarm.services.ping.ping(b.libp2p.getMultiaddrs())).toBeGreaterThanOrEqual(0)
    expect(await a.swarm.services.ping.ping(b.swarm.peerId)).toBeGreaterThanOrEqual(0)
    expect(await b.swarm.services.ping.ping(a.swarm.peerId)).toBeGreaterThanOrEqual(0)
  })

  it('push what a node handles from now on to those it is connected to', async () => {
    const [a, b] = [await node(), await node()]
    const identified = Promise.all([nextEvent(a.libp2p as never, 'peer:identify'), nextEvent(b.libp2p as never, 'peer:identify')])

    await a.libp2p.dial(b.libp2p.getMultiaddrs())
    await identified

    const pushed = nextEvent(a.libp2p as never, 'peer:identify', ({ protocols }) => protocols.includes('/new/1'))

    b.swarm.handle('/new/1', () => {})

    expect((await pushed).peerId.equals(b.swarm.peerId)).toBe(true)
  })

  it('tell topologies who speaks their protocol, and who has gone', async () => {
    const [a, b] = [await node(), await node()]
    const connected = Promise.withResolvers<string>()
    const disconnected = Promise.withResolvers<string>()

    await a.libp2p.register('/ipfs/ping/1.0.0', {
      onConnect: (peer) => { connected.resolve(peer.toString()) },
      onDisconnect: (peer) => { disconnected.resolve(peer.toString()) }
    })
    await a.libp2p.dial(b.libp2p.getMultiaddrs())
    expect(await connected.promise).toBe(b.swarm.peerId.toString())

    await b.swarm.close()
    expect(await disconnected.promise).toBe(b.swarm.peerId.toString())
  })

  it('fetch a value of the other node', async () => {
    const [a, b] = [await node(), await node()]

    b.swarm.services.fetch.registerLookupFunction('/test/', async (key) => key.byteLength === 8 ? new Uint8Array([1, 2, 3]) : undefined)
    await a.libp2p.dial(b.libp2p.getMultiaddrs())

    expect(Array.from(await a.swarm.services.fetch.fetch(b.swarm.peerId, '/test/ab') ?? [])).toEqual([1, 2, 3])
    expect(await a.swarm.services.fetch.fetch(b.swarm.peerId, '/test/none')).toBeUndefined()
  })
})
