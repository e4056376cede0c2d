import { describe, expect, it } from 'vitest'
import { rankAddresses } from '../../../src/swarm/dial/dial-ranker.ts'
import { settle } from '../../support/fake-clock.ts'
import { DialScene, local, NOTHING_LEFT, quic, rejection, tcp } from './dial-scene.ts'
import { RELAY } from './fixtures.ts'

const [A, B, C, D] = [quic(1), quic(2), quic(3), quic(4)]

describe('the pace of a dial', () => {
  it('dials each batch when its delay is over, and what has the same delay together', async () => {
    const scene = new DialScene({ delays: { [B]: 250, [C]: 250, [D]: 500 } })
    const caller = scene.dial([A, B, C, D])

    await scene.clock.advance(600)

    expect(scene.schedule).toEqual([[0, A], [250, B], [250, C], [500, D]])
    scene.at(D).succeed()
    await caller
  })

  it('dials the next batch at once when nothing is in flight any more, and keeps to the delays after that', async () => {
    const scene = new DialScene({ delays: { [C]: 250, [D]: 500 } })
    const caller = scene.dial([A, B, C, D])

    await scene.clock.advance(10)
    scene.at(A).fail()
    await scene.clock.advance(10)
    expect(scene.schedule).toEqual([[0, A], [0, B]])

    scene.at(B).fail()
    await scene.clock.advance(1000)

    expect(scene.schedule).toEqual([[0, A], [0, B], [20, C], [500, D]])
    scene.at(D).succeed()
    await caller
  })

  it('dials nothing more after a success', async () => {
    const scene = new DialScene({ delays: { [B]: 250 } })
    const caller = scene.dial([A, B])

    await scene.clock.advance(249)
    scene.at(A).succeed()
    await caller
    await scene.clock.advance(1000)

    expect(scene.schedule).toEqual([[0, A]])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('dials nothing more after a success, though several callers have waited', async () => {
    const scene = new DialScene({ delays: { [B]: 250 } })
    const callers = [scene.dial([A, B]), scene.dial([A, B])]

    await settle()
    scene.at(A).succeed()
    await Promise.all(callers)
    await settle()

    expect(scene.schedule).toEqual([[0, A]])
  })

  it('goes on for a caller whom the connection does not serve', async () => {
    const scene = new DialScene({ delays: { [B]: 250 } })
    const any = scene.dial([A])
    const direct = scene.dial([B], { forceDirect: true })

    await settle()
    const relayed = scene.at(A).succeed({ limited: true })

    expect(await any).toBe(relayed)
    await settle()
    expect(scene.schedule).toEqual([[0, A], [0, B]])

    const connection = scene.at(B).succeed()

    expect(await direct).toBe(connection)
  })

  it('counts the delays of a later caller from its own start', async () => {
    const scene = new DialScene({ delays: { [C]: 100 } })
    const first = scene.dial([A])

    await scene.clock.advance(1000)
    const second = scene.dial([B, C])

    await scene.clock.advance(200)

    expect(scene.schedule).toEqual([[0, A], [1000, B], [1100, C]])
    scene.at(A).succeed()
    await Promise.all([first, second])
  })

  it('dials a queued address when it is due for the first of its callers', async () => {
    const delays: Record<string, number> = { [B]: 500 }
    const scene = new DialScene({ delays })
    const first = scene.dial([A, B])

    await scene.clock.advance(100)
    delays[B] = 50
    const second = scene.dial([B])

    await settle()
    delays[B] = 5000
    const third = scene.dial([B])

    await scene.clock.advance(100)

    expect(scene.schedule).toEqual([[0, A], [150, B]])
    scene.at(B).succeed()
    await Promise.all([first, second, third])
  })

  it('leaves out what nobody waits for any more, and need not wait for that', async () => {
    const scene = new DialScene({ delays: { [B]: 100, [C]: 200 } })
    const controller = new AbortController()
    const first = rejection(scene.dial([A, B], {}, controller.signal))
    const second = scene.dial([C])

    await scene.clock.advance(50)
    controller.abort()
    await first
    await scene.clock.advance(500)

    expect(scene.schedule).toEqual([[0, A], [50, C]])
    expect(scene.at(A).signal.aborted).toBe(true)
    scene.at(C).succeed()
    await second
  })

  it('lets QUIC win with the default ranks, and TCP is never dialled', async () => {
    const scene = new DialScene({ rank: rankAddresses })
    const caller = scene.dial([tcp(1), quic(1)])

    await scene.clock.advance(249)
    scene.at(quic(1)).succeed()
    await caller
    await scene.clock.advance(1000)

    expect(scene.schedule).toEqual([[0, quic(1)]])
  })

  it('rejects, and blames the ranker, for a delay that never comes', async () => {
    for (const delayMs of [NaN, -1, Infinity]) {
      const scene = new DialScene({ delays: { [B]: delayMs } })

      await expect(scene.dial([A, B])).rejects.toThrow(new RangeError(`the ranker must give each address a finite delayMs of 0 or more, and gave ${delayMs} to ${B}`))
      expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
    }
  })
})

describe('a hole punch', () => {
  it('dials all its addresses at once, those of others that wait for their turn too, and serves both callers', async () => {
    const scene = new DialScene({ delays: { [B]: 1000, [C]: 2000 } })
    const first = scene.dial([A, B])

    await scene.clock.advance(10)
    const punch = scene.dial([B, C], { noDelay: true })

    await settle()
    expect(scene.schedule).toEqual([[0, A], [10, B], [10, C]])

    const connection = scene.at(B).succeed()

    expect(await Promise.all([first, punch])).toEqual([connection, connection])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('is not held back by a connected socket', async () => {
    const scene = new DialScene()
    const first = scene.dial([tcp(1)])

    await scene.clock.advance(10)
    scene.at(tcp(1)).connected()
    const punch = scene.dial([tcp(2)], { noDelay: true })

    await settle()
    expect(scene.schedule).toEqual([[0, tcp(1)], [10, tcp(2)]])
    scene.at(tcp(1)).succeed()
    await Promise.all([first, punch])
  })
})

describe('a socket that has connected', () => {
  it('holds the next batch back for 250 ms', async () => {
    const scene = new DialScene({ delays: { [tcp(2)]: 250 } })
    const caller = scene.dial([tcp(1), tcp(2)])

    await scene.clock.advance(200)
    scene.at(tcp(1)).connected()
    await scene.clock.advance(249)
    expect(scene.schedule).toEqual([[0, tcp(1)]])

    await scene.clock.advance(1)
    expect(scene.schedule).toEqual([[0, tcp(1)], [450, tcp(2)]])
    scene.at(tcp(1)).succeed()
    await caller
  })

  it('holds nothing back that is due only later', async () => {
    const scene = new DialScene({ delays: { [tcp(2)]: 1000 } })
    const caller = scene.dial([tcp(1), tcp(2)])

    await scene.clock.advance(10)
    scene.at(tcp(1)).connected()
    await scene.clock.advance(2000)

    expect(scene.schedule).toEqual([[0, tcp(1)], [1000, tcp(2)]])
    scene.at(tcp(1)).succeed()
    await caller
  })

  it('holds nothing back when its handshake has failed', async () => {
    const scene = new DialScene({ delays: { [tcp(2)]: 250 } })
    const caller = scene.dial([tcp(1), quic(1), tcp(2)])

    await scene.clock.advance(200)
    scene.at(tcp(1)).connected()
    await scene.clock.advance(100)
    scene.at(tcp(1)).fail(new Error('handshake failed'))
    await settle()

    expect(scene.schedule).toEqual([[0, quic(1)], [0, tcp(1)], [300, tcp(2)]])
    scene.at(tcp(2)).succeed()
    await caller
  })

  it.each([
    ['private', local(1)],
    ['not of TCP', quic(1)],
    ['that of a relay', `${tcp(1)}/p2p/${RELAY.toString()}/p2p-circuit`]
  ])('holds nothing back when it is %s', async (_kind, address) => {
    const scene = new DialScene({ delays: { [tcp(2)]: 250 } })
    const caller = scene.dial([address, tcp(2)])

    await scene.clock.advance(200)
    scene.at(address).connected()
    await scene.clock.advance(50)

    expect(scene.schedule).toEqual([[0, address], [250, tcp(2)]])
    scene.at(address).succeed()
    await caller
  })

  it('holds nothing back once its dial has been given up', async () => {
    const scene = new DialScene({ deaf: true, delays: { [tcp(3)]: 250 } })
    const controller = new AbortController()
    const first = rejection(scene.dial([tcp(1)], {}, controller.signal))
    const second = scene.dial([quic(1), tcp(3)])

    await settle()
    const given = scene.at(tcp(1))

    controller.abort()
    await first
    // another dial of the same address is in flight now
    const third = scene.dial([tcp(1)])

    await scene.clock.advance(100)
    given.connected()
    await scene.clock.advance(150)

    expect(scene.schedule).toEqual([[0, quic(1)], [0, tcp(1)], [0, tcp(1)], [250, tcp(3)]])
    scene.at(quic(1)).succeed()
    await second
    scene.at(tcp(1)).succeed()
    await third
  })

  it('holds nothing back when its transport speaks up after the failure', async () => {
    const scene = new DialScene({ delays: { [tcp(2)]: 250 } })
    const caller = scene.dial([tcp(1), quic(1), tcp(2)])

    await settle()
    scene.at(tcp(1)).fail()
    await scene.clock.advance(200)
    scene.at(tcp(1)).connected()
    await scene.clock.advance(50)

    expect(scene.schedule).toEqual([[0, quic(1)], [0, tcp(1)], [250, tcp(2)]])
    scene.at(tcp(2)).succeed()
    await caller
  })
})
