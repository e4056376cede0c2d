import { TypedEventEmitter } from 'main-event'
import { describe, expect, it } from 'vitest'
import { Announcer } from '../../../src/swarm/announcer.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import type { CloseReason, Connection, SwarmEvents } from '../../../src/index.ts'

const CLOSED: CloseReason = { code: 'closed', by: 'local' }

/** The announcer asks nothing of a connection: it is only told apart from others. */
function connection (id: string): Connection {
  return { id } as Connection
}

describe('the announcer', () => {
  // TestEmitter_NormalOrder
  it('tells of a connection once when it comes and once when it goes', async () => {
    const clock = new FakeClock()
    const target = new TypedEventEmitter<SwarmEvents>()
    const announcer = new Announcer({ clock, target, notifyTimeoutMs: 5_000 })
    const lines: string[] = []

    announcer.notify({ connected: ({ id }) => { lines.push(`connected ${id}`) }, disconnected: ({ id }, { code }) => { lines.push(`disconnected ${id}: ${code}`) } })
    target.addEventListener('connected', ({ detail }) => { lines.push(`event connected ${detail.id}`) })
    target.addEventListener('disconnected', ({ detail }) => { lines.push(`event disconnected ${detail.connection.id}`) })

    const a = connection('a')

    await announcer.connected(a)
    await announcer.disconnected(a, CLOSED)

    expect(lines).toEqual(['connected a', 'event connected a', 'disconnected a: closed', 'event disconnected a'])
    expect(clock.pending).toBe(0)
  })

  // TestEmitter_ConcurrentAddRemoveOrdering
  it('keeps the order of each of 200 connections that come and go in any order of time', async () => {
    const clock = new FakeClock()
    const random = seededRandom(4)
    const announcer = new Announcer({ clock, target: new TypedEventEmitter<SwarmEvents>(), notifyTimeoutMs: 5_000 })
    const lines = new Map<string, string[]>()
    const note = (id: string, line: string): void => { lines.set(id, [...lines.get(id) ?? [], line]) }
    const pauseALittle = async (): Promise<void> => new Promise((resolve) => { clock.at(clock.now() + Math.floor(random() * 100), resolve) })

    announcer.notify({
      connected: async ({ id }) => {
        await pauseALittle()
        note(id, 'connected')
      },
      disconnected: async ({ id }) => {
        await pauseALittle()
        note(id, 'disconnected')
      }
    })

    const races = Array.from({ length: 200 }, async (_, index) => {
      const one = connection(`${index}`)
      const coming = announcer.connected(one)

      await pauseALittle()
      await Promise.all([coming, announcer.disconnected(one, CLOSED)])
    })

    await clock.advance(300)
    await Promise.all(races)

    expect(lines.size).toBe(200)
    expect([...lines.values()].every((told) => told.join() === 'connected,disconnected')).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('gives up a handler of connected after notifyTimeoutMs, and then tells of the end', async () => {
    const clock = new FakeClock()
    const target = new TypedEventEmitter<SwarmEvents>()
    const announcer = new Announcer({ clock, target, notifyTimeoutMs: 5_000 })
    const lines: string[] = []
    const a = connection('a')

    announcer.notify({ connected: async () => new Promise(() => {}), disconnected: () => { lines.push('disconnected') } })
    target.addEventListener('error', ({ detail }) => { lines.push(detail.error.message) })

    const told = Promise.all([announcer.connected(a), announcer.disconnected(a, CLOSED)])

    await clock.advance(4_999)
    expect(lines).toEqual([])
    await clock.advance(1)
    await told

    expect(lines).toEqual([
      'a handler of connected took more than 5000 ms (connection.notifyTimeoutMs); nobody waits for it any longer',
      'disconnected'
    ])
  })

  it('lets the handlers of two connections run at the same time', async () => {
    const announcer = new Announcer({ clock: new FakeClock(), target: new TypedEventEmitter<SwarmEvents>(), notifyTimeoutMs: 5_000 })
    const release = Promise.withResolvers<void>()
    const lines: string[] = []

    announcer.notify({
      connected: async ({ id }) => {
        await (id === 'slow' ? release.promise : undefined)
        lines.push(id)
      }
    })

    const both = Promise.all([announcer.connected(connection('slow')), announcer.connected(connection('quick'))])

    await settle()
    expect(lines).toEqual(['quick'])
    release.resolve()
    await both
    expect(lines).toEqual(['quick', 'slow'])
  })
})
