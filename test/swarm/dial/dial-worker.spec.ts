import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { AddressError, DialError } from '../../../src/swarm/dial/dial-error.ts'
import { settle } from '../../support/fake-clock.ts'
import { DialScene, FakeConnection, NOTHING_LEFT, rejection, TARGET, tcp } from './dial-scene.ts'
import { addrs, PEER } from './fixtures.ts'
import type { ErrorCode } from '../../../src/base/index.ts'

const tcps = (count: number): string[] => Array.from({ length: count }, (_, i) => tcp(i))
const codes = (error: unknown): ErrorCode[] => error instanceof DialError ? error.errors.map(({ code }) => code) : []

/** A scene whose addresses are refused for these reasons. */
function refusing (...refusals: ErrorCode[]): DialScene {
  return new DialScene({
    addressesFor: async (_peer, { addresses = [] }) => ({
      good: addresses,
      refused: refusals.map((code, i) => new AddressError(code, multiaddr(tcp(100 + i)), { phase: 'gate' }))
    })
  })
}

describe('a dial', () => {
  it('connects, and a second one gets the same connection', async () => {
    const scene = new DialScene()
    const first = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await first).toBe(connection)
    expect(await scene.dial([tcp(1)])).toBe(connection)
    expect(scene.dials).toHaveLength(1)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('serves 100 callers with one connection', async () => {
    const scene = new DialScene()
    const callers = Array.from({ length: 100 }, async () => scene.dial([tcp(1)]))

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(new Set(await Promise.all(callers))).toEqual(new Set([connection]))
    expect(scene.dials).toHaveLength(1)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('fails with one error an address, each saying where it died, how long that took and why', async () => {
    const scene = new DialScene()
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const caller = rejection(scene.dial(tcps(5)))

    await scene.clock.advance(7)
    scene.at(tcp(0)).connected()
    scene.dials.forEach((dial) => { dial.fail(refused) })
    const error = await caller

    expect(error).toBeInstanceOf(DialError)
    expect(error).toMatchObject({ code: 'AllDialsFailed', peer: PEER, durationMs: 7, skipped: 0 })
    expect(codes(error)).toEqual(['UpgradeFailed', ...Array(4).fill('ConnectFailed')])
    expect((error as DialError).errors.map(({ address, phase, durationMs, cause }) => [address.toString(), phase, durationMs, cause])).toEqual([
      [tcp(0), 'encrypt', 7, refused],
      ...[1, 2, 3, 4].map((n) => [tcp(n), 'connect', 7, refused])
    ])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('fails 100 callers, and lets none hang', async () => {
    const scene = new DialScene()
    const callers = Array.from({ length: 100 }, async () => rejection(scene.dial([tcp(1)])))

    await settle()
    scene.at(tcp(1)).fail()

    for (const error of await Promise.all(callers)) {
      expect(error).toMatchObject({ code: 'AllDialsFailed' })
    }

    expect(scene.dials).toHaveLength(1)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('serves 100 callers with the good address among bad ones', async () => {
    const scene = new DialScene()
    const callers = Array.from({ length: 100 }, async (_, i) => scene.dial([tcp(i % 3), tcp(3)]))

    await settle()
    tcps(3).forEach((address) => { scene.at(address).fail() })
    await settle()
    const connection = scene.at(tcp(3)).succeed()

    expect(new Set(await Promise.all(callers))).toEqual(new Set([connection]))
  })

  it('answers 100 callers with 16 bad addresses, and dials each address once', async () => {
    const scene = new DialScene()
    const callers = Array.from({ length: 100 }, async () => rejection(scene.dial(tcps(16))))

    for (let dialled = 0; dialled < 16; dialled += 8) {
      await settle()
      scene.dials.slice(dialled).forEach((dial) => { dial.fail() })
    }

    expect((await Promise.all(callers)).map((error) => codes(error).length)).toEqual(Array(100).fill(16))
    expect(scene.dials).toHaveLength(16)
  })

  it('keeps 16 errors and counts the others', async () => {
    const scene = new DialScene({ settings: { maxDialsPerPeer: 20 } })
    const caller = rejection(scene.dial(tcps(20)))

    await settle()
    scene.dials.forEach((dial) => { dial.fail() })
    const error = await caller

    expect(codes(error)).toHaveLength(16)
    expect(error).toMatchObject({ skipped: 4 })
  })
})

describe('a caller who joins', () => {
  it('adds addresses, and helps out one who is stuck', async () => {
    const scene = new DialScene()
    const stuck = scene.dial([tcp(1)])

    await settle()
    const joined = scene.dial([tcp(2)])

    await settle()
    const connection = scene.at(tcp(2)).succeed()

    expect(await joined).toBe(connection)
    expect(await stuck).toBe(connection)
    expect(scene.at(tcp(1)).signal.aborted).toBe(true)
  })

  it('is told of what has failed already, and dials it no second time, whichever object says it', async () => {
    const scene = new DialScene()
    const first = scene.dial([tcp(1), tcp(2)])

    await settle()
    scene.at(tcp(1)).fail()
    await settle()
    const second = await rejection(scene.dial([tcp(1), tcp(1)]))
    const named = await rejection(scene.dial([`${tcp(1)}/p2p/${PEER.toString()}`]))

    expect(second).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'ConnectFailed' }] })
    expect(named).toMatchObject({ code: 'AllDialsFailed' })
    expect((second as DialError).errors).toEqual((named as DialError).errors)
    expect(scene.dials).toHaveLength(2)

    scene.at(tcp(2)).succeed()
    await first
  })

  it('brings the same address twice, and it is dialled once', async () => {
    const scene = new DialScene()
    const caller = rejection(scene.dial([tcp(1), tcp(1), `${tcp(1)}/p2p/${PEER.toString()}`]))

    await settle()
    scene.at(tcp(1)).fail()

    expect(codes(await caller)).toEqual(['ConnectFailed'])
    expect(scene.dials).toHaveLength(1)
  })

  it('gets the connection to one of its addresses, which another caller does not want', async () => {
    const scene = new DialScene()
    const limited = scene.dial([tcp(1)])
    const direct = scene.dial([tcp(2)], { forceDirect: true })

    await settle()
    const connection = scene.at(tcp(1)).succeed({ limited: true })

    await limited
    // named by itself, so that it need not be acceptable otherwise
    expect(await scene.dial([tcp(1)], { forceDirect: true })).toBe(connection)
    scene.at(tcp(2)).succeed()
    await direct
  })

  it('dials an address anew whose connection has closed', async () => {
    const scene = new DialScene()
    const limited = scene.dial([tcp(1)])
    const direct = scene.dial([tcp(2)], { forceDirect: true })

    await settle()
    await scene.at(tcp(1)).succeed({ limited: true }).close()
    await limited
    const again = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await again).toBe(connection)
    expect(await direct).toBe(connection)
  })
})

describe('a dial without addresses', () => {
  it.each<[ErrorCode, ErrorCode[]]>([
    ['NoAddresses', []],
    ['NoGoodAddresses', ['NoTransport', 'Gated']],
    ['NoGoodAddresses', ['Gated', 'NoTransport']],
    ['NoGoodAddresses', ['NoTransport']],
    ['Gated', ['Gated', 'Gated']],
    ['DialToSelf', ['DialToSelf', 'DialToSelf']]
  ])('fails with %s when they were refused as %j', async (code, refusals) => {
    const scene = refusing(...refusals)
    const error = await rejection(scene.dial([]))

    expect(error).toBeInstanceOf(DialError)
    expect(error).toMatchObject({ code, peer: PEER })
    expect(codes(error)).toEqual(refusals)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('tells of the refused addresses too when the others have failed', async () => {
    const scene = refusing('NoTransport')
    const caller = rejection(scene.dial([tcp(1)]))

    await settle()
    scene.at(tcp(1)).fail()
    const error = await caller

    expect(error).toMatchObject({ code: 'AllDialsFailed' })
    expect(codes(error)).toEqual(['ConnectFailed', 'NoTransport'])
  })

  it('fails with the code of what went wrong while they were looked for', async () => {
    const cause = new CodedError('Gated', 'the gater refused the peer')
    const scene = new DialScene({ addressesFor: async () => { throw cause } })

    expect(await rejection(scene.dial([]))).toMatchObject({ name: 'DialError', code: 'Gated', cause })
  })

  it('fails with ResolveFailed for anything else that was thrown meanwhile', async () => {
    const cause = new TypeError('x is not a function')
    const scene = new DialScene({ addressesFor: () => { throw cause } })

    expect(await rejection(scene.dial([]))).toMatchObject({ name: 'DialError', code: 'ResolveFailed', cause })
  })
})

describe('the last look', () => {
  it('finds the connection that the peer has opened while all its addresses failed', async () => {
    const scene = new DialScene()
    const caller = scene.dial([tcp(1)])

    await settle()
    scene.at(tcp(1)).fail()
    const inbound = new FakeConnection(multiaddr(tcp(9)))

    scene.open.push(inbound)

    expect(await caller).toBe(inbound)
  })

  it('finds the connection that the peer has opened while no address was found', async () => {
    const found = Promise.withResolvers<{ good: [], refused: [] }>()
    const scene = new DialScene({ addressesFor: async () => found.promise })
    const caller = scene.dial([])
    const inbound = new FakeConnection(multiaddr(tcp(9)))

    scene.open.push(inbound)
    found.resolve({ good: [], refused: [] })

    expect(await caller).toBe(inbound)
  })

  it('finds nothing that a direct dial could use', async () => {
    const scene = new DialScene()
    const caller = rejection(scene.sync.dial(TARGET, { addresses: addrs(tcp(1)), forceDirect: true }))

    await settle()
    scene.open.push(new FakeConnection(multiaddr(tcp(9)), { limited: true }))
    scene.at(tcp(1)).fail()

    expect(await caller).toMatchObject({ code: 'AllDialsFailed' })
  })
})
