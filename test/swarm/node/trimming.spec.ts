import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually } from '../../support/settle.ts'
import { addressOf, becomes, ECHO, echoServer, swarms, told } from '../../support/swarm-pair.ts'
import type { Connection, Swarm } from '../../../src/index.ts'

interface Crowd extends AsyncDisposable {
  hub: Swarm
  clock: FakeClock
  /** In the order in which they came, a moment apart. */
  guests: Swarm[]
  /** What the guests hold. */
  connections: Connection[]
  /** What was trimmed, by the numbers of the guests. */
  trimmed: Map<number, string>
}

/** A hub that five guests have dialled, of which it wants two once they are four or more. */
async function crowd (prepare: (hub: Swarm, guests: Swarm[]) => unknown = () => {}): Promise<Crowd> {
  const clock = new FakeClock()
  const hub = await echoServer({ clock, limits: { highWater: 3, lowWater: 2, trimGraceMs: 10_000 } })
  const guests = await swarms(5)
  const connections: Connection[] = []
  const trimmed = new Map<number, string>()

  hub.addEventListener('trimmed', ({ detail: { connection, why } }) => {
    trimmed.set(guests.findIndex(({ peerId }) => peerId.equals(connection.remotePeer)), why)
  })
  await prepare(hub, guests)

  for (const guest of guests) {
    connections.push(await guest.dial(addressOf(hub)))
    await becomes(hub, guest, 'connected')
    await clock.advance(1)
  }

  return {
    hub,
    clock,
    guests,
    connections,
    trimmed,
    [Symbol.asyncDispose]: async () => { await Promise.all([hub.close(), guests[Symbol.asyncDispose]()]) }
  }
}

describe('trimming', () => {
  it('closes the youngest of those that are of no use, tells why, and tells the peer', async () => {
    await using test = await crowd()
    const { hub, clock, connections, trimmed } = test
    const gone = [4, 3, 2].map(async (i) => connections[i]?.closed)

    await clock.advance(10_200)
    expect(await Promise.all(gone)).toEqual(Array(3).fill({ code: 'trimmed', by: 'remote' }))

    expect([...trimmed.keys()].sort()).toEqual([2, 3, 4])
    expect(trimmed.get(4)).toMatch(/^there are \d connections, more than 3 \(limits\.highWater\), and this inbound one, open for \d+ s, has no streams and a tag value of 0$/)
    await eventually(() => hub.connections().length === 2)
  })

  it('begins when the grace of a connection is over, not before', async () => {
    await using test = await crowd()
    const { clock, trimmed, connections } = test

    // the third guest is the first that is too many
    await clock.advance(9_996)
    expect(trimmed.size).toBe(0)

    const gone = connections[2]?.closed

    await clock.advance(1)
    expect(await gone).toMatchObject({ code: 'trimmed' })
    expect([...trimmed.keys()]).toEqual([2])
  })

  it('spares who is tagged, the more the higher', async () => {
    await using test = await crowd(async (hub, guests) => {
      await hub.peerStore.merge(guests[3]?.peerId as never, { tags: { friend: { value: 50 } } })
      await hub.peerStore.merge(guests[4]?.peerId as never, { tags: { friend: { value: 20 }, helper: { value: 40 } } })
      await hub.peerStore.merge(guests[0]?.peerId as never, { tags: { stranger: { value: 1 } } })
    })
    const { clock, trimmed, connections } = test
    const gone = [0, 1, 2].map(async (i) => connections[i]?.closed)

    await clock.advance(10_200)
    await Promise.all(gone)

    expect([...trimmed.keys()].sort()).toEqual([0, 1, 2])
    expect(trimmed.get(0)).toContain('a tag value of 1')
  })

  it('spares who is tagged after having connected, too', async () => {
    await using test = await crowd()
    const { hub, guests, clock, trimmed, connections } = test

    await hub.peerStore.merge(guests[4]?.peerId as never, { tags: { friend: { value: 50 } } })

    const gone = [1, 2, 3].map(async (i) => connections[i]?.closed)

    await clock.advance(10_200)
    await Promise.all(gone)

    expect([...trimmed.keys()].sort()).toEqual([1, 2, 3])
  })

  it('never closes who is protected, or tagged to be kept alive, until that ends', async () => {
    await using test = await crowd(async (hub, guests) => {
      hub.protect(guests[2]?.peerId as never, 'mine')
      hub.protect(guests[3]?.peerId.toString() ?? '', 'mine')
      hub.protect(guests[3]?.peerId.toString() ?? '', 'yours')
      await hub.peerStore.merge(guests[4]?.peerId as never, { tags: { 'keep-alive-relay': {} } })
    })
    const { hub, guests, clock, trimmed } = test

    // two may be closed, and two may stay
    await clock.advance(10_200)
    expect(trimmed.size).toBe(0)

    expect(hub.unprotect(guests[3]?.peerId as never, 'mine')).toBe(true)
    await clock.advance(1_000)
    expect(trimmed.size).toBe(0)

    const gone = test.connections[3]?.closed

    expect(hub.unprotect(guests[3]?.peerId as never, 'yours')).toBe(false)
    await clock.advance(1_000)
    expect(await gone).toEqual({ code: 'trimmed', by: 'remote' })
    expect([...trimmed.keys()]).toEqual([3])
  })

  it('spares who has streams open', async () => {
    await using test = await crowd()
    const { clock, connections, trimmed } = test

    for (const connection of connections.slice(3)) {
      const stream = await connection.newStream(ECHO)

      await stream.write('busy')
      await stream.read()
    }

    const gone = [0, 1, 2].map(async (i) => connections[i]?.closed)

    await clock.advance(10_200)
    await Promise.all(gone)

    expect([...trimmed.keys()].sort()).toEqual([0, 1, 2])
  })

  it('is told of as the end of a peer', async () => {
    await using test = await crowd()
    const { hub, guests, clock } = test
    const left = told(hub, 'connectedness', ({ peer, connectedness }) => guests[4]?.peerId.equals(peer) === true && connectedness === 'notConnected')
    const gone = told(hub, 'disconnected', ({ connection }) => guests[4]?.peerId.equals(connection.remotePeer) === true)

    await clock.advance(10_200)

    expect((await gone).reason).toEqual({ code: 'trimmed', by: 'local' })
    await left
  })
})
