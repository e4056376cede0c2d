import { describe, expect, it, vi } from 'vitest'
import { createSwarm, noDelayRanker } from '../../../src/index.ts'
import { turns } from '../../support/settle.ts'
import { addressOf, echo, ECHO, echoServer, errorsOf, rejection, swarmPair, swarms, told } from '../../support/swarm-pair.ts'
import { until } from '../../support/until.ts'
import type { Connection, DialError, ResourceLimitError, Stream, Swarm } from '../../../src/index.ts'

const HELD = '/held/1.0.0'

/** Serves a protocol whose streams stay open until the peer ends them. */
function hold (swarm: Swarm, options: Parameters<Swarm['handle']>[2] = {}): void {
  swarm.handle(HELD, async (stream) => {
    await stream.bytes()
    await stream.close()
  }, options)
}

async function openHeld (connection: Connection, count: number): Promise<Stream[]> {
  const streams: Stream[] = []

  for (let i = 0; i < count; i++) {
    streams.push(await connection.newStream(HELD, { negotiate: 'full' }))
  }

  return streams
}

describe('limits on connections', () => {
  it.each([
    ['limits.maxOutboundConnections', { maxOutboundConnections: 2 }, 'outbound connections', 2],
    ['limits.maxConnections', { maxConnections: 2 }, 'connections', 2]
  ])('refuse a dial beyond %s, with scope, used and maximum, before a byte is sent', async (option, limits, scope, max) => {
    await using client = await createSwarm({ limits })
    await using servers = await swarms(3)
    const [a, b, c] = servers as unknown as [Swarm, Swarm, Swarm]

    await client.dial(addressOf(a))
    await client.dial(addressOf(b))

    const error = await rejection(client.dial(addressOf(c))) as DialError

    expect(error).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'ResourceLimit', phase: 'limit' }] })
    expect(error.errors[0]?.cause).toMatchObject({ cause: { scope, used: 2, max, option } })
    expect(error.message).toContain(`too many ${scope}: 2 of ${max} in use (${option})`)

    await client.closePeer(a.peerId)
    expect(await echo(await client.dial(addressOf(c)), 'there is room again')).toBe('there is room again')
  })

  it.each([
    ['limits.maxInboundConnections', { maxInboundConnections: 2 }],
    ['limits.maxConnections', { maxConnections: 2 }]
  ])('turn away who comes beyond %s, say so once, and let others in when there is room', async (option, limits) => {
    await using server = await echoServer({ limits })
    const errors = errorsOf(server)
    await using clients = await swarms(3)
    const [a, b, c] = clients as unknown as [Swarm, Swarm, Swarm]

    expect(await Promise.all([a, b].map(async (client) => echo(await client.dial(addressOf(server)), 'in')))).toEqual(['in', 'in'])

    for (let i = 0; i < 3; i++) {
      await expect(c.dial(addressOf(server), { force: true })).rejects.toMatchObject({ code: 'AllDialsFailed' })
    }

    expect(server.peers()).toHaveLength(2)
    expect(errors).toMatchObject([{ during: 'accepting a connection', error: { code: 'ResourceLimit', message: expect.stringContaining(`2 of 2 in use (${option})`) as string } }])

    const gone = told(server, 'disconnected')

    await a.close()
    await gone
    expect(await echo(await c.dial(addressOf(server), { force: true }), 'in at last')).toBe('in at last')
  })

  it('keep the connections with one peer to limits.maxConnectionsPeer, on both sides', async () => {
    await using near = await echoServer({ limits: { maxConnectionsPeer: 2 }, connection: { duplicateGraceMs: 60_000 } })
    await using far = await echoServer({ connection: { duplicateGraceMs: 60_000 } })

    await near.dial(far.listenAddresses())
    await near.dial(far.listenAddresses())

    const error = await rejection(near.dial(far.listenAddresses())) as DialError

    expect(error.message).toContain(`too many connections with peer ${far.peerId}: 2 of 2 in use (limits.maxConnectionsPeer)`)

    // neither may the peer come a third time
    const result = await far.dial(near.listenAddresses()).then(async ({ closed }) => (await closed).by, () => 'refused')

    expect(['remote', 'refused']).toContain(result)
    expect(near.connections(far.peerId)).toHaveLength(2)
  })

  it('are given back by upgrades that fail', async () => {
    await using server = await echoServer()
    await using client = await createSwarm({ limits: { maxConnections: 1 }, connectionGater: { denyOutboundUpgradedConnection: () => true } })

    for (let i = 0; i < 5; i++) {
      expect(await rejection(client.dial(addressOf(server)))).toMatchObject({ errors: [{ code: 'Gated' }] })
    }
  })
})

describe('limits on streams', () => {
  // TestResourceManager
  it('count streams on both sides while they are open, and give them back', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair

    hold(far)

    const streams = await openHeld(connection, 3)

    expect(near.stat().streams).toEqual({ inbound: 0, outbound: 3 })
    await until(() => far.stat().streams.inbound === 3)

    streams[0]?.reset()
    await streams[1]?.end()
    await streams[2]?.close()
    await until(() => near.stat().streams.outbound === 0 && far.stat().streams.inbound === 0)
  })

  // TestResourceManagerNewStream
  it.each([
    ['limits.maxOutboundStreamsPerConnection', { maxOutboundStreamsPerConnection: 2 }, 'outbound streams on one connection'],
    ['limits.maxStreams', { maxStreams: 2 }, 'streams']
  ])('refuse newStream beyond %s, with scope, used and maximum', async (option, limits, scope) => {
    await using pair = await swarmPair({ limits })
    const { near, far, connection } = pair

    hold(far)

    const [first] = await openHeld(connection, 2)
    const error = await rejection(near.newStream(far.peerId, HELD)) as ResourceLimitError

    expect(error).toMatchObject({ code: 'ResourceLimit', scope, used: 2, max: 2, option, message: `too many ${scope}: 2 of 2 in use (${option})` })
    expect(connection.status).toBe('open')

    first?.reset()
    await first?.closed
    expect(await openHeld(connection, 1)).toHaveLength(1)
  })

  it('refuse newStream beyond maxOutboundStreams of handle', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair

    hold(far)
    hold(near, { maxOutboundStreams: 1 })
    await openHeld(connection, 1)

    await expect(connection.newStream(HELD)).rejects.toMatchObject({ code: 'ResourceLimit', option: 'maxOutboundStreams of handle' })
    expect(await echo(connection, 'other protocols go on')).toBe('other protocols go on')
  })

  // TestResourceManagerAcceptStream
  it.each([
    ['limits.maxInboundStreamsPerConnection', { maxInboundStreamsPerConnection: 2 }, {}],
    ['limits.maxInboundStreamsPerProtocol', { maxInboundStreamsPerProtocol: 2 }, {}],
    ['maxInboundStreams of handle', {}, { maxInboundStreams: 2 }],
    ['limits.maxStreams', { maxStreams: 2 }, {}]
  ])('reset an inbound stream beyond %s before its handler is called', async (option, limits, options) => {
    await using pair = await swarmPair({}, { limits })
    const { far, connection } = pair
    const errors = errorsOf(far)
    let served = 0

    far.handle(HELD, async (stream) => {
      served++
      await stream.bytes()
      await stream.close()
    }, options)

    const [first] = await openHeld(connection, 2)

    // the reset may overtake the agreement on the protocol, or follow it
    await expect(connection.newStream(HELD, { negotiate: 'full' }).then(async (stream) => stream.read())).rejects.toMatchObject({ code: 'StreamReset' })
    expect(served).toBe(2)
    await until(() => errors.length > 0)
    expect(errors[0]?.error).toMatchObject({ code: 'ResourceLimit', option, used: 2, max: 2 })
    expect(connection.status).toBe('open')

    await first?.end()
    await first?.closed
    await until(() => far.stat().streams.inbound === 1)
    expect(await openHeld(connection, 1)).toHaveLength(1)
    expect(served).toBe(3)
  })
})

describe('limits of a dial', () => {
  it('refuse one caller more than dial.maxWaiters', async () => {
    const never = Promise.withResolvers<false>()
    await using server = await echoServer()
    await using client = await createSwarm({ dial: { maxWaiters: 2 }, connectionGater: { denyOutboundConnection: async () => never.promise } })
    const dials = [client.dial(addressOf(server)), client.dial(addressOf(server))]

    await until(() => client.stat().dials.waiting === 2)
    await expect(client.dial(addressOf(server))).rejects.toMatchObject({ code: 'ResourceLimit', message: 'too many callers wait for dials: 2 of dial.maxWaiters 2 in use' })
    never.resolve(false)

    expect(new Set(await Promise.all(dials)).size).toBe(1)
  })

  it('dial no more addresses at the same time than dial.maxFdDials or LIBP2P_SWARM_FD_LIMIT say', async () => {
    const gate = Promise.withResolvers<false>()
    let now = 0
    const connectionGater = {
      denyOutboundConnection: async (): Promise<boolean> => {
        now++

        return gate.promise
      }
    }

    vi.stubEnv('LIBP2P_SWARM_FD_LIMIT', '2')

    await using servers = await swarms(4)
    await using client = await createSwarm({ connectionGater })
    const dials = servers.map(async (server) => client.dial(addressOf(server)))

    await until(() => now === 2)
    await turns(100)
    expect(now).toBe(2)
    gate.resolve(false)
    await Promise.all(dials)
    expect(now).toBe(4)

    vi.stubEnv('LIBP2P_SWARM_FD_LIMIT', 'many')
    await expect(createSwarm()).rejects.toThrow('the environment variable LIBP2P_SWARM_FD_LIMIT must be a number of 0 or more, received "many"')
    await using other = await createSwarm({ dial: { maxFdDials: 1 } })

    expect(await echo(await other.dial(addressOf(servers[0] as Swarm)), 'what is said to createSwarm goes first')).toBe('what is said to createSwarm goes first')
    vi.unstubAllEnvs()
  })

  it('dial no more addresses of a peer at the same time than dial.maxDialsPerPeer', async () => {
    await using server = await echoServer({ listen: ['/ip4/0.0.0.0/tcp/0'] })
    let most = 0
    let now = 0
    const gate = Promise.withResolvers<false>()
    await using client = await createSwarm({
      dial: { maxDialsPerPeer: 2, ranker: noDelayRanker },
      connectionGater: {
        denyOutboundConnection: async () => {
          most = Math.max(most, ++now)
          await gate.promise
          now--

          return false
        }
      }
    })
    // all of 127/8 leads to this machine
    const port = server.listenAddresses()[0]?.toString().split('/')[4]
    const dial = client.dial(Array.from({ length: 5 }, (_, i) => `/ip4/127.0.0.${i + 1}/tcp/${port}/p2p/${server.peerId}`))

    await until(() => now === 2)
    gate.resolve(false)
    await dial

    expect(most).toBe(2)
  })
})

describe('memory', () => {
  it('that waits for readers is bounded, and the rest stays with its sender', async () => {
    await using pair = await swarmPair({}, { limits: { maxBufferedBytes: 1024 * 1024 } })
    const { far, connection } = pair
    const slow: Stream[] = []

    far.handle('/slow/1.0.0', async (stream) => {
      slow.push(stream)
      await stream.closed
    })

    // 16 writers of 1 MiB each, whom nobody reads
    const writing = Promise.allSettled(Array.from({ length: 16 }, async () => {
      const stream = await connection.newStream('/slow/1.0.0')

      await stream.end(new Uint8Array(1024 * 1024))

      return stream
    }))

    await until(() => slow.length === 16 && far.stat().bytes.buffered > 512 * 1024)
    expect(far.stat().bytes.buffered).toBeLessThanOrEqual(16 * 256 * 1024)

    // and all of it arrives once somebody reads
    expect(await Promise.all(slow.map(async (stream) => (await stream.bytes({ maxBytes: Infinity })).byteLength))).toEqual(Array(16).fill(1024 * 1024))
    await writing
    expect(far.stat().bytes.buffered).toBe(0)
    expect(await echo(connection, ECHO)).toBe(ECHO)
  })
})
