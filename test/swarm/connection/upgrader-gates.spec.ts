import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure } from '../../support/stream-pair.ts'
import { connect, never, peer, sockets, tryConnect } from '../../support/upgrade-pair.ts'
import type { ConnectionGater, MultiaddrConnection } from '@libp2p/interface'

const NOBODY = { inbound: 0, outbound: 0, peers: 0, ips: 0, pending: 0, queued: 0 }
const OUTBOUND = ['denyOutboundConnection', 'denyOutboundEncryptedConnection', 'denyOutboundUpgradedConnection'] as const
const INBOUND = ['denyInboundConnection', 'denyInboundEncryptedConnection', 'denyInboundUpgradedConnection'] as const

type Question = keyof ConnectionGater

/** A gater that writes down what it is asked, and denies one question. */
function gater (asked: string[], denied?: Question): ConnectionGater {
  return Object.fromEntries([...OUTBOUND, ...INBOUND].map((question) => [question, async (...args: unknown[]) => {
    asked.push(`${question} ${args.map((arg) => typeof arg === 'object' && arg != null && 'remoteAddr' in arg ? 'socket' : String(arg)).join(' ')}`)

    return question === denied
  }]))
}

describe('the gater', () => {
  it('is asked before encryption, after it, and before the connection is used, on both sides', async () => {
    const [mine, theirs]: [string[], string[]] = [[], []]
    using near = await peer({ gater: gater(mine) })
    using far = await peer({ gater: gater(theirs) })

    await connect(near, far)

    expect(mine).toEqual(OUTBOUND.map((question) => `${question} ${far.identity.peerId} socket`))
    expect(theirs).toEqual(['denyInboundConnection socket', ...INBOUND.slice(1).map((question) => `${question} ${near.identity.peerId} socket`)])
  })

  it.each(OUTBOUND)('refuses an outbound connection by %s', async (denied) => {
    const asked: string[] = []
    using near = await peer({ gater: gater(asked, denied) })
    using far = await peer()
    const pair = sockets(far)

    const [outbound] = await tryConnect(near, far, pair)

    expect(outbound).toMatchObject({ status: 'rejected', reason: { code: 'Gated', phase: 'gate', message: expect.stringContaining('gater disallows connection to peer') } })
    expect(asked.at(-1)).toContain(denied)
    expect(pair[0].status).toBe('aborted')
    await eventually(() => far.connections.every(({ status }) => status === 'closed'))
    expect([near.connectionLimits.stat(), far.connectionLimits.stat()]).toEqual([NOBODY, NOBODY])
  })

  it.each(INBOUND)('refuses an inbound connection by %s', async (denied) => {
    const asked: string[] = []
    using near = await peer()
    using far = await peer({ gater: gater(asked, denied) })
    const pair = sockets(far)

    const [, inbound] = await tryConnect(near, far, pair)

    expect(inbound).toMatchObject({ status: 'rejected', reason: { code: 'Gated', phase: 'gate', message: expect.stringContaining(denied) } })
    expect(asked.at(-1)).toContain(denied)
    expect(far.connections).toEqual([])
    await eventually(() => near.connections.every(({ status }) => status === 'closed'))
    expect([near.connectionLimits.stat(), far.connectionLimits.stat()]).toEqual([NOBODY, NOBODY])
  })

  it('is not asked about an outbound connection to nobody knows whom, before it is known', async () => {
    const asked: string[] = []
    using near = await peer({ gater: gater(asked) })
    using far = await peer()

    await connect(near, far, sockets())

    expect(asked).toEqual(OUTBOUND.slice(1).map((question) => `${question} ${far.identity.peerId} socket`))
  })

  it.each([
    ['throws', () => { throw new Error('the list is gone') }],
    ['rejects', async () => { throw new Error('the list is gone') }]
  ])('that %s refuses', async (_what, denyInboundConnection) => {
    using near = await peer()
    using far = await peer({ gater: { denyInboundConnection } })

    const [, inbound] = await tryConnect(near, far)

    expect(inbound).toMatchObject({ reason: { code: 'UpgradeFailed', phase: 'gate', message: 'failed while asking the connection gater: the list is gone' } })
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
  })
})

describe('a place for an inbound upgrade', () => {
  it('is waited for with the socket held back, first come, first served', async () => {
    const clock = new FakeClock()
    using near = await peer()
    using far = await peer({ clock, limits: { maxPendingInbound: 1 } })
    const [silent, socket] = sockets()
    const first = failure(far.upgrader.upgradeInbound(socket, { signal: never }))
    const pair = sockets(far)
    const paused: string[] = []
    const { pause, resume } = pair[1]

    pair[1].pause = () => { paused.push('pause'); pause.call(pair[1]) }
    pair[1].resume = () => { paused.push('resume'); resume.call(pair[1]) }
    const second = connect(near, far, pair)

    await turns(50)
    expect(far.connectionLimits.stat()).toMatchObject({ pending: 1, queued: 1, inbound: 2 })
    expect(paused).toEqual(['pause'])

    // its time does not count before it has the place
    await clock.advance(9_999)
    await silent.close()
    await first

    expect((await second)[1].status).toBe('open')
    expect(paused.slice(0, 2)).toEqual(['pause', 'resume'])
    expect(far.connectionLimits.stat()).toMatchObject({ pending: 0, queued: 0, inbound: 1 })
  })

  it.each<[string, (controller: AbortController, socket: MultiaddrConnection) => void]>([
    ['the listener closes', (controller) => { controller.abort(new Error('closed')) }],
    ['the socket breaks', (_controller, socket) => { socket.abort(new Error('read ECONNRESET')) }]
  ])('is no longer waited for when %s', async (_what, end) => {
    using far = await peer({ clock: new FakeClock(), limits: { maxPendingInbound: 1 } })
    const [silent, socket] = sockets()
    const first = failure(far.upgrader.upgradeInbound(socket, { signal: never }))
    const controller = new AbortController()
    const [, waiting] = sockets()
    const second = failure(far.upgrader.upgradeInbound(waiting, { signal: controller.signal }))

    await turns(5)
    end(controller, waiting)
    await second

    expect(far.connectionLimits.stat()).toMatchObject({ pending: 1, queued: 0, inbound: 1 })
    await silent.close()
    await first
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
  })

  it('is given back when the socket cannot go on', async () => {
    using far = await peer()
    const [, socket] = sockets()

    socket.resume = () => { throw new Error('Cannot resume a stream that is closing/closed') }

    expect(await failure(far.upgrader.upgradeInbound(socket, { signal: never }))).toMatchObject({ code: 'UpgradeFailed', phase: 'limit' })
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
  })

  it('is free again while handlers of the connection take their time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    using near = await peer()
    using far = await peer({ limits: { maxPendingInbound: 1 }, admit: async () => promise })
    const connecting = connect(near, far)

    await eventually(() => far.connections.length === 1)
    expect(far.connectionLimits.stat()).toMatchObject({ pending: 0, inbound: 1, peers: 1 })

    resolve()
    await connecting
  })
})

describe('a limit', () => {
  it.each([
    ['maxConnections', { maxConnections: 0 }, 'limit'],
    ['maxOutboundConnections', { maxOutboundConnections: 0 }, 'limit'],
    ['maxConnectionsPeer', { maxConnectionsPeer: 0 }, 'limit']
  ])('%s refuses an outbound connection, and says so', async (option, limits, phase) => {
    using near = await peer({ limits })
    using far = await peer()

    const [outbound] = await tryConnect(near, far)

    expect(outbound).toMatchObject({ reason: { code: 'ResourceLimit', phase, message: expect.stringContaining(`limits.${option}`), cause: { used: 0, max: 0 } } })
    expect(near.connectionLimits.stat()).toEqual(NOBODY)
  })

  it.each([
    ['maxConnections', { maxConnections: 0 }],
    ['maxInboundConnections', { maxInboundConnections: 0 }],
    ['maxConnectionsPerIp', { maxConnectionsPerIp: 0 }],
    ['maxPendingInbound', { maxPendingInbound: 0 }],
    ['maxPendingInboundPerIp', { maxPendingInboundPerIp: 0 }],
    ['maxConnectionsPeer', { maxConnectionsPeer: 0 }]
  ])('%s refuses an inbound connection, and says so', async (option, limits) => {
    using near = await peer()
    using far = await peer({ limits })
    const pair = sockets(far)

    const [, inbound] = await tryConnect(near, far, pair)

    expect(inbound).toMatchObject({ reason: { code: 'ResourceLimit', phase: 'limit', message: expect.stringContaining(`limits.${option}`) } })
    expect(pair[1].status).toBe('aborted')
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
  })

  it('is held by a connection until that has ended', async () => {
    using near = await peer({ limits: { maxOutboundConnections: 1 } })
    using far = await peer()
    const [outbound, inbound] = await connect(near, far)

    expect(near.connectionLimits.stat()).toMatchObject({ outbound: 1, peers: 1 })
    expect(far.connectionLimits.stat()).toMatchObject({ inbound: 1, peers: 1, ips: 1 })

    await outbound.close()
    await inbound.closed

    expect([near.connectionLimits.stat(), far.connectionLimits.stat()]).toEqual([NOBODY, NOBODY])
    await expect(connect(near, far)).resolves.toBeDefined()
  })
})
