import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { DialScene, FakeConnection, NOTHING_LEFT, rejection, TARGET, tcp } from './dial-scene.ts'

const tcps = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => tcp(from + i))

/** A dial of tcp(1) that all have left, over a transport that does not care. */
async function abandoned (scene: DialScene): Promise<void> {
  const controller = new AbortController()
  const caller = rejection(scene.dial([tcp(1)], {}, controller.signal))

  await settle()
  controller.abort()
  await caller
}

describe('DialSync, when a dial connects late', () => {
  it('closes a connection that nobody waits for any more', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    const late = scene.at(tcp(1)).succeed()

    await settle()

    expect(late.status).toBe('closed')
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('aborts the connection if it cannot be closed', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    const late = scene.at(tcp(1)).succeed()

    late.closeError = new Error('broken pipe')
    await settle()

    expect(late.aborted).toBe(late.closeError)
  })

  it('closes the loser of two addresses', async () => {
    const scene = new DialScene({ deaf: true })
    const caller = scene.dial([tcp(1), tcp(2)])

    await settle()
    const winner = scene.at(tcp(2)).succeed()

    expect(await caller).toBe(winner)
    expect(scene.at(tcp(1)).signal.aborted).toBe(true)

    const loser = scene.at(tcp(1)).succeed()

    await settle()
    expect([winner.status, loser.status]).toEqual(['open', 'closed'])
  })

  it('gives both connections an owner when two addresses connect in the same turn', async () => {
    const scene = new DialScene()
    const caller = scene.dial([tcp(1), tcp(2)])

    await settle()
    const first = scene.at(tcp(1)).succeed()
    const second = scene.at(tcp(2)).succeed()

    expect(await caller).toBe(first)
    await settle()
    expect([first.status, second.status]).toEqual(['open', 'closed'])
  })

  it('gives it to those who dial this address now, and aborts their own dial of it', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    const successor = scene.dial([tcp(1)])

    await settle()
    const [older, newer] = scene.dials
    const late = older?.succeed()

    expect(await successor).toBe(late)
    expect(late?.status).toBe('open')
    expect(newer?.signal.aborted).toBe(true)
  })

  it('gives it to those who dial other addresses of the peer, if they can use it', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    const successor = scene.dial([tcp(2)])
    const particular = scene.dial([tcp(2)], { forceDirect: true })

    await settle()
    const late = scene.at(tcp(1)).succeed({ limited: true })

    expect(await successor).toBe(late)
    expect(late.status).toBe('open')

    const direct = scene.at(tcp(2)).succeed()

    scene.open.shift()
    expect(await particular).toBe(direct)
  })

  it('gives the late connection of an address that ran out of time to those who still wait', async () => {
    const scene = new DialScene({ deaf: true, settings: { addressTimeoutMs: 100 }, delays: { [tcp(2)]: 90 } })
    const hasty = rejection(scene.dial([tcp(1)]))
    const patient = scene.dial([tcp(1), tcp(2)])

    await scene.clock.advance(100)
    expect(await hasty).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'DialTimeout' }] })

    const late = scene.at(tcp(1)).succeed()

    expect(await patient).toBe(late)
    expect(late.status).toBe('open')
  })

  it('leaves a connection open that a caller has got before its dial ended', async () => {
    const scene = new DialScene({ deaf: true })
    const controller = new AbortController()
    const first = rejection(scene.dial([tcp(1)], {}, controller.signal))

    await settle()
    // the swarm knows the connection already, and its dial has not resolved yet
    const connection = scene.at(tcp(1)).succeed()
    const second = scene.dial([tcp(1)])

    controller.abort('enough')

    expect(await first).toBe('enough')
    expect(await second).toBe(connection)
    await settle()
    expect(connection.status).toBe('open')
  })

  it('leaves a connection open that the swarm has announced before its dial ended', async () => {
    const scene = new DialScene({ deaf: true })
    const caller = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    scene.sync.reconsider(TARGET.key)

    expect(await caller).toBe(connection)
    await settle()
    expect(connection.status).toBe('open')
  })

  it('closes it if those who dial the peer have got a better one', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    const successor = scene.dial([tcp(2)])
    const inbound = new FakeConnection(multiaddr(tcp(9)))

    await settle()
    scene.open.push(inbound)
    const late = scene.at(tcp(1)).succeed()

    expect(await successor).toBe(inbound)
    await settle()
    expect([inbound.status, late.status]).toEqual(['open', 'closed'])
  })

  it('spares the addresses of a peer that has come late', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    const direct = rejection(scene.dial([tcp(2)], { forceDirect: true }))

    await settle()
    scene.at(tcp(1)).succeed({ limited: true })
    await settle()
    scene.at(tcp(2)).fail()

    expect(await direct).toMatchObject({ code: 'AllDialsFailed' })
    expect(scene.backoff.size).toBe(0)
  })
})

describe('DialSync, when a transport ignores its signal', () => {
  it('rejects at once, and keeps the permits until the transport ends', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    expect(scene.limiter.stat()).toMatchObject({ active: 1, fdInUse: 1 })

    scene.at(tcp(1)).fail()

    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('takes the permits back 30 s after the abort, and closes what connects after that', async () => {
    const scene = new DialScene({ deaf: true })

    await abandoned(scene)
    await scene.clock.advance(29_999)
    expect(scene.limiter.stat()).toMatchObject({ active: 1, fdInUse: 1 })

    await scene.clock.advance(1)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)

    const late = scene.at(tcp(1)).succeed()

    await settle()
    expect(late.status).toBe('closed')
  })

  it('waits for nothing when it closes', async () => {
    const scene = new DialScene({ deaf: true })
    const caller = rejection(scene.dial([tcp(1)]))

    await settle()
    scene.sync.close()

    expect(await caller).toMatchObject({ code: 'SwarmClosed' })
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)

    const late = scene.at(tcp(1)).succeed()

    await settle()
    expect(late.status).toBe('closed')
  })
})

describe('DialSync, after an older dial of the same peer', () => {
  it('dials all its addresses, though the older one leaves jobs of its own in the queue', async () => {
    const scene = new DialScene({ settings: { maxDialsPerPeer: 8 } })
    const controller = new AbortController()
    const older = rejection(scene.dial(tcps(1, 12), {}, controller.signal))

    await settle()
    controller.abort()
    const newer = scene.dial(tcps(1, 12))

    await older
    await settle()
    expect(scene.schedule.slice(8).map(([, address]) => address)).toEqual(tcps(1, 8))

    scene.dials.slice(8).forEach((dial) => { dial.fail() })
    await settle()
    expect(scene.schedule.slice(16).map(([, address]) => address)).toEqual(tcps(9, 12))

    const connection = scene.at(tcp(12)).succeed()

    expect(await newer).toBe(connection)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('waits for the permits of an older dial that hangs, and then runs', async () => {
    const scene = new DialScene({ deaf: true, settings: { maxDialsPerPeer: 1 } })

    await abandoned(scene)
    const newer = scene.dial([tcp(2)])

    await settle()
    expect(scene.dials).toHaveLength(1)

    scene.at(tcp(1)).fail()
    await settle()
    const connection = scene.at(tcp(2)).succeed()

    expect(await newer).toBe(connection)
  })
})
