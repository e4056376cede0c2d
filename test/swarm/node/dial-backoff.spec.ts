import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { addressOf, becomes, DEAD, echo, echoServer, rejection, swarmPair } from '../../support/swarm-pair.ts'
import { tcpServer } from '../../support/tcp-server.ts'
import type { DialError, Swarm } from '../../../src/index.ts'
import type { TcpServer } from '../../support/tcp-server.ts'

const { peerId: STRANGER } = await generateIdentity()
const [DEAD_ADDRESS = ''] = DEAD

async function failure (dial: Promise<unknown>): Promise<DialError> {
  return await rejection(dial) as DialError
}

/** Dials a server that says nothing, and lets the time of the address run out. */
async function dialInVain (client: Swarm, clock: FakeClock, server: TcpServer): Promise<DialError> {
  const accepted = server.accepted()
  const failed = failure(client.dial(`${server.address}/p2p/${STRANGER}`))

  await accepted
  await clock.advance(5_000)

  return failed
}

describe('the backoff of a swarm', () => {
  // TestDialWait
  it('begins when a peer that hangs has used up its 5 s', async () => {
    const clock = new FakeClock()
    await using server = await tcpServer()
    await using client = await createSwarm({ clock })
    const startedAt = clock.now()

    const error = await dialInVain(client, clock, server)

    expect(error).toMatchObject({ code: 'AllDialsFailed', durationMs: 5_000, retryAt: startedAt + 10_000 })
    expect(error.errors).toMatchObject([{ code: 'DialTimeout', durationMs: 5_000, retryAt: startedAt + 10_000 }])
    expect(client.backoff.blocked(STRANGER, server.address)).toBe(true)
    expect(client.backoff.retryAt(STRANGER, server.address)).toBe(startedAt + 10_000)
  })

  // TestDialBackoff
  it('makes later dials fail at once and without a socket, and says when to try again', async () => {
    const clock = new FakeClock()
    await using server = await tcpServer()
    await using client = await createSwarm({ clock })
    const { retryAt } = await dialInVain(client, clock, server)

    const error = await failure(client.dial(`${server.address}/p2p/${STRANGER}`))

    expect(error).toMatchObject({ code: 'DialBackoff', durationMs: 0, retryAt, errors: [{ code: 'DialBackoff', phase: 'gate', retryAt }] })
    expect(error.message).toBe([
      `failed to dial ${STRANGER}: dial backoff (1 address, 0 ms)`,
      `  * [${server.address}/p2p/${STRANGER}] gate: in backoff, retry in 5 s`,
      `  -> wait until ${new Date(retryAt ?? 0).toISOString()} or pass { force: true }`
    ].join('\n'))
    expect(server.sockets).toHaveLength(1)
  })

  it('grows from 5 s to 6 s and 9 s with every failure, and lets each address be dialled in between', async () => {
    const clock = new FakeClock()
    await using server = await tcpServer()
    await using client = await createSwarm({ clock })

    for (const restMs of [5_000, 6_000, 9_000]) {
      const { retryAt = 0 } = await dialInVain(client, clock, server)

      expect(retryAt - clock.now()).toBe(restMs)
      await clock.advance(restMs)
    }

    expect(server.sockets).toHaveLength(3)
  })

  it('is of one peer, and of one address: others are dialled as ever', async () => {
    await using server = await echoServer()
    await using client = await createSwarm()

    await failure(client.dial(`${DEAD_ADDRESS}/p2p/${STRANGER}`))

    // the same address, of another peer
    expect(await failure(client.dial(`${DEAD_ADDRESS}/p2p/${server.peerId}`))).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'ConnectFailed' }] })
    // another address of a peer in backoff
    expect(await echo(await client.dial([DEAD_ADDRESS, addressOf(server)]), 'hello')).toBe('hello')
  })

  it('gives way to force', async () => {
    await using client = await createSwarm()

    await failure(client.dial(`${DEAD_ADDRESS}/p2p/${STRANGER}`))

    expect((await failure(client.dial(`${DEAD_ADDRESS}/p2p/${STRANGER}`))).code).toBe('DialBackoff')
    expect((await failure(client.dial(`${DEAD_ADDRESS}/p2p/${STRANGER}`, { force: true }))).code).toBe('AllDialsFailed')
    expect((await failure(client.newStream(`${DEAD_ADDRESS}/p2p/${STRANGER}`, '/a'))).code).toBe('DialBackoff')
    expect((await failure(client.newStream(`${DEAD_ADDRESS}/p2p/${STRANGER}`, '/a', { force: true }))).code).toBe('AllDialsFailed')
  })
})

describe('the backoff of a peer is cleared', () => {
  // TestDialBackoffClears
  it('by a connection to another of its addresses', async () => {
    await using server = await echoServer()
    await using client = await createSwarm()

    await failure(client.dial(`${DEAD_ADDRESS}/p2p/${server.peerId}`))
    expect(client.backoff.blocked(server.peerId, DEAD_ADDRESS)).toBe(true)

    await client.dial(addressOf(server))

    expect(client.backoff.blocked(server.peerId, DEAD_ADDRESS)).toBe(false)
  })

  it('by a connection that the peer has dialled', async () => {
    await using near = await echoServer()
    await using far = await echoServer()

    await failure(near.dial(`${DEAD_ADDRESS}/p2p/${far.peerId}`))
    expect(near.backoff.blocked(far.peerId, DEAD_ADDRESS)).toBe(true)

    await far.dial(addressOf(near))
    await becomes(near, far, 'connected')

    expect(near.backoff.blocked(far.peerId, DEAD_ADDRESS)).toBe(false)
  })

  it('by whoever asks for it, in text or not', async () => {
    await using client = await createSwarm()

    for (const peer of [STRANGER, STRANGER.toString()]) {
      await failure(client.dial(`${DEAD_ADDRESS}/p2p/${STRANGER}`))
      expect(client.backoff.blocked(peer, multiaddr(DEAD_ADDRESS))).toBe(true)

      client.backoff.clear(peer)

      expect(client.backoff.blocked(peer, DEAD_ADDRESS)).toBe(false)
      expect(client.backoff.retryAt(peer, `${DEAD_ADDRESS}/p2p/${STRANGER}`)).toBeUndefined()
    }
  })
})

describe('the backoff of a peer is not fed', () => {
  it.each([
    ['limit', { limits: { maxOutboundConnections: 0 } }, 'ResourceLimit', 'limit'],
    ['limit of connections with one peer', { limits: { maxConnectionsPeer: 0 } }, 'ResourceLimit', 'limit'],
    ['gater', { connectionGater: { denyOutboundEncryptedConnection: () => true } }, 'Gated', 'gate']
  ])('by our own %s', async (_what, init, code, phase) => {
    await using server = await echoServer()
    await using client = await createSwarm(init)

    for (let i = 0; i < 2; i++) {
      const error = await failure(client.dial(addressOf(server)))

      expect(error).toMatchObject({ code: 'AllDialsFailed', retryAt: undefined, errors: [{ code, phase }] })
    }

    expect(client.backoff.blocked(server.peerId, addressOf(server))).toBe(false)
  })

  it('by a caller who does not wait for the end', async () => {
    await using server = await tcpServer()
    await using client = await createSwarm()
    const caller = new AbortController()
    const accepted = server.accepted()
    const dial = client.dial(`${server.address}/p2p/${STRANGER}`, { signal: caller.signal })

    await accepted
    caller.abort(new Error('I have no time'))

    await expect(dial).rejects.toThrow('I have no time')
    expect(client.backoff.blocked(STRANGER, server.address)).toBe(false)
  })

  it('by a connection that was made and then lost', async () => {
    await using pair = await swarmPair()
    const { near, far, connection, inbound } = pair

    inbound.abort()
    await connection.closed

    expect(near.backoff.blocked(far.peerId, addressOf(far))).toBe(false)
    expect(await near.dial(addressOf(far))).not.toBe(connection)
  })
})
