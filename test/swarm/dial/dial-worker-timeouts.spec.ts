import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { pause } from '../../../src/base/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { DialScene, FakeConnection, local, NOTHING_LEFT, quic, rejection, TARGET, tcp } from './dial-scene.ts'
import { addrs, RELAY } from './fixtures.ts'
import type { DialAddresses } from '../../../src/swarm/dial/dial-components.ts'

const OTHER = { key: 'addr:other', peer: undefined }

describe('the time of one address', () => {
  it.each([
    ['15 s', tcp(1), 15_000],
    ['5 s where it is private', local(1), 5_000],
    ['15 s where it is private, but only the way to a relay', `${local(1)}/p2p/${RELAY.toString()}/p2p-circuit`, 15_000]
  ])('is %s', async (_time, address, timeoutMs) => {
    const scene = new DialScene()
    const caller = rejection(scene.dial([address]))

    await scene.clock.advance(timeoutMs - 1)
    expect(scene.at(address).signal.aborted).toBe(false)

    await scene.clock.advance(1)

    expect(await caller).toMatchObject({
      code: 'AllDialsFailed',
      errors: [{ code: 'DialTimeout', phase: 'connect', durationMs: timeoutMs, reason: `nobody answered within ${timeoutMs} ms` }]
    })
    expect(scene.at(address).signal.aborted).toBe(true)
    expect(scene.records).toEqual([[address, false]])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('goes on after the socket has connected, and then says that it was the handshake', async () => {
    const scene = new DialScene({ settings: { addressTimeoutMs: 100 } })
    const caller = rejection(scene.dial([tcp(1)]))

    await scene.clock.advance(60)
    scene.at(tcp(1)).connected()
    await scene.clock.advance(40)

    expect(await caller).toMatchObject({ errors: [{ code: 'DialTimeout', phase: 'encrypt', reason: 'the handshake did not end within 100 ms' }] })
  })

  it('begins when its dial starts, not while it waits for a permit', async () => {
    const scene = new DialScene({ settings: { maxDialsPerPeer: 1, addressTimeoutMs: 100 } })
    const caller = rejection(scene.dial([tcp(1), tcp(2)]))

    await scene.clock.advance(199)
    expect(scene.schedule).toEqual([[0, tcp(1)], [100, tcp(2)]])
    expect(scene.at(tcp(2)).signal.aborted).toBe(false)

    await scene.clock.advance(1)

    expect(await caller).toMatchObject({ durationMs: 200, errors: [{ durationMs: 100 }, { durationMs: 100 }] })
  })

  it('can be without end', async () => {
    const scene = new DialScene({ settings: { addressTimeoutMs: Infinity, peerTimeoutMs: Infinity } })
    const caller = scene.dial([tcp(1)])

    await settle()
    expect(scene.clock.pending).toBe(0)

    scene.at(tcp(1)).succeed()
    await caller
  })
})

describe('the time of a dial', () => {
  it('is 60 s, from the first address tried, and tells what became of each address', async () => {
    const scene = new DialScene({ settings: { addressTimeoutMs: 100_000, maxDialsPerPeer: 2 }, delays: { [quic(4)]: 59_999, [quic(5)]: 60_001 } })
    const addresses = [quic(1), quic(2), quic(3), quic(4), quic(5)]
    const caller = rejection(scene.dial(addresses))

    await scene.clock.advance(10)
    scene.at(quic(1)).fail()
    await scene.clock.advance(59_989)
    expect(scene.sync.stat().waiting).toBe(1)

    await scene.clock.advance(1)

    expect(await caller).toMatchObject({
      code: 'DialTimeout',
      durationMs: 60_000,
      errors: [
        { code: 'ConnectFailed', phase: 'connect', durationMs: 10 },
        { code: 'DialTimeout', phase: 'connect', durationMs: 60_000, reason: 'no answer before the time of the whole dial was up' },
        { code: 'DialTimeout', phase: 'connect', durationMs: 59_990 },
        { code: 'DialTimeout', phase: 'limit', durationMs: 1, reason: 'not tried before the time of the whole dial was up' },
        { code: 'DialTimeout', phase: 'limit', durationMs: 0 }
      ]
    })
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('puts no address in backoff that it cuts short', async () => {
    const scene = new DialScene()
    const caller = rejection(scene.dial([tcp(1)], { timeoutMs: 10 }))

    await scene.clock.advance(10)

    expect(await caller).toMatchObject({ code: 'DialTimeout' })
    expect(scene.backoff.size).toBe(0)
    expect(scene.records).toEqual([])
  })

  it('is of each caller, and not shared', async () => {
    const scene = new DialScene()
    const hasty = rejection(scene.dial([tcp(1)], { timeoutMs: 10 }))
    const patient = scene.dial([tcp(1)])

    await scene.clock.advance(10)
    expect(await hasty).toMatchObject({ code: 'DialTimeout', durationMs: 10 })
    expect(scene.at(tcp(1)).signal.aborted).toBe(false)

    await scene.clock.advance(10_000)
    const connection = scene.at(tcp(1)).succeed()

    expect(await patient).toBe(connection)
    expect(scene.dials).toHaveLength(1)
  })

  it('begins for a caller who joins when it joins', async () => {
    const scene = new DialScene()
    const first = scene.dial([tcp(1)])

    await scene.clock.advance(1000)
    const second = rejection(scene.dial([tcp(1)], { timeoutMs: 100 }))

    await scene.clock.advance(99)
    expect(scene.sync.stat().waiting).toBe(2)
    await scene.clock.advance(1)

    expect(await second).toMatchObject({ code: 'DialTimeout', durationMs: 100 })
    scene.at(tcp(1)).succeed()
    await first
  })

  it('does not begin while all its addresses wait for a permit', async () => {
    const scene = new DialScene({ settings: { maxFdDials: 1 } })
    const other = rejection(scene.sync.dial(OTHER, { addresses: addrs(tcp(9)) }))
    const caller = rejection(scene.dial([tcp(1)], { timeoutMs: 100 }))

    await scene.clock.advance(150)
    scene.at(tcp(9)).fail()
    await other
    await scene.clock.advance(99)
    expect(scene.schedule).toEqual([[0, tcp(9)], [150, tcp(1)]])
    expect(scene.sync.stat().waiting).toBe(1)

    await scene.clock.advance(1)

    expect(await caller).toMatchObject({ code: 'DialTimeout', durationMs: 250, errors: [{ phase: 'connect', durationMs: 100 }] })
  })

  it('is over after twice as long when nothing could be tried', async () => {
    const scene = new DialScene({ settings: { maxFdDials: 1 } })
    const other = scene.sync.dial(OTHER, { addresses: addrs(tcp(9)) })
    const caller = rejection(scene.dial([tcp(1)], { timeoutMs: 100 }))

    await scene.clock.advance(199)
    expect(scene.sync.stat().waiting).toBe(2)
    await scene.clock.advance(1)

    expect(await caller).toMatchObject({ code: 'DialTimeout', durationMs: 200, errors: [{ code: 'DialTimeout', phase: 'limit', durationMs: 200 }] })
    scene.at(tcp(9)).succeed()
    await other
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('ends with the connection that the peer has opened meanwhile', async () => {
    const scene = new DialScene()
    const caller = scene.dial([tcp(1)], { timeoutMs: 100 })
    const inbound = new FakeConnection(multiaddr(tcp(9)))

    await settle()
    scene.open.push(inbound)
    await scene.clock.advance(100)

    expect(await caller).toBe(inbound)
  })
})

describe('the time of looking for addresses', () => {
  it('is 10 s, and one more for what has been found by then', async () => {
    const scene = new DialScene({
      addressesFor: async () => {
        await pause(scene.clock, 10_500)

        return { good: addrs(tcp(1)), refused: [] }
      }
    })
    const caller = scene.dial([])

    await scene.clock.advance(10_500)
    const connection = scene.at(tcp(1)).succeed()

    expect(await caller).toBe(connection)
  })

  it('ends the dial when nothing has come by then', async () => {
    const signals: AbortSignal[] = []
    const scene = new DialScene({
      addressesFor: async (_peer, _request, signal) => {
        signals.push(signal)

        return new Promise(() => {})
      }
    })
    const caller = rejection(scene.dial([]))

    await scene.clock.advance(10_999)
    expect(scene.sync.stat().waiting).toBe(1)
    await scene.clock.advance(1)

    expect(await caller).toMatchObject({
      name: 'DialError',
      code: 'ResolveFailed',
      durationMs: 11_000,
      cause: { message: `the addresses of ${TARGET.key} were not known within 11000 ms` }
    })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('ends with the caller', async () => {
    const controller = new AbortController()
    const signals: AbortSignal[] = []
    const scene = new DialScene({
      addressesFor: async (_peer, _request, signal) => {
        signals.push(signal)
        await pause(scene.clock, 1000, signal)

        return { good: addrs(tcp(1)), refused: [] }
      }
    })
    const caller = rejection(scene.dial([], {}, controller.signal))

    controller.abort('enough')

    expect(await caller).toBe('enough')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('dials nothing when addresses come after the caller has left', async () => {
    const found = Promise.withResolvers<DialAddresses>()
    const controller = new AbortController()
    const scene = new DialScene({ addressesFor: async () => found.promise })
    const caller = rejection(scene.dial([], {}, controller.signal))

    found.resolve({ good: addrs(tcp(1)), refused: [] })
    controller.abort('enough')

    expect(await caller).toBe('enough')
    await settle()
    expect(scene.dials).toEqual([])
  })
})
