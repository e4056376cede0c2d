import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { DialScene, FakeConnection, NOTHING_LEFT, rejection, TARGET, tcp } from './dial-scene.ts'
import type { Connection } from '../../../src/swarm/contract/connection.ts'

interface Crossing {
  scene: DialScene
  caller: Promise<Connection>
  inbound: FakeConnection
}

/** A dial of two addresses, one of which has a socket when the peer's own dial arrives. */
async function crossing (): Promise<Crossing> {
  const scene = new DialScene()
  const caller = scene.dial([tcp(1), tcp(2)])

  await settle()
  scene.at(tcp(1)).connected()

  const inbound = new FakeConnection(multiaddr(tcp(9)))

  scene.open.push(inbound)
  scene.sync.reconsider(TARGET.key)

  return { scene, caller, inbound }
}

describe('DialSync, when the peer has dialled us', () => {
  it('gives its connection at once, and gives up what has no socket yet', async () => {
    const { scene, caller, inbound } = await crossing()

    expect(await caller).toBe(inbound)
    expect(scene.at(tcp(2)).signal.aborted).toBe(true)
    expect(scene.at(tcp(1)).signal.aborted).toBe(false)
    expect(scene.sync.stat()).toEqual({ active: 0, waiting: 0 })
  })

  it('lets a handshake end that has begun, and keeps its connection: the peer may have given up its own', async () => {
    const { scene, caller, inbound } = await crossing()

    await caller

    const own = scene.at(tcp(1)).succeed()

    await settle()

    expect([inbound.status, own.status]).toEqual(['open', 'open'])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('puts nothing in backoff when such a handshake fails', async () => {
    const { scene, caller } = await crossing()

    await caller
    scene.at(tcp(1)).fail()
    await settle()

    expect(scene.backoff.size).toBe(0)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('ends such a handshake with its time', async () => {
    const { scene, caller } = await crossing()

    await caller
    await scene.clock.advance(15_000)

    expect(scene.at(tcp(1)).signal.aborted).toBe(true)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('ends such a handshake when the swarm closes', async () => {
    const { scene, caller } = await crossing()

    await caller
    scene.sync.close()

    expect(scene.at(tcp(1)).signal.reason).toMatchObject({ code: 'SwarmClosed' })
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('goes on for a caller who wants another connection', async () => {
    const scene = new DialScene()
    const limited = new FakeConnection(multiaddr(tcp(9)), { limited: true })
    const direct = scene.dial([tcp(1)], { forceDirect: true })
    const controller = new AbortController()
    const gone = rejection(scene.dial([tcp(2)], { forceDirect: true }, controller.signal))

    await settle()
    scene.at(tcp(1)).connected()
    scene.open.push(limited)
    scene.sync.reconsider(TARGET.key)
    controller.abort(new Error('gone'))
    expect(await gone).toEqual(new Error('gone'))
    expect(scene.at(tcp(1)).signal.aborted).toBe(false)

    const own = scene.at(tcp(1)).succeed()

    expect(await direct).toBe(own)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })
})
