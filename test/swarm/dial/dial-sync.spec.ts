import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { DialError } from '../../../src/swarm/dial/dial-error.ts'
import { settle } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { DialScene, FakeConnection, local, NOTHING_LEFT, quic, rejection, TARGET, tcp } from './dial-scene.ts'

describe('DialSync', () => {
  it('runs one dial for two callers, and gives both its connection', async () => {
    const scene = new DialScene()
    const first = scene.dial([tcp(1)])
    const second = scene.dial([tcp(1)])

    await settle()
    const connection = scene.at(tcp(1)).succeed()

    expect(await Promise.all([first, second])).toEqual([connection, connection])
    expect(scene.dials).toHaveLength(1)
    expect(scene.leftovers()).toEqual(NOTHING_LEFT)
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
    const callers = controllers.map(async ({ signal }) => await rejection(scene.dial([tcp(1)], {}, signal)))

    await settle()
    const given = scene.at(tcp(1))
    controllers.forEach((controller, i) => { controller.abort(`enough ${i}`) })

    expect(await Promise.all(callers)).toEqual(['enough 0', 'enough 1'])
    expect(given.signal.aborted).toBe(true)
    expect(scene.leftovers()).toEqual(NOTHING_LEFT)

    const next = scene.dial([tcp(1)])

    await settle()
    expect(scene.dials).toHaveLength(2)
    expect(await next).toBe(scene.at(tcp(1)).succeed().as() && scene.open[0])
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
    expect(scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('keeps the dials of different peers apart', async () => {
    const scene = new DialScene()
    const controller = new AbortController()
    const one = rejection(scene.dial([tcp(1)], {}, controller.signal))
    const other = scene.sync.dial({ key: 'addr:other', peer: undefined }, { addresses: [new FakeConnection(scene.components.rank([])[0]?.address as never).remoteAddr].filter(Boolean) })

    await settle()
    controller.abort('enough')

    expect(await one).toBe('enough')
    expect(await rejection(other)).toMatchObject({ code: 'NoAddresses' })
  })
})
