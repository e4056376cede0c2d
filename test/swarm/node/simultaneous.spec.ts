import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { addressOf, becomes, DEAD, echo, ECHO, echoServer, rejection, swarms, told, toldTimes } from '../../support/swarm-pair.ts'
import { tcpServer } from '../../support/tcp-server.ts'
import type { Connection, Swarm, SwarmInit } from '../../../src/index.ts'

/** Holds all who come until `count` are there. */
function barrier (count: number): () => Promise<false> {
  const { promise, resolve } = Promise.withResolvers<false>()
  let here = 0

  return async () => {
    if (++here === count) {
      resolve(false)
    }

    return promise
  }
}

interface Both extends AsyncDisposable {
  near: Swarm
  far: Swarm
}

/** Two swarms that have dialled each other at the very same time, so that both connections exist. */
async function dialledBoth (init: SwarmInit = {}): Promise<Both> {
  const denyOutboundUpgradedConnection = barrier(2)
  const near = await echoServer({ ...init, connectionGater: { denyOutboundUpgradedConnection } })
  const far = await echoServer({ ...init, connectionGater: { denyOutboundUpgradedConnection } })
  const both = [toldTimes(near, 'connected', 2), toldTimes(far, 'connected', 2)]

  await Promise.all([near.dial(addressOf(far)), far.dial(addressOf(near)), ...both])

  return { near, far, [Symbol.asyncDispose]: async () => { await Promise.all([near.close(), far.close()]) } }
}

/** The end that the peer with the smaller ID has dialled stays; the other one goes. */
function winnerAndLoser (swarm: Swarm, other: Swarm): { winner: Connection, loser: Connection } {
  const stays = swarm.peerId.toString() < other.peerId.toString() ? 'outbound' : 'inbound'
  const [a, b] = swarm.connections()

  if (a == null || b == null) {
    throw new Error('there should be two connections')
  }

  return a.direction === stays ? { winner: a, loser: b } : { winner: b, loser: a }
}

async function dialTimes (from: Swarm, to: Swarm, times: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: times }, async () => from.dial(addressOf(to))))
}

describe('dials at the same time', () => {
  // TestSimultDials
  it('of ten callers each way leave two connections at most, and one after the grace', async () => {
    await using pair = await swarms(2, () => ({ connection: { duplicateGraceMs: 50 } }))
    const [near, far] = pair as unknown as [Swarm, Swarm]
    const gone = told(near, 'disconnected')

    await Promise.all([dialTimes(near, far, 10), dialTimes(far, near, 10)])

    expect(near.connections().length).toBeLessThanOrEqual(2)
    expect(far.connections().length).toBeLessThanOrEqual(2)

    // the two dials may also have been so far apart that one of them found the other's connection
    if (near.connections().length === 2) {
      await gone
    }

    expect(near.connections()).toHaveLength(1)
    expect(await echo(await near.dial(far.peerId), 'still there')).toBe('still there')
    expect(await echo(await far.dial(near.peerId), 'still there')).toBe('still there')
  })

  it('of 50 callers to one peer make one connection', async () => {
    await using pair = await swarms(2)
    const [near, far] = pair as unknown as [Swarm, Swarm]

    const connections = await dialTimes(near, far, 50)

    expect(new Set(connections).size).toBe(1)
    expect(near.connections()).toHaveLength(1)
    await becomes(far, near, 'connected')
    expect(far.connections()).toHaveLength(1)
  })

  // TestSimultOpen, and complaint 2: they cancel each other, and no connection is left
  it('of both sides, 20 times over, always leave them connected', async () => {
    for (let round = 0; round < 20; round++) {
      await using pair = await swarms(2, () => ({ connection: { duplicateGraceMs: 0 } }))
      const [near, far] = pair as unknown as [Swarm, Swarm]

      const [out, back] = await Promise.all([near.dial(addressOf(far)), far.dial(addressOf(near))])

      expect([out.remotePeer.toString(), back.remotePeer.toString()]).toEqual([far.peerId.toString(), near.peerId.toString()])
      expect(await echo({ newStream: async (protocols) => near.newStream(far.peerId, protocols) }, 'one way')).toBe('one way')
      expect(await echo({ newStream: async (protocols) => far.newStream(near.peerId, protocols) }, 'other way')).toBe('other way')
    }
  })

  // complaint 2, at its worst: each side has the other's connection before it has finished its own
  it('of both sides, whose handshakes cross, never leave them without a connection', async () => {
    const met = { near: Promise.withResolvers<false>(), far: Promise.withResolvers<false>() }
    await using near = await echoServer({ connectionGater: { denyOutboundUpgradedConnection: async () => met.near.promise } })
    await using far = await echoServer({ connectionGater: { denyOutboundUpgradedConnection: async () => met.far.promise } })

    near.addEventListener('connected', () => { met.near.resolve(false) })
    far.addEventListener('connected', () => { met.far.resolve(false) })

    const both = [toldTimes(near, 'connected', 2), toldTimes(far, 'connected', 2)]
    const [out, back] = await Promise.all([near.dial(addressOf(far)), far.dial(addressOf(near))])

    expect([out.direction, back.direction]).toEqual(['inbound', 'inbound'])
    await Promise.all(both)
    expect([near.connections().length, far.connections().length]).toEqual([2, 2])
    expect([await echo(out, 'one way'), await echo(back, 'other way')]).toEqual(['one way', 'other way'])
  })

  // TestSimultOpenMany
  it('of 20 swarms, each with each, serve 10 messages a pair', async () => {
    // all handshakes take place in this one process, which is slow when it is busy
    await using mesh = await swarms(20, () => ({ dial: { localAddressTimeoutMs: 60_000 }, connection: { inboundUpgradeTimeoutMs: 60_000 } }))
    const addresses = mesh.map(addressOf)

    const counts = await Promise.all(mesh.map(async (swarm, self) => {
      const texts = await Promise.all(addresses.filter((_, index) => index !== self).map(async (address) => exchange(swarm, address, 10)))

      return texts.filter((right) => right).length
    }))

    expect(counts).toEqual(Array(20).fill(19))
  })

  // TestSimultOpenFewStress
  it('of two swarms, 10 times over, serve 40 messages each', async () => {
    for (let round = 0; round < 10; round++) {
      await using pair = await swarms(2)
      const [near, far] = pair as unknown as [Swarm, Swarm]

      expect(await Promise.all([exchange(near, addressOf(far), 40), exchange(far, addressOf(near), 40)])).toEqual([true, true])
    }
  })
})

describe('a dial in progress', () => {
  // TestDialSimultaneousJoin
  it('is joined by a caller with a good address, who helps out the one who is stuck', async () => {
    await using silent = await tcpServer()
    await using pair = await swarms(2)
    const [near, far] = pair as unknown as [Swarm, Swarm]
    const accepted = silent.accepted()
    const stuck = near.dial(`${silent.address}/p2p/${far.peerId}`)

    const socket = await accepted
    const connection = await near.dial(addressOf(far))

    expect(await stuck).toBe(connection)
    await new Promise((resolve) => { socket.once('close', resolve) })
    expect(near.stat().dials).toEqual({ active: 0, waiting: 0 })
  })

  it('goes on for the others when one caller leaves, and is given up when the last one does', async () => {
    await using silent = await tcpServer()
    await using pair = await swarms(2)
    const [near, far] = pair as unknown as [Swarm, Swarm]
    const callers = [new AbortController(), new AbortController()]
    const accepted = silent.accepted()
    const [first, second] = callers.map(async ({ signal }) => near.dial(`${silent.address}/p2p/${far.peerId}`, { signal }))
    const socket = await accepted
    let hungUp = false

    socket.once('close', () => { hungUp = true })
    callers[0]?.abort(new Error('first'))
    await expect(first).rejects.toThrow('first')
    expect(near.stat().dials).toEqual({ active: 1, waiting: 1 })
    expect(hungUp).toBe(false)

    const closed = new Promise((resolve) => { socket.once('close', resolve) })

    callers[1]?.abort(new Error('second'))
    await expect(second).rejects.toThrow('second')
    await closed
    expect(near.stat().dials).toEqual({ active: 0, waiting: 0 })
  })

  it('is answered at once by the connection that the peer dials meanwhile', async () => {
    await using silent = await tcpServer()
    await using near = await echoServer()
    await using far = await echoServer()
    const accepted = silent.accepted()
    const dial = near.dial(`${silent.address}/p2p/${far.peerId}`)

    await accepted
    await far.dial(addressOf(near))

    const connection = await dial

    expect(connection.direction).toBe('inbound')
    expect(await echo(connection, 'well met')).toBe('well met')
    expect(near.stat().dials).toEqual({ active: 0, waiting: 0 })
  })

  it('gives the caller who comes after its end a fresh start', async () => {
    await using pair = await swarms(2)
    const [near, far] = pair as unknown as [Swarm, Swarm]

    await rejection(near.dial(`${DEAD[0]}/p2p/${far.peerId}`))

    await expect(near.dial(addressOf(far))).resolves.toMatchObject({ status: 'open' })
  })
})

describe('two connections to one peer', () => {
  it('become one after the grace: the same on both sides, and both are told why', async () => {
    const clock = new FakeClock()
    await using both = await dialledBoth({ clock })
    const { near, far } = both
    const [here, there] = [winnerAndLoser(near, far), winnerAndLoser(far, near)]

    await clock.advance(2_999)
    expect([near.connections().length, far.connections().length]).toEqual([2, 2])
    await clock.advance(1)

    const reasons = await Promise.all([here.loser.closed, there.loser.closed])

    expect(reasons.map(({ code }) => code)).toEqual(['supplanted', 'supplanted'])
    expect(reasons.map(({ by }) => by).sort()).toEqual(['local', 'remote'])
    expect(near.connections()).toEqual([here.winner])
    expect(far.connections()).toEqual([there.winner])
    expect(await echo(here.winner, 'the one that is left')).toBe('the one that is left')
  })

  it('are told of as one peer: connected once, and not disconnected when the second goes', async () => {
    const clock = new FakeClock()
    await using both = await dialledBoth({ clock })
    const { near, far } = both
    const changes: string[] = []

    near.addEventListener('connectedness', ({ detail }) => { changes.push(detail.connectedness) })

    const gone = told(near, 'disconnected')

    await clock.advance(3_000)

    expect((await gone).reason.code).toBe('supplanted')
    expect(changes).toEqual([])
    expect(near.connectedness(far.peerId)).toBe('connected')
  })

  it('share no new streams: both sides open theirs on the one that will stay', async () => {
    const clock = new FakeClock()
    await using both = await dialledBoth({ clock })
    const { near, far } = both

    await using one = await near.newStream(far.peerId, ECHO)
    await using other = await far.newStream(near.peerId, ECHO)

    expect(one.connection).toBe(winnerAndLoser(near, far).winner)
    expect(other.connection).toBe(winnerAndLoser(far, near).winner)
  })

  it('stay two until the last stream of the other one has ended', async () => {
    const clock = new FakeClock()
    await using both = await dialledBoth({ clock })
    const { near, far } = both
    const { loser } = winnerAndLoser(near, far)
    const stream = await loser.newStream(ECHO)

    await clock.advance(9_000)
    expect(loser.status).toBe('open')
    await stream.end('not lost')
    expect(await stream.text()).toBe('not lost')
    await stream.closed

    const gone = Promise.all([told(near, 'disconnected'), told(far, 'disconnected')])

    await clock.advance(3_000)

    expect((await gone).map(({ reason }) => reason.code)).toEqual(['supplanted', 'supplanted'])
  })
})

/** Whether all messages come back, each on a stream of its own. */
async function exchange (from: Swarm, address: string, messages: number): Promise<boolean> {
  const connection = await from.dial(address)
  const texts = await Promise.all(Array.from({ length: messages }, async (_, i) => echo(connection, `message ${i}`)))

  return texts.every((text, i) => text === `message ${i}`)
}
