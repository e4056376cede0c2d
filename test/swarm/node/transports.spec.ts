import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { memory } from '@libp2p/memory'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { scriptedTransport } from '../../support/scripted-transport.ts'
import { addressOf, echo, echoServer, rejection, swarmPair } from '../../support/swarm-pair.ts'
import type { PluginFactory } from '../../../src/index.ts'
import type { Transport } from '@libp2p/interface'

const PEER = '12D3KooWJ8P8wjyVoDShMrfYNjEBs1vkZmFjRHnvNNrFAoXfBTTu'

/** A transport that can be started and stopped, and writes down when it is. */
function startable (lines: string[], name: string): PluginFactory<Transport> {
  return (components) => Object.assign(scriptedTransport({ takes: () => false, dial: async () => { throw new Error('never') } })(components), {
    start: async () => { lines.push(`start ${name}`) },
    stop: async () => { lines.push(`stop ${name}`) }
  })
}

describe('the transports of a swarm', () => {
  // TestDialAddressSelection
  it.each([
    ['/ip4/1.2.3.4/tcp/1', '@libp2p/tcp', '@libp2p/tcp'],
    ['/ip6/::1/tcp/1', '@libp2p/tcp', '@libp2p/tcp'],
    ['/unix/tmp%2Fa.sock', '@libp2p/tcp', '@libp2p/tcp'],
    ['/ip4/1.2.3.4/tcp/1/ws', '@libp2p/websockets', '@libp2p/websockets'],
    ['/dns4/example.com/tcp/443/wss', '@libp2p/websockets', '@libp2p/websockets'],
    ['/memory/a', '@libp2p/memory', '@libp2p/memory'],
    [`/ip4/1.2.3.4/tcp/1/p2p/${PEER}/p2p-circuit/p2p/${PEER}`, '@libp2p/circuit-relay-v2-transport', undefined],
    ['/ip4/1.2.3.4', undefined, undefined],
    ['/ip4/1.2.3.4/udp/1', undefined, undefined],
    ['/ip4/1.2.3.4/udp/1/quic-v1', undefined, undefined]
  ])('for %s are %s to dial and %s to listen', async (address, dials, listens) => {
    await using swarm = await createSwarm({ transports: [tcp(), webSockets(), memory(), circuitRelayTransport()], services: { identify: identify() } })

    expect(swarm.transportForDialing(address)?.[Symbol.toStringTag]).toBe(dials)
    expect(swarm.transportForListening(address)?.[Symbol.toStringTag]).toBe(listens)
  })

  it('may be added at run time', async () => {
    await using server = await echoServer()
    await using client = await createSwarm({ transports: [] })

    await expect(client.dial(addressOf(server))).rejects.toMatchObject({ code: 'NoGoodAddresses', errors: [{ code: 'NoTransport' }] })
    client.addTransport(tcp())

    expect(await echo(await client.dial(addressOf(server)), 'now it can')).toBe('now it can')
  })

  // TestUselessTransport
  it.each<[string, unknown]>([['nothing', undefined], ['an object without filters', {}]])('are refused when they are %s', async (_what, transport) => {
    await using swarm = await createSwarm()

    expect(() => { swarm.addTransport(() => transport as Transport) }).toThrow(new TypeError('useless transport handles no protocols: wanted an object with dialFilter and listenFilter'))
    await expect(createSwarm({ transports: [() => transport as Transport] })).rejects.toBeInstanceOf(TypeError)
  })

  // TestTransportClose
  it('are started before createSwarm resolves and stopped when the swarm closes, also those that were added', async () => {
    const lines: string[] = []
    const swarm = await createSwarm({ transports: [startable(lines, 'first'), tcp()] })

    swarm.addTransport(startable(lines, 'second'))
    swarm.addTransport(startable(lines, 'third'))
    await swarm.close()

    expect(lines.slice(0, 3)).toEqual(['start first', 'start second', 'start third'])
    expect(lines.slice(3).sort()).toEqual(['stop first', 'stop second', 'stop third'])
  })

  it('that give a connection which this swarm did not make fail the dial', async () => {
    await using client = await createSwarm({ transports: [scriptedTransport({ dial: async () => ({}) as never })] })

    await expect(client.dial(`/ip4/127.0.0.1/tcp/1/p2p/${PEER}`)).rejects.toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'UpgradeFailed', phase: 'connect' }] })
  })

  it('that do not end when they are told to leave nobody waiting', async () => {
    const dialled = Promise.withResolvers<void>()
    const stubborn = scriptedTransport({
      dial: async () => {
        dialled.resolve()

        return new Promise(() => {})
      }
    })
    const client = await createSwarm({ transports: [stubborn] })
    const caller = new AbortController()
    const dial = rejection(client.dial(`/ip4/127.0.0.1/tcp/1/p2p/${PEER}`, { signal: caller.signal }))

    await dialled.promise
    caller.abort(new Error('enough'))

    expect(await dial).toEqual(new Error('enough'))
    await client.close()
  })
})

describe.each([['TCP', '/ip4/127.0.0.1/tcp/0'], ['WebSocket', '/ip4/127.0.0.1/tcp/0/ws'], ['memory', '/memory/abort']])('a connection over %s', (_name, listen) => {
  it.each(['connection', 'inbound'] as const)('that is aborted ends on both sides, whichever %s does it', async (side) => {
    await using pair = await swarmPair({}, { listen: [listen] })
    const other = side === 'connection' ? 'inbound' : 'connection'

    pair[side].abort(new Error('away with it'))

    expect(await pair[side].closed).toMatchObject({ code: 'aborted', by: 'local', error: { message: 'away with it' } })
    expect((await pair[other].closed).by).toBe('remote')
    expect(pair.near.connections()).toEqual([])
  })

  it('that is closed ends on both sides, and says who did it', async () => {
    await using pair = await swarmPair({}, { listen: [listen] })

    await pair.connection.close()

    expect(await pair.connection.closed).toEqual({ code: 'closed', by: 'local' })
    expect(await pair.inbound.closed).toMatchObject({ code: 'closed', by: 'remote' })
  })

  it('that is closed by both sides at the same time ends at once', async () => {
    await using pair = await swarmPair({ connection: { closeTimeoutMs: 60_000 } }, { listen: [listen], connection: { closeTimeoutMs: 60_000 } })

    await Promise.all([pair.connection.close(), pair.inbound.close()])

    expect([pair.connection.status, pair.inbound.status]).toEqual(['closed', 'closed'])
  })
})
