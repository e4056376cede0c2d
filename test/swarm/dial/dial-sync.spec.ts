import { getEventListeners } from 'node:events'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { DialError } from '../../../src/swarm/dial/dial-error.ts'
import { settle } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { DialScene, FakeConnection, NOTHING_LEFT, rejection, TARGET, tcp } from './dial-scene.ts'
import { addrs } from './fixtures.ts'
import type { Random } from '../../../src/base/index.ts'

describe('DialSync', () => {
  it('runs one dial for two callers, and gives both its connection', async () => {
    const scene = new DialScene()
    const first = scene.dial([tcp(1)])
    const second = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await Promise.all([first, second])).toEqual([connection, connection])
    expect(scene.dials).toHaveLength(1)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('answers with the connection that is there, without a dial', async () => {
    const scene = new DialScene()
    const first = scene.dial([tcp(1)])

    await settle()
    scene.at(tcp(1)).succeed()

    expect(await scene.dial([tcp(2)])).toBe(await first)
    expect(scene.dials).toHaveLength(1)
  })

  it('lets the first caller leave, with the reason of its signal, and dials on for the others', async () => {
    const scene = new DialScene()
    const controller = new AbortController()
    const first = rejection(scene.dial([tcp(1)], {}, controller.signal))
    const second = scene.dial([tcp(1)])

    await settle()
    controller.abort('enough')

    expect(await first).toBe('enough')
    expect(scene.at(tcp(1)).signal.aborted).toBe(false)

    const connection = scene.at(tcp(1)).succeed()

    expect(await second).toBe(connection)
  })

  it('lets a later caller leave without touching the first', async () => {
    const scene = new DialScene()
    const controller = new AbortController()
    const first = scene.dial([tcp(1)])
    const second = rejection(scene.dial([tcp(1)], {}, controller.signal))

    await settle()
    controller.abort('enough')

    expect(await second).toBe('enough')

    const connection = scene.at(tcp(1)).succeed()

    expect(await first).toBe(connection)
  })

  it('aborts the dial when the last caller leaves, and starts afresh for the next', async () => {
    const scene = new DialScene()
    const controllers = [new AbortController(), new AbortController()]
    const callers = controllers.map(async ({ signal }) => rejection(scene.dial([tcp(1)], {}, signal)))

    await settle()
    const given = scene.at(tcp(1))
    controllers.forEach((controller, i) => { controller.abort(`enough ${i}`) })

    expect(await Promise.all(callers)).toEqual(['enough 0', 'enough 1'])
    expect(given.signal.aborted).toBe(true)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)

    const next = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await next).toBe(connection)
    expect(scene.dials).toHaveLength(2)
  })

  it('remembers no failure: the next dial tries again', async () => {
    const scene = new DialScene()
    const first = rejection(scene.dial([tcp(1)]))

    await settle()
    scene.at(tcp(1)).fail()
    expect(await first).toBeInstanceOf(DialError)

    const second = scene.dial([tcp(1)], { force: true })

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await second).toBe(connection)
  })

  it('passes on that the target is ourselves, every time anew, and keeps nothing of it', async () => {
    const scene = new DialScene({
      addressesFor: async () => { throw new CodedError('DialToSelf', 'dial to self attempted') }
    })

    expect(await rejection(scene.dial([]))).toMatchObject({ name: 'DialError', code: 'DialToSelf' })
    expect(await rejection(scene.dial([]))).toMatchObject({ name: 'DialError', code: 'DialToSelf' })
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('keeps the dials of different peers apart', async () => {
    const scene = new DialScene()
    const controller = new AbortController()
    const one = rejection(scene.dial([tcp(1)], {}, controller.signal))
    const other = scene.sync.dial({ key: 'addr:1', peer: undefined }, { addresses: addrs(tcp(1)) })

    await settle()
    controller.abort('enough')
    expect(await one).toBe('enough')

    expect(scene.dials.map(({ signal }) => signal.aborted)).toEqual([true, false])

    const connection = scene.at(tcp(1)).succeed()

    expect(await other).toBe(connection)
  })

  it('leaves no listener on the signals of its callers, however their dials end', async () => {
    const scene = new DialScene()
    const controllers = [new AbortController(), new AbortController(), new AbortController()]
    const [served, failed, left] = controllers.map(({ signal }) => signal)
    const callers = [
      scene.dial([tcp(1)], { forceDirect: true }, served),
      scene.dial([tcp(2)], { timeoutMs: 10 }, failed),
      scene.dial([tcp(3)], {}, left)
    ].map(async (promise) => { await promise.catch(() => {}) })

    await settle()
    controllers[2]?.abort()
    await scene.clock.advance(10)
    scene.at(tcp(1)).succeed()
    await Promise.all(callers)

    expect(controllers.map(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([[], [], []])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('refuses one caller more than dial.maxWaiters, over all peers, and says so', async () => {
    const scene = new DialScene({ settings: { maxWaiters: 2 } })
    const controller = new AbortController()
    const first = rejection(scene.dial([tcp(1)], {}, controller.signal))
    const second = scene.sync.dial({ key: 'addr:1', peer: undefined }, { addresses: addrs(tcp(2)) })
    const third = await rejection(scene.dial([tcp(1)]))

    expect(third).toMatchObject({ code: 'ResourceLimit', message: 'too many callers wait for dials: 2 of dial.maxWaiters 2 in use' })

    controller.abort()
    await first
    const fourth = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(2)).succeed()

    expect(await second).toBe(connection)
    scene.at(tcp(1)).succeed()
    await fourth
  })

  it('refuses a time that is none', async () => {
    const scene = new DialScene()

    await expect(scene.dial([tcp(1)], { timeoutMs: NaN })).rejects.toThrow(new RangeError('timeoutMs must be a number of 0 or more, received NaN'))
    await expect(scene.dial([tcp(1)], { timeoutMs: -1 })).rejects.toThrow(RangeError)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('rejects with the reason of a signal that has aborted before', async () => {
    const scene = new DialScene()

    expect(await rejection(scene.dial([tcp(1)], {}, AbortSignal.abort('never mind')))).toBe('never mind')
    expect(scene.dials).toEqual([])
  })

  it('tells who is dialled, with which addresses, and how many wait', async () => {
    const scene = new DialScene({ settings: { maxDialsPerPeer: 1 }, delays: { [tcp(2)]: 250 } })
    const callers = [scene.dial([tcp(1), tcp(2)]), scene.dial([tcp(1)])]

    expect(scene.sync.pending()).toEqual([{ ...TARGET, addresses: [], status: 'queued' }])
    await settle()

    expect(scene.sync.stat()).toEqual({ active: 1, waiting: 2 })
    expect(scene.sync.pending()).toMatchObject([{ ...TARGET, status: 'active' }])
    expect(scene.sync.pending()[0]?.addresses.map(String)).toEqual([tcp(1), tcp(2)])

    scene.at(tcp(1)).succeed()
    await Promise.all(callers)
    expect(scene.sync.pending()).toEqual([])
  })

  it('tells nothing of addresses that have failed', async () => {
    const scene = new DialScene()
    const caller = scene.dial([tcp(1), tcp(2)])

    await settle()
    scene.at(tcp(1)).fail()
    await settle()

    expect(scene.sync.pending()[0]?.addresses.map(String)).toEqual([tcp(2)])
    scene.at(tcp(2)).succeed()
    await caller
  })

  it('answers all who wait when the peer has dialled us', async () => {
    const scene = new DialScene({ addressesFor: async () => new Promise(() => {}) })
    const callers = [scene.dial([]), scene.dial([])]
    const inbound = new FakeConnection(multiaddr(tcp(9)))

    scene.sync.reconsider(TARGET.key)
    scene.open.push(inbound)
    scene.sync.reconsider('another peer')
    scene.sync.reconsider(TARGET.key)

    expect(await Promise.all(callers)).toEqual([inbound, inbound])
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  // go-libp2p-swarm: TestStressActiveDial
  it('settles everybody, and keeps nothing, in 100 rounds of joins, leaves, failures and successes', async () => {
    const random = seededRandom(7)

    for (let round = 0; round < 100; round++) {
      const outcome = await stress(random)

      expect(outcome).toEqual({ settled: 100, ...NOTHING_LEFT })
    }
  })
})

/** A hundred callers of one peer, of whom some leave, while its addresses fail and connect. */
async function stress (random: Random): Promise<object> {
  const scene = new DialScene({ settings: { backoffMaxMs: 0, maxDialsPerPeer: 2 } })
  const pick = (n: number): number => Math.floor(random() * n)
  const callers: Array<Promise<unknown>> = []
  const controllers: AbortController[] = []

  while (callers.length < 100) {
    const controller = new AbortController()

    controllers.push(controller)
    callers.push(scene.dial([tcp(pick(4)), tcp(pick(4))], {}, controller.signal).catch(() => {}))

    if (random() < 0.3) {
      controllers[pick(controllers.length)]?.abort()
    }

    if (random() < 0.2) {
      await settle()
      const dial = scene.dials[pick(scene.dials.length)]

      random() < 0.5 ? dial?.fail() : dial?.succeed()
    }

    if (random() < 0.2) {
      scene.open.length = 0
    }
  }

  controllers.forEach((controller) => { controller.abort() })
  const settled = await Promise.all(callers)

  return { settled: settled.length, ...await scene.leftovers() }
}
