import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { AddressError, DialError } from '../../../src/swarm/dial/dial-error.ts'
import { settle } from '../../support/fake-clock.ts'
import { DialScene, NOTHING_LEFT, rejection, tcp } from './dial-scene.ts'
import { addrs, OTHER_PEER, PEER } from './fixtures.ts'

/** Lets the dial of these addresses fail. */
async function failed (scene: DialScene, addresses: string[], error?: unknown): Promise<unknown> {
  const caller = rejection(scene.dial(addresses, { force: true }))

  await settle()
  addresses.forEach((address) => { scene.at(address).fail(error) })

  return caller
}

describe('the backoff of a dial', () => {
  it('makes the next dial of the same address fail at once, and says when to try again', async () => {
    const scene = new DialScene()

    expect(await failed(scene, [tcp(1)])).toMatchObject({ code: 'AllDialsFailed', retryAt: scene.startedAt + 5000 })
    await scene.clock.advance(1000)
    const error = await rejection(scene.dial([tcp(1)]))

    expect(error).toBeInstanceOf(DialError)
    expect(error).toMatchObject({
      code: 'DialBackoff',
      retryAt: scene.startedAt + 5000,
      errors: [{ code: 'DialBackoff', phase: 'gate', reason: 'in backoff, retry in 4 s', retryAt: scene.startedAt + 5000 }]
    })
    expect(scene.dials).toHaveLength(1)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('ends when its time is over', async () => {
    const scene = new DialScene()

    await failed(scene, [tcp(1)])
    await scene.clock.advance(5000)
    const caller = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await caller).toBe(connection)
  })

  it('ends when it is cleared, as after a connection', async () => {
    const scene = new DialScene()

    await failed(scene, [tcp(1)])
    scene.backoff.clear(PEER.toString())
    const caller = scene.dial([tcp(1)])

    await settle()
    scene.at(tcp(1)).succeed()
    await caller

    expect(scene.dials).toHaveLength(2)
  })

  it('keeps the other addresses and the other peers dialled', async () => {
    const scene = new DialScene()

    await failed(scene, [tcp(1)])
    const other = scene.sync.dial({ key: 'another peer', peer: OTHER_PEER }, { addresses: addrs(tcp(1)) })
    const caller = rejection(scene.dial([tcp(1), tcp(2)]))

    await settle()
    expect(scene.schedule).toEqual([[0, tcp(1)], [0, tcp(1)], [0, tcp(2)]])

    scene.at(tcp(2)).fail()

    expect(await caller).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'ConnectFailed' }, { code: 'DialBackoff' }] })

    const connection = scene.at(tcp(1)).succeed()

    expect(await other).toBe(connection)
  })

  it('is the verdict even if other addresses were refused', async () => {
    const refused = new AddressError('NoTransport', multiaddr(tcp(9)), { phase: 'gate' })
    const scene = new DialScene({ addressesFor: async (_peer, { addresses = [] }) => ({ good: addresses, refused: [refused] }) })

    await failed(scene, [tcp(1)])

    expect(await rejection(scene.dial([tcp(1), tcp(1)]))).toMatchObject({ code: 'DialBackoff', errors: [{ code: 'DialBackoff' }, { code: 'NoTransport' }] })
  })

  it('gives way to force', async () => {
    const scene = new DialScene()

    await failed(scene, [tcp(1)])
    const caller = scene.dial([tcp(1)], { force: true })

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await caller).toBe(connection)
  })

  it('gives way to force in a dial that has met it before, and serves whoever has met it', async () => {
    const scene = new DialScene()

    await failed(scene, [tcp(1)])
    const waiting = scene.dial([tcp(1), tcp(2)])

    await settle()
    const forced = scene.dial([tcp(1)], { force: true })

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await forced).toBe(connection)
    expect(await waiting).toBe(connection)
  })

  it('grows with every failure', async () => {
    const scene = new DialScene()

    await failed(scene, [tcp(1)])

    expect(await failed(scene, [tcp(1)])).toMatchObject({ retryAt: scene.startedAt + 6000 })
    expect(await failed(scene, [tcp(1)])).toMatchObject({ retryAt: scene.startedAt + 9000 })
  })

  it('counts an address once, whether the peer is named at its end or not', async () => {
    const scene = new DialScene()

    await failed(scene, [`${tcp(1)}/p2p/${PEER.toString()}`])

    expect(await rejection(scene.dial([tcp(1)]))).toMatchObject({ code: 'DialBackoff' })
  })

  it('takes in an address that hangs until its time is over', async () => {
    const scene = new DialScene({ settings: { addressTimeoutMs: 100 } })
    const caller = rejection(scene.dial([tcp(1)]))

    await scene.clock.advance(100)

    expect(await caller).toMatchObject({ code: 'AllDialsFailed', durationMs: 100 })
    expect(await rejection(scene.dial([tcp(1)]))).toMatchObject({ code: 'DialBackoff' })
  })
})

describe('the backoff of a dial is not fed', () => {
  it('by a dial that all have left', async () => {
    const scene = new DialScene()
    const controller = new AbortController()
    const caller = rejection(scene.dial([tcp(1)], {}, controller.signal))

    await settle()
    controller.abort()
    await caller
    await settle()

    expect(scene.backoff.size).toBe(0)
    expect(scene.records).toEqual([])
  })

  it('by the losers of a race', async () => {
    const scene = new DialScene()
    const caller = scene.dial([tcp(1), tcp(2)])

    await settle()
    scene.at(tcp(2)).succeed()
    await caller
    await settle()

    expect(scene.backoff.size).toBe(0)
    expect(scene.records).toEqual([[tcp(2), true]])
  })

  it.each(['ResourceLimit', 'Gated', 'SwarmClosed', 'DialToSelf', 'NoTransport'] as const)('by %s, which is our own doing', async (code) => {
    const scene = new DialScene()
    const cause = new CodedError(code, 'no')

    expect(await failed(scene, [tcp(1)], cause)).toMatchObject({ code: 'AllDialsFailed', errors: [{ code }] })
    await failed(scene, [tcp(1)], new Error('could not dial', { cause }))

    expect(scene.backoff.size).toBe(0)
    expect(scene.records).toEqual([])
  })

  it.each(['ENETUNREACH', 'EMFILE'])('by %s, which is a fault of this machine', async (code) => {
    const scene = new DialScene()

    await failed(scene, [tcp(1)], Object.assign(new Error(`connect ${code}`), { code }))

    expect(scene.backoff.size).toBe(0)
    expect(scene.records).toEqual([])
  })

  it('by what fails after another address of the peer has connected', async () => {
    const scene = new DialScene()
    const any = scene.dial([tcp(1)])
    const direct = rejection(scene.dial([tcp(2)], { forceDirect: true }))

    await settle()
    scene.at(tcp(1)).succeed({ limited: true })
    await any
    scene.at(tcp(2)).fail()

    expect(await direct).toMatchObject({ code: 'AllDialsFailed', retryAt: undefined })
    expect(scene.backoff.size).toBe(0)
    expect(scene.records).toEqual([[tcp(1), true], [tcp(2), false]])
  })
})
