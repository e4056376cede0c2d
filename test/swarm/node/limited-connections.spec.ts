import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { limitedTcp } from '../../support/scripted-transport.ts'
import { addressOf, DEAD, echo, ECHO, echoServer, LOOPBACK, rejection, told } from '../../support/swarm-pair.ts'
import type { Connection, Swarm, SwarmInit } from '../../../src/index.ts'

interface Limited extends AsyncDisposable {
  near: Swarm
  far: Swarm
  connection: Connection
}

const LIMITS = { bytes: 1_000_000n, seconds: 120 }

/** Two swarms of which `near` has dialled `far` as if through a relay. WebSocket is there for direct connections. */
async function limitedPair (init: SwarmInit = {}): Promise<Limited> {
  const transports = (): SwarmInit['transports'] => [limitedTcp({ limits: LIMITS }), webSockets()]
  const near = await createSwarm({ ...init, transports: transports() })
  const far = await echoServer({ listen: [LOOPBACK, '/ip4/127.0.0.1/tcp/0/ws'], transports: transports() })
  const connected = told(far, 'connected')
  const connection = await near.dial(far.interfaceListenAddresses().filter((address) => !address.toString().includes('/ws')))

  await connected

  return { near, far, connection, [Symbol.asyncDispose]: async () => { await Promise.all([near.close(), far.close()]) } }
}

function directAddress (swarm: Swarm): string {
  return swarm.interfaceListenAddresses().map(String).find((address) => address.includes('/ws')) ?? ''
}

describe('a limited connection', () => {
  it('says what its limits are, and is told of as limited', async () => {
    await using pair = await limitedPair()
    const { near, far, connection } = pair

    expect(connection.limits).toEqual(LIMITS)
    expect([near.connectedness(far.peerId), far.connectedness(near.peerId)]).toEqual(['limited', 'limited'])
  })

  it('is what dial gives by default, and again', async () => {
    await using pair = await limitedPair()
    const { near, far, connection } = pair

    expect(await near.dial(far.peerId)).toBe(connection)
    expect(await near.dial(far.peerId, { limited: 'allow' })).toBe(connection)
  })

  it('is refused by dial with deny, and then a direct address is dialled', async () => {
    await using pair = await limitedPair()
    const { near, far, connection } = pair

    const direct = await near.dial(directAddress(far), { limited: 'deny' })

    expect(direct).not.toBe(connection)
    expect(direct.limits).toBeUndefined()
  })

  it('is refused by dial with deny where only another limited one can be made', async () => {
    await using pair = await limitedPair()
    const { near, far } = pair
    const [limited = ''] = far.interfaceListenAddresses().map(String).filter((address) => !address.includes('/ws'))

    await expect(near.dial(limited, { limited: 'deny' })).rejects.toMatchObject({ code: 'LimitedConnection' })
  })

  it('carries streams that allow it, on both sides', async () => {
    await using pair = await limitedPair()
    const { near, far, connection } = pair

    far.handle('/frugal/1.0.0', async (stream) => { await stream.pipeTo(stream) }, { limited: true })

    for (const stream of [await connection.newStream('/frugal/1.0.0', { limited: 'allow' }), await near.newStream(far.peerId, '/frugal/1.0.0', { limited: 'allow' })]) {
      await stream.end('few bytes')
      expect(await stream.text()).toBe('few bytes')
    }
  })

  it('serves no protocol that does not allow it', async () => {
    await using pair = await limitedPair()

    await expect(pair.connection.newStream(ECHO, { limited: 'allow' })).rejects.toMatchObject({ code: 'UnsupportedProtocol' })
  })

  it.each<[string, (pair: Limited) => Promise<unknown>]>([
    ['a connection, by default', async ({ connection }) => connection.newStream(ECHO)],
    ['a connection with deny', async ({ connection }) => connection.newStream(ECHO, { limited: 'deny' })],
    ['a swarm with deny and noDial', async ({ near, far }) => near.newStream(far.peerId, ECHO, { limited: 'deny', noDial: true })]
  ])('is refused with LimitedConnection by newStream of %s', async (_what, open) => {
    await using pair = await limitedPair()

    const error = await rejection(open(pair))

    expect(error).toMatchObject({ code: 'LimitedConnection' })
    expect((error as Error).message).toMatch(/^limited connection to peer .*\{ limited: 'allow' \}/)
  })
})

describe('newStream of a swarm over a limited connection', () => {
  it.each([{}, { limited: 'wait' }, { limited: 'wait', noDial: true }] as const)('with %o waits for a direct one, and takes it when it comes', async (options) => {
    await using pair = await limitedPair()
    const { near, far } = pair
    const opening = near.newStream(far.peerId, ECHO, options)

    await settle()

    const direct = await near.dial(directAddress(far), { limited: 'deny' })

    await using stream = await opening

    expect(stream.connection).toBe(direct)
    await stream.end('direct')
    expect(await stream.text()).toBe('direct')
    expect(near.connectedness(far.peerId)).toBe('connected')
  })

  it('takes a direct one that the peer dials', async () => {
    await using pair = await limitedPair()
    const { near, far } = pair

    await near.listen('/ip4/127.0.0.1/tcp/0/ws')

    const opening = near.newStream(far.peerId, ECHO)

    await far.dial(directAddress(near), { limited: 'deny' })

    await using stream = await opening

    expect(stream.connection).toMatchObject({ direction: 'inbound', limits: undefined })
  })

  it('waits no longer than timeoutMs, or else than dial.peerTimeoutMs', async () => {
    const clock = new FakeClock()
    await using pair = await limitedPair({ clock })
    const { near, far } = pair
    const results: string[] = []
    const waits = [{ timeoutMs: 1_000 }, {}].map(async (options) => {
      const error = await rejection(near.newStream(far.peerId, ECHO, options))

      expect(error).toMatchObject({ code: 'LimitedConnection' })
      results.push((error as Error).message.match(/within \d+ ms/)?.[0] ?? '')
    })

    await clock.advance(1_000)
    expect(results).toEqual(['within 1000 ms'])
    await clock.advance(58_999)
    expect(results).toHaveLength(1)
    await clock.advance(1)
    await Promise.all(waits)
    expect(results).toEqual(['within 1000 ms', 'within 60000 ms'])
  })

  it('waits no longer than its caller, nor than the swarm is open', async () => {
    await using pair = await limitedPair()
    const { near, far } = pair
    const caller = new AbortController()
    const [first, second] = [rejection(near.newStream(far.peerId, ECHO, { signal: caller.signal })), rejection(near.newStream(far.peerId, ECHO))]

    await settle()
    caller.abort(new Error('no time'))
    expect(await first).toEqual(new Error('no time'))
    await near.close()
    expect(await second).toMatchObject({ code: 'SwarmClosed' })
  })
})

describe('forceDirect', () => {
  it('passes over a limited connection, and dials', async () => {
    await using pair = await limitedPair()
    const { near, far, connection } = pair

    const direct = await near.dial(directAddress(far), { forceDirect: true })

    expect(direct).not.toBe(connection)
    expect(direct.limits).toBeUndefined()
    expect(await near.dial(far.peerId, { forceDirect: true })).toBe(direct)
  })

  it('dials no relayed address', async () => {
    await using pair = await limitedPair()
    const { near, far } = pair

    await expect(near.dial(`${DEAD[0]}/p2p/12D3KooWJ8P8wjyVoDShMrfYNjEBs1vkZmFjRHnvNNrFAoXfBTTu/p2p-circuit/p2p/${far.peerId}`, { forceDirect: true }))
      .rejects.toMatchObject({ code: 'NoGoodAddresses' })
  })
})

describe('a connection through a relay', () => {
  it('is limited and not direct, and gives way to a direct one', async () => {
    const transports = (): SwarmInit['transports'] => [tcp(), circuitRelayTransport()]
    await using relay = await createSwarm({ listen: [LOOPBACK], services: { identify: identify(), relay: circuitRelayServer() } })
    await using far = await echoServer({ transports: transports(), services: { identify: identify() } })
    await using near = await createSwarm({ transports: transports(), services: { identify: identify() } })

    far.handle('/frugal/1.0.0', async (stream) => { await stream.pipeTo(stream) }, { limited: true })
    await far.listen(`${addressOf(relay)}/p2p-circuit`)

    const relayed = `${addressOf(relay)}/p2p-circuit/p2p/${far.peerId}`
    const connection = await near.dial(relayed)

    expect(connection.direct).toBe(false)
    expect(connection.limits).toMatchObject({ seconds: expect.any(Number) as number })
    expect(near.connectedness(far.peerId)).toBe('limited')
    await expect(connection.newStream(ECHO)).rejects.toMatchObject({ code: 'LimitedConnection' })

    await using stream = await near.newStream(far.peerId, '/frugal/1.0.0', { limited: 'allow' })

    await stream.end('through the relay')
    expect(await stream.text()).toBe('through the relay')

    const direct = await near.dial(far.interfaceListenAddresses().filter((address) => !address.toString().includes('p2p-circuit')), { forceDirect: true })

    expect(direct.direct).toBe(true)
    expect(near.connectedness(far.peerId)).toBe('connected')
    expect(await echo({ newStream: async (protocols) => near.newStream(far.peerId, protocols) }, 'direct')).toBe('direct')
  })
})
