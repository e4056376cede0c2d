import { transportSymbol } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { PluginServices } from '../../../src/swarm/plugins/index.ts'
import { fakeHost, fakeListener, newPeerId } from './fake-host.ts'
import type { FakeHost } from './fake-host.ts'
import type { SwarmConnection } from '../../../src/swarm/connection/index.ts'
import type { PluginDialOptions, PluginHost } from '../../../src/swarm/plugins/index.ts'
import type { DialTransportOptions, PeerId, Transport } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'

const DIRECT = multiaddr('/ip4/1.2.3.4/tcp/4001')

function connectionTo (remotePeer: PeerId, overrides: Partial<SwarmConnection> = {}): SwarmConnection {
  return {
    remotePeer,
    status: 'open',
    direct: true,
    limits: undefined,
    closed: new Promise(() => {}),
    maConn: { timeline: {}, log: () => {} },
    ...overrides
  } as unknown as SwarmConnection
}

interface Setup {
  host: FakeHost
  plugins: PluginServices
  manager: ConnectionManager
  peer: PeerId
  /** What the host was asked to dial. */
  dials: PluginDialOptions[]
  dialled: SwarmConnection
}

async function setUp (overrides: Partial<PluginHost> = {}): Promise<Setup> {
  const peer = await newPeerId()
  const dialled = connectionTo(peer)
  const dials: PluginDialOptions[] = []
  const host = await fakeHost({
    dial: async (_target, options) => {
      dials.push(options)

      return dialled
    },
    ...overrides
  })
  const plugins = new PluginServices(host)

  return { host, plugins, manager: plugins.components.connectionManager, peer, dials, dialled }
}

describe('PluginConnectionManager', () => {
  it('takes an open connection before it looks for any address', async () => {
    const { host, plugins, manager, peer, dials } = await setUp()
    const open = connectionTo(peer)
    const relayed = multiaddr(`${DIRECT.toString()}/p2p/${(await newPeerId()).toString()}/p2p-circuit/p2p/${peer.toString()}`)

    host.open.push(open)

    expect(await manager.openConnection(peer)).toBe(plugins.views.connection(open))
    expect(await manager.openConnection(relayed)).toBe(plugins.views.connection(open))
    expect(dials).toEqual([])
  })

  it.each([
    ['closing', { status: 'closing' as const }],
    ['limited', { limits: { seconds: 10 } }]
  ])('does not take a connection that is %s', async (_name, overrides) => {
    const { host, manager, peer, dials } = await setUp()

    host.open.push(connectionTo(peer, overrides))
    await manager.openConnection(peer)

    expect(dials).toHaveLength(1)
  })

  it('takes a connection over a relay only where no direct one could be had', async () => {
    const { host, manager, peer, dials } = await setUp()

    host.open.push(connectionTo(peer, { direct: false }))
    await manager.openConnection(peer)
    expect(dials).toHaveLength(0)

    await manager.openConnection(DIRECT.encapsulate(`/p2p/${peer.toString()}`))
    expect(dials).toHaveLength(1)
  })

  it('dials anew when forced, in the role that hole punching wants', async () => {
    const { host, manager, peer, dials } = await setUp()
    const { signal } = new AbortController()

    host.open.push(connectionTo(peer))
    await manager.openConnection(peer, { force: true, initiator: false, signal })

    expect(dials).toEqual([{ fresh: true, initiator: false, signal }])
  })

  it('tells whoever asks how far it is', async () => {
    const { host, manager, peer } = await setUp()
    const progress: string[] = []
    const onProgress = ({ type }: { type: string }): void => { progress.push(type) }

    await manager.openConnection(peer, { onProgress })
    host.open.push(connectionTo(peer))
    await manager.openConnection(peer, { onProgress })

    expect(progress).toEqual(['connection:open', 'connection:opened', 'connection:open', 'dial-queue:already-connected', 'connection:opened'])
  })

  it('lists connections by peer', async () => {
    const { host, plugins, manager, peer } = await setUp()
    const other = await newPeerId()

    host.open.push(connectionTo(peer), connectionTo(other), connectionTo(peer))

    const map = manager.getConnectionsMap()

    expect(map.get(peer)).toHaveLength(2)
    expect(map.get(other)?.at(0)).toBe(plugins.views.connection(host.open.at(1) as SwarmConnection))
    expect(manager.getConnections()).toHaveLength(3)
  })

  it('knows its maximum, and whether there is room', async () => {
    let max = 2
    const { host, manager, peer } = await setUp({ maxConnections: () => max, setMaxConnections: (value) => { max = value } })

    expect(() => { manager.setMaxConnections(0) }).toThrow('maxConnections must be 1 or more, received 0')
    manager.setMaxConnections(1)
    expect(manager.getMaxConnections()).toBe(1)
    expect(manager.acceptIncomingConnection({} as never)).toBe(true)

    host.open.push(connectionTo(peer))
    expect(manager.acceptIncomingConnection({} as never)).toBe(false)
    manager.afterUpgradeInbound()
  })
})

describe('PluginTransportManager', () => {
  function transport (tag: string, dial: Transport['dial'] = async () => ({}) as never): Transport {
    return {
      [transportSymbol]: true,
      [Symbol.toStringTag]: tag,
      dial,
      createListener: () => fakeListener(),
      listenFilter: (addresses) => addresses.filter((address) => address.toString().includes(tag)),
      dialFilter: (addresses) => addresses.filter((address) => address.toString().includes(tag))
    }
  }

  it('dials one address with options of its own and a signal in any case', async () => {
    const { plugins: { components: { transportManager, upgrader } } } = await setUp()
    const given: DialTransportOptions[] = []

    transportManager.add(transport('tcp', async (_address, options) => {
      given.push(Object.assign(options, { keepAlive: true }))

      return {} as never
    }))

    const options = {}

    await transportManager.dial(DIRECT, options)

    expect(given.at(0)?.signal).toBeInstanceOf(AbortSignal)
    expect(given.at(0)?.upgrader).toBe(upgrader)
    expect(options).toEqual({})
  })

  it('says when there is no transport for an address', async () => {
    const { plugins: { components: { transportManager } } } = await setUp()

    await expect(transportManager.dial(DIRECT)).rejects.toMatchObject({ code: 'NoTransport', message: `no transport for ${DIRECT.toString()}` })
    expect(transportManager.dialTransportForMultiaddr(DIRECT)).toBeUndefined()
  })

  it('finds, lists and removes transports and listeners', async () => {
    const { host, plugins: { components: { transportManager } } } = await setUp()
    const [tcp, ws] = [transport('tcp'), transport('ws')]

    transportManager.add(tcp)
    transportManager.add(ws)
    host.listening.push(fakeListener(DIRECT))

    expect(transportManager.getTransports()).toEqual([tcp, ws])
    expect(transportManager.listenTransportForMultiaddr(DIRECT)).toBe(tcp)
    expect(transportManager.getListeners()).toHaveLength(1)
    expect(transportManager.getAddrs()).toEqual([DIRECT])

    await transportManager.remove('tcp')
    expect(transportManager.getTransports()).toEqual([ws])
  })

  it('asks the host to listen, but for nothing', async () => {
    const asked: string[] = []
    const { plugins: { components: { transportManager } } } = await setUp({ listen: async (addresses) => { asked.push(...addresses.map(String)) } })

    await transportManager.listen([])
    await transportManager.listen([DIRECT])

    expect(asked).toEqual([DIRECT.toString()])
  })
})

describe('PluginUpgrader', () => {
  it('gives a signal that aborts in time, and can be cleared', async () => {
    const { host, plugins: { upgrader } } = await setUp()
    const [kept, cleared] = [new AbortController().signal, new AbortController().signal].map((signal) => upgrader.createInboundAbortSignal(signal))

    cleared?.clear()
    await host.clock.advance(host.inboundUpgradeTimeoutMs)

    expect(kept?.reason).toMatchObject({ code: 'UpgradeTimeout' })
    expect(cleared?.aborted).toBe(false)
    expect(host.clock.pending).toBe(0)
  })

  it('passes on the abort of the transport', async () => {
    const { plugins: { upgrader } } = await setUp()
    const controller = new AbortController()
    const reason = new Error('listener closed')
    const signal = upgrader.createInboundAbortSignal(controller.signal)

    controller.abort(reason)

    expect(signal.reason).toBe(reason)
  })

  it('lists muxers and encrypters in maps that nobody shares', async () => {
    const { host, plugins: { upgrader } } = await setUp({ muxers: new Map([['/yamux/1.0.0', {} as never]]) })

    upgrader.getStreamMuxers().clear()

    expect([...upgrader.getStreamMuxers().keys()]).toEqual(['/yamux/1.0.0'])
    expect(host.muxers.size).toBe(1)
    expect(upgrader.getConnectionEncrypters().size).toBe(0)
  })
})
