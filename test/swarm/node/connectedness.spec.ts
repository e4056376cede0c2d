import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { addressOf, becomes, echo, echoServer, listener, swarmPair, swarms, told } from '../../support/swarm-pair.ts'
import type { Connectedness, Swarm } from '../../../src/index.ts'

/** The changes that a swarm tells of, by peer. */
function changesOf (swarm: Swarm): Map<string, Connectedness[]> {
  const changes = new Map<string, Connectedness[]>()

  swarm.addEventListener('connectedness', ({ detail: { peer, connectedness } }) => {
    changes.set(peer.toString(), [...changes.get(peer.toString()) ?? [], connectedness])
  })

  return changes
}

/** Resolves when so many peers have become this. */
async function allBecome (swarm: Swarm, wanted: Connectedness, count: number): Promise<void> {
  const peers = new Set<string>()

  await told(swarm, 'connectedness', ({ peer, connectedness }) => connectedness === wanted && peers.add(peer.toString()).size === count)
}

describe('connectedness', () => {
  // TestConnectednessCorrect
  it('is the same on both sides, and of each pair apart', async () => {
    await using four = await swarms(4)
    const [a, b, c, d] = four as unknown as [Swarm, Swarm, Swarm, Swarm]

    for (const [from, to] of [[a, b], [a, c], [b, d]] as const) {
      await from.dial(addressOf(to))
      await becomes(to, from, 'connected')
    }

    const between = (from: Swarm, to: Swarm): Connectedness[] => [from.connectedness(to.peerId), to.connectedness(from.peerId.toString())]

    expect([between(a, b), between(a, c), between(b, d)]).toEqual(Array(3).fill(['connected', 'connected']))
    expect([between(a, d), between(b, c), between(c, d)]).toEqual(Array(3).fill(['notConnected', 'notConnected']))

    const gone = allBecome(b, 'notConnected', 1)

    await a.closePeer(b.peerId)
    await gone

    expect(between(a, b)).toEqual(['notConnected', 'notConnected'])
    expect(between(a, c)).toEqual(['connected', 'connected'])
  })

  it('ends for all connections of a peer at once with closePeer, and for no other', async () => {
    await using three = await swarms(3, () => ({ connection: { duplicateGraceMs: 60_000 } }))
    const [hub, one, other] = three as unknown as [Swarm, Swarm, Swarm]
    const connections = [await hub.dial(one.listenAddresses()), await hub.dial(one.listenAddresses())]
    const stays = await hub.dial(addressOf(other))

    expect(new Set(connections).size).toBe(2)
    await hub.closePeer(one.peerId.toString())

    expect(await Promise.all(connections.map(async ({ closed }) => closed))).toEqual(Array(2).fill({ code: 'closed', by: 'local' }))
    expect(hub.connections()).toEqual([stays])
    await expect(hub.closePeer(one.peerId)).resolves.toBeUndefined()
  })

  it('is nothing that a swarm has with a peer that it never met', async () => {
    await using swarm = await createSwarm()

    expect(swarm.connectedness('12D3KooWJ8P8wjyVoDShMrfYNjEBs1vkZmFjRHnvNNrFAoXfBTTu')).toBe('notConnected')
    expect(() => swarm.connectedness('nobody')).toThrow(expect.objectContaining({ code: 'InvalidPeerId' }))
  })
})

describe('events of connectedness', () => {
  // TestConnectednessEventsSingleConn
  it('come once up and once down for one connection, on both sides', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    const [here, there] = [changesOf(near), changesOf(far)]
    const gone = Promise.all([allBecome(near, 'notConnected', 1), allBecome(far, 'notConnected', 1)])
    const connection = await near.dial(addressOf(far))

    await becomes(far, near, 'connected')
    await connection.close()
    await gone

    expect(here).toEqual(new Map([[far.peerId.toString(), ['connected', 'notConnected']]]))
    expect(there).toEqual(new Map([[near.peerId.toString(), ['connected', 'notConnected']]]))
  })

  // TestConnectednessEvents
  it('come for 100 peers that connect, half of which leave, and the rest when the swarm closes', async () => {
    const hub = await createSwarm()
    await using peers = await swarms(100)
    const changes = changesOf(hub)
    const half = peers.slice(0, 50)

    await Promise.all(peers.map(async (peer) => hub.dial(addressOf(peer))))
    expect([...changes.values()]).toEqual(Array(100).fill(['connected']))

    const gone = allBecome(hub, 'notConnected', 50)

    await Promise.all(half.map(async ({ peerId }) => hub.closePeer(peerId)))
    await gone
    expect(half.map(({ peerId }) => changes.get(peerId.toString()))).toEqual(Array(50).fill(['connected', 'notConnected']))

    const rest = allBecome(hub, 'notConnected', 50)

    await hub.close()
    await rest
    expect([...changes.values()]).toEqual(Array(100).fill(['connected', 'notConnected']))
  })

  // TestNoDeadlockWhenConsumingConnectednessEvents
  it('may be consumed slowly by one who asks the swarm, and hold up nobody', async () => {
    await using hub = await createSwarm()
    await using peers = await swarms(20)
    const release = Promise.withResolvers<void>()
    const seen: Connectedness[] = []
    const consumed = Promise.withResolvers<void>()

    hub.addEventListener('connectedness', listener(async ({ detail: { peer } }) => {
      await release.promise
      seen.push(hub.connectedness(peer))

      if (seen.length === 20) {
        consumed.resolve()
      }
    }))

    const connections = await Promise.all(peers.map(async (peer) => hub.dial(addressOf(peer))))

    expect(await Promise.all(connections.map(async (connection) => echo(connection, 'not held up')))).toEqual(Array(20).fill('not held up'))
    expect(seen).toEqual([])
    release.resolve()
    await consumed.promise
    expect(seen).toEqual(Array(20).fill('connected'))
  })

  // TestConnectednessEventDeadlock
  it('may be answered with closePeer, while others connect', async () => {
    await using hub = await createSwarm()
    await using peers = await swarms(20)
    const gone = allBecome(hub, 'notConnected', 20)

    hub.addEventListener('connectedness', listener(async ({ detail: { peer, connectedness } }) => {
      if (connectedness === 'connected') {
        await hub.closePeer(peer)
      }
    }))

    await Promise.allSettled(peers.map(async (peer) => hub.dial(addressOf(peer))))
    await gone

    expect(hub.connections()).toEqual([])
  })

  // TestConnectednessEventDeadlockWithDial
  it('may be answered with dials, even while the swarm closes', async () => {
    const hub = await createSwarm()
    await using peers = await swarms(20)
    const codes: Array<Promise<string>> = []
    const codeOf = async (target: string): Promise<string> => hub.dial(target).then(() => 'connected', ({ code }) => code as string)

    hub.addEventListener('connectedness', ({ detail: { peer } }) => {
      codes.push(...peers.map(addressOf).map(codeOf), codeOf(peer.toString()))
    })

    await hub.dial(addressOf(peers[0] as Swarm))
    await hub.close()

    expect(codes.length).toBeGreaterThan(20)
    expect((await Promise.all(codes)).filter((code) => code !== 'connected' && code !== 'SwarmClosed')).toEqual([])
    expect(hub.connections()).toEqual([])
    expect(hub.stat()).toMatchObject({ connections: { inbound: 0, outbound: 0 }, dials: { active: 0, waiting: 0 } })
  })

  it('stay one pair when a peer goes and comes back', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair
    const changes = changesOf(near)
    const gone = allBecome(near, 'notConnected', 1)

    await connection.close()
    await gone
    await near.dial(addressOf(far))

    expect([...changes.values()]).toEqual([['notConnected', 'connected']])
  })
})
