import { TypedEventEmitter } from 'main-event'
import { describe, expect, it } from 'vitest'
import { generateIdentity } from '../../src/identity/index.ts'
import { Announcer } from '../../src/swarm/announcer.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import type { CloseReason, Connection, Notifiee, Stream, SwarmErrorDetail, SwarmEvents } from '../../src/swarm/contract/index.ts'

const CLOSED: CloseReason = { code: 'closed', by: 'local' }

// the announcer asks nothing of a connection and of a stream
const connection = { id: 'a' } as Connection
const stream = { id: 'a-1' } as Stream

interface Scene {
  announcer: Announcer
  clock: FakeClock
  /** What was told, in order. */
  told: string[]
  errors: SwarmErrorDetail[]
  /** Has a notifiee write down what it is told, and do something then. */
  listen (name: string, then?: Notifiee): Notifiee
}

function scene (): Scene {
  const clock = new FakeClock()
  const target = new TypedEventEmitter<SwarmEvents>()
  const announcer = new Announcer({ clock, target, notifyTimeoutMs: 5_000 })
  const told: string[] = []
  const errors: SwarmErrorDetail[] = []

  for (const type of ['connected', 'disconnected', 'openedStream', 'closedStream', 'connectedness', 'trimmed'] as const) {
    target.addEventListener(type, () => { told.push(`event ${type}`) })
  }

  target.addEventListener('error', ({ detail }) => { errors.push(detail) })

  return {
    announcer,
    clock,
    told,
    errors,
    listen (name, then = {}) {
      const notifiee: Notifiee = {}

      for (const type of ['connected', 'disconnected', 'openedStream', 'closedStream', 'listen', 'listenClose'] as const) {
        notifiee[type] = (...args: unknown[]) => {
          told.push(`${name} ${type}`)

          return (then[type] as ((...args: unknown[]) => void) | undefined)?.(...args)
        }
      }

      announcer.notify(notifiee)

      return notifiee
    }
  }
}

describe('a handler of connected', () => {
  // TestNotifications_CloseFromConnected
  it('that closes the connection at once has disconnected told after connected, to everybody', async () => {
    const { announcer, told, listen } = scene()
    let closing: Promise<void> | undefined

    listen('first', { connected: () => { closing = announcer.disconnected(connection, CLOSED) } })
    listen('second')
    await announcer.connected(connection)
    await closing

    expect(told).toEqual([
      'first connected', 'second connected', 'event connected',
      'first disconnected', 'second disconnected', 'event disconnected'
    ])
  })

  it('that throws or rejects is told of as an error, and keeps nobody from being told', async () => {
    const { announcer, told, errors, listen } = scene()

    listen('first', { connected: () => { throw new Error('thrown') } })
    listen('second', { connected: async () => { throw new Error('rejected') } })
    listen('third')
    await announcer.connected(connection)

    expect(told).toEqual(['first connected', 'second connected', 'third connected', 'event connected'])
    expect(errors).toEqual([
      { during: 'notifiee connected', error: new Error('thrown'), connection },
      { during: 'notifiee connected', error: new Error('rejected'), connection }
    ])
  })

  it('that is slow keeps disconnected of its own connection back, and no other', async () => {
    const { announcer, clock, told, listen } = scene()
    const other = { id: 'b' } as Connection

    listen('slow', { connected: async (which) => which === connection ? new Promise(() => {}) : undefined })
    const connecting = announcer.connected(connection)
    const closing = announcer.disconnected(connection, CLOSED)

    await announcer.connected(other)
    await announcer.disconnected(other, CLOSED)
    expect(told).toEqual(['slow connected', 'slow connected', 'event connected', 'slow disconnected', 'event disconnected'])

    await clock.advance(5_000)
    await Promise.all([connecting, closing])
    expect(told.slice(5)).toEqual(['event connected', 'slow disconnected', 'event disconnected'])
    expect(clock.pending).toBe(0)
  })

  it('may subscribe others, who are told from the next connection on', async () => {
    const { announcer, told, listen } = scene()

    listen('first', { connected: () => { told.length === 1 && listen('second') } })
    await announcer.connected(connection)
    expect(told).toEqual(['first connected', 'event connected'])

    await announcer.connected(connection)
    expect(told.slice(2)).toEqual(['first connected', 'second connected', 'event connected'])
  })

  it('may unsubscribe others, who are told no more, not even of this connection', async () => {
    const { announcer, told, listen } = scene()

    listen('first', { connected: () => { announcer.stopNotify(second) } })
    const second = listen('second')

    await announcer.connected(connection)

    expect(told).toEqual(['first connected', 'event connected'])
  })
})

describe('a handler that nobody waits for', () => {
  it.each<[string, keyof Notifiee, (announcer: Announcer) => void]>([
    ['openedStream', 'openedStream', (announcer) => { announcer.openedStream(stream) }],
    ['closedStream', 'closedStream', (announcer) => { announcer.closedStream(stream) }],
    ['listen', 'listen', (announcer) => { announcer.listen({} as never) }],
    ['listenClose', 'listenClose', (announcer) => { announcer.listenClose({} as never) }]
  ])('of %s may throw or reject, and that is told of as an error', async (_what, type, announce) => {
    const { announcer, told, errors, listen } = scene()

    listen('first', { [type]: () => { throw new Error('thrown') } })
    listen('second', { [type]: async () => { throw new Error('rejected') } })
    listen('third')
    announce(announcer)
    await settle()

    expect(told.slice(0, 3)).toEqual([`first ${type}`, `second ${type}`, `third ${type}`])
    expect(errors.map(({ during, error }) => `${during}: ${error.message}`)).toEqual([`notifiee ${type}: thrown`, `notifiee ${type}: rejected`])
  })

  it('may unsubscribe others, who are told no more', () => {
    const { announcer, told, listen } = scene()

    listen('first', { openedStream: () => { announcer.stopNotify(second) } })
    const second = listen('second')

    announcer.openedStream(stream)

    expect(told).toEqual(['first openedStream', 'event openedStream'])
  })
})

describe('a notifiee', () => {
  it('need not handle everything, and is told once however often it subscribes', async () => {
    const { announcer, told, errors } = scene()
    const notifiee: Notifiee = { connected: () => { told.push('told') } }

    announcer.notify(notifiee)
    announcer.notify(notifiee)
    await announcer.connected(connection)
    await announcer.disconnected(connection, CLOSED)
    announcer.openedStream(stream)

    expect(told).toEqual(['told', 'event connected', 'event disconnected', 'event openedStream'])
    expect(errors).toEqual([])
  })
})

describe('connectedness', () => {
  it('is told when it changes, and only then', async () => {
    const { announcer, told } = scene()
    const { peerId } = await generateIdentity()

    for (const connectedness of ['notConnected', 'limited', 'limited', 'connected', 'connected', 'limited', 'notConnected', 'notConnected', 'connected'] as const) {
      told.push(connectedness)
      announcer.connectedness(peerId, connectedness)
    }

    expect(told).toEqual([
      'notConnected', 'limited', 'event connectedness', 'limited', 'connected', 'event connectedness', 'connected',
      'limited', 'event connectedness', 'notConnected', 'event connectedness', 'notConnected', 'connected', 'event connectedness'
    ])
  })
})
