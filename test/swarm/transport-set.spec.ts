import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { TransportSet } from '../../src/swarm/transport-set.ts'
import { sockets } from '../support/upgrade-pair.ts'
import type { SwarmConnection } from '../../src/swarm/connection/index.ts'
import type { ConnectionViews, TransportSetInit } from '../../src/swarm/transport-set.ts'
import type { Connection, DialTransportOptions, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

const TCP = multiaddr('/ip4/192.0.2.1/tcp/4001')
const WS = multiaddr('/ip4/192.0.2.1/tcp/4001/ws')
const never = new AbortController().signal

/** A transport that takes addresses which end so, and dials as it is told. */
function transport (suffix: string, dial: Transport['dial'] = async () => { throw new Error('not dialled here') }): Transport {
  const filter = (addresses: Multiaddr[]): Multiaddr[] => addresses.filter((address) => address.toString().endsWith(suffix))

  return { dial, dialFilter: filter, listenFilter: filter, createListener: () => { throw new Error('not listened here') }, [Symbol.toStringTag]: suffix } as unknown as Transport
}

function transportSet (init: Partial<TransportSetInit> = {}): TransportSet {
  return new TransportSet({ isClosed: () => false, onInboundFailure: () => {}, ...init })
}

const made = { id: 'made' } as SwarmConnection
const views: ConnectionViews = {
  connection: (connection) => ({ view: connection }) as unknown as Connection,
  original: (view) => (view as unknown as { view?: SwarmConnection }).view
}

describe('TransportSet', () => {
  it('gives an address to the first transport that takes it', () => {
    const set = transportSet()
    const [first, second] = [transport('4001'), transport('')]

    set.add(first)
    set.add(second)

    expect([set.forDialing(TCP), set.forListening(TCP)]).toEqual([first, first])
    expect([set.forDialing(WS), set.forListening(WS)]).toEqual([second, second])
    set.remove(second)
    set.remove(second)
    expect([set.forDialing(WS), set.forListening(WS), set.list()]).toEqual([undefined, undefined, [first]])
  })

  // TestUselessTransport, TestTransportAfterClose
  it('refuses what is no transport, and everything once the swarm is closed', () => {
    expect(() => { transportSet().add({} as Transport) }).toThrow('useless transport handles no protocols')
    expect(() => { transportSet().add(undefined as unknown as Transport) }).toThrow(TypeError)
    expect(() => { transportSet({ isClosed: () => true }).add(transport('')) }).toThrow(expect.objectContaining({ code: 'SwarmClosed' }))
  })
})

describe('a dial by a transport', () => {
  /** Dials with the upgrader that it is given, as transports do. */
  const upgrading = async (_address: Multiaddr, { upgrader, signal }: DialTransportOptions): Promise<Connection> => upgrader.upgradeOutbound(sockets()[0], { signal })

  it('gives the connection that was made of its socket', async () => {
    const set = transportSet()

    set.install({} as Upgrader, views)

    expect(await set.connect(transport('', upgrading as Transport['dial']), TCP, { signal: never, upgrade: async () => made })).toBe(made)
  })

  it('gives the connection of a transport that upgrades by itself', async () => {
    const set = transportSet()

    set.install({} as Upgrader, views)

    expect(await set.connect(transport('', async () => views.connection(made)), TCP, { signal: never, upgrade: async () => { throw new Error('nobody asked') } })).toBe(made)
  })

  it('fails when the connection is not of this swarm', async () => {
    const set = transportSet()

    set.install({} as Upgrader, views)

    await expect(set.connect(transport('odd', async () => ({}) as unknown as Connection), TCP, { signal: never, upgrade: async () => made })).rejects.toMatchObject({
      code: 'UpgradeFailed',
      phase: 'connect',
      message: `transport odd dialled ${TCP.toString()} and gave a connection that this swarm did not make`
    })
  })

  it('is aborted by its signal while it lasts, and not later', async () => {
    const set = transportSet()
    const controller = new AbortController()
    let given = never

    set.install({} as Upgrader, views)
    await set.connect(transport('', async (_address, { signal }) => {
      given = signal

      return views.connection(made)
    }), TCP, { signal: controller.signal, upgrade: async () => made })
    controller.abort()
    expect(given.aborted).toBe(false)

    await expect(set.connect(transport('', async (_address, { signal }) => {
      signal.throwIfAborted()
      throw new Error('it was not aborted')
    }), TCP, { signal: AbortSignal.abort(new Error('too late')), upgrade: async () => made })).rejects.toThrow('too late')
  })

  it('needs a complete swarm', async () => {
    await expect(transportSet().connect(transport(''), TCP, { signal: never, upgrade: async () => made })).rejects.toMatchObject({ code: 'UnsupportedOperation' })
  })
})

describe('the upgrader that transports are made with', () => {
  it('is there before the swarm is complete, and works after', async () => {
    const set = transportSet()
    const { upgrader } = set
    const muxers = new Map()

    expect(() => upgrader.getStreamMuxers()).toThrow('the swarm is not complete yet')
    set.install({ getStreamMuxers: () => muxers } as unknown as Upgrader, views)

    expect(upgrader.getStreamMuxers()).toBe(muxers)
  })

  it('tells of inbound connections that fail, and fails the transport with them', async () => {
    const failures: unknown[] = []
    const set = transportSet({ onInboundFailure: (error) => { failures.push(error) } })
    const fault = new Error('who are you?')

    set.install({ upgradeInbound: async () => { throw fault } } as unknown as Upgrader, views)

    await expect(set.upgrader.upgradeInbound(sockets()[1], { signal: never })).rejects.toBe(fault)
    expect(failures).toEqual([fault])
  })
})
