import { describe, expect, it } from 'vitest'
import { KeepAlive } from '../../../src/swarm/connection/index.ts'
import { yamux } from '../../../src/yamux/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { turns } from '../../support/settle.ts'
import { connectedPair } from '../../support/upgrade-pair.ts'
import type { Clock } from '../../../src/base/index.ts'
import type { KeepAliveInit } from '../../../src/swarm/connection/keep-alive.ts'
import type { StreamMuxerFactory } from '@libp2p/interface'

/** Writes down when there was a ping, and when the peer was given up, after so many milliseconds. */
class Watched {
  readonly clock = new FakeClock(0)
  readonly pings: number[] = []
  readonly deaths: Array<[at: number, silentMs: number]> = []
  heardAt = 0
  readonly keepAlive: KeepAlive

  constructor (init: Partial<KeepAliveInit> = {}) {
    this.keepAlive = new KeepAlive({
      clock: this.clock,
      intervalMs: 15_000,
      timeoutMs: 45_000,
      lastHeardAt: () => this.heardAt,
      ping: () => { this.pings.push(this.clock.now()) },
      onDead: (silentMs) => { this.deaths.push([this.clock.now(), silentMs]) },
      ...init
    })
  }
}

describe('KeepAlive', () => {
  it('pings in silence, and gives up after keepAliveTimeoutMs, once', async () => {
    const { clock, pings, deaths } = new Watched()

    await clock.advance(44_999)
    expect([pings, deaths]).toEqual([[15_000, 30_000], []])
    await clock.advance(100_000)

    expect([pings, deaths]).toEqual([[15_000, 30_000], [[45_000, 45_000]]])
    expect(clock.pending).toBe(0)
  })

  it('counts any byte as a sign of life', async () => {
    const watched = new Watched()

    await watched.clock.advance(44_999)
    watched.heardAt = 44_999
    await watched.clock.advance(44_999)

    expect(watched.deaths).toEqual([])
    expect(watched.pings).toEqual([15_000, 30_000, 59_999, 74_999])
    await watched.clock.advance(1)
    expect(watched.deaths).toEqual([[89_999, 45_000]])
  })

  it('does not ping who talks', async () => {
    const watched = new Watched()

    for (let second = 1; second <= 60; second++) {
      await watched.clock.advance(1_000)
      watched.heardAt = watched.clock.now()
    }

    expect([watched.pings, watched.deaths]).toEqual([[], []])
  })

  it('always pings before it gives up, however long its interval', async () => {
    const { clock, pings, deaths } = new Watched({ intervalMs: 60_000, timeoutMs: 20_000 })

    await clock.advance(20_000)

    expect([pings, deaths]).toEqual([[10_000], [[20_000, 20_000]]])
  })

  it('may ping for ever', async () => {
    const { clock, pings, deaths } = new Watched({ timeoutMs: Infinity })

    await clock.advance(150_000)

    expect([pings.length, deaths]).toEqual([10, []])
  })

  it.each([{ intervalMs: 0 }, { timeoutMs: 0 }])('does nothing with %o', (init) => {
    expect(new Watched(init).clock.pending).toBe(0)
  })

  it('stops when it is disposed of', async () => {
    const { clock, keepAlive, pings } = new Watched()

    keepAlive[Symbol.dispose]()
    await clock.advance(100_000)

    expect([pings, clock.pending]).toEqual([[], 0])
  })

  it('does not blame the peer when this machine has slept: it asks again first', () => {
    const timers: Array<() => void> = []
    let now = 0
    const clock: Clock = {
      now: () => now,
      at: (_when, fn) => {
        timers.push(fn)

        return { [Symbol.dispose]: () => {} }
      }
    }
    const pings: number[] = []
    const deaths: number[] = []
    const keepAlive = new KeepAlive({ clock, intervalMs: 15_000, timeoutMs: 45_000, lastHeardAt: () => 0, ping: () => { pings.push(now) }, onDead: () => { deaths.push(now) } })

    // the timer for 15 s fires after an hour
    now = 3_600_000
    timers.shift()?.()
    expect([pings, deaths]).toEqual([[3_600_000], []])

    now += 15_000
    timers.shift()?.()
    expect([pings, deaths]).toEqual([[3_600_000], [3_615_000]])
    keepAlive[Symbol.dispose]()
  })
})

describe('a connection whose peer has vanished', () => {
  it('is given up after keepAliveTimeoutMs, with that as its reason', async () => {
    const clock = new FakeClock()
    using pair = await connectedPair({ clock })

    await turns(20)
    // from here on nothing arrives any more
    pair.sockets[0].pause()
    await clock.advance(44_999)
    expect(pair.outbound.status).toBe('open')
    await clock.advance(1)

    expect(await pair.outbound.closed).toMatchObject({ code: 'keepAlive', by: 'remote', error: { code: 'ConnectionLost', message: 'no byte from the peer for 45000 ms (connection.keepAliveTimeoutMs)' } })
    expect(pair.outbound.signal.reason).toMatchObject({ code: 'ConnectionLost' })
    expect(clock.pending).toBe(0)
  })

  it('lives on while it answers pings, and says nothing else', async () => {
    const clock = new FakeClock()
    using pair = await connectedPair({ clock })

    for (let i = 0; i < 20; i++) {
      await clock.advance(15_000)
      await turns(20)
    }

    expect(pair.outbound.status).toBe('open')
  })

  it('is not asked by a muxer that has no ping', async () => {
    const clock = new FakeClock()
    const factory = yamux()()
    const mute: StreamMuxerFactory = {
      protocol: factory.protocol,
      createStreamMuxer: (maConn) => Object.assign(factory.createStreamMuxer(maConn), { ping: undefined })
    }
    using pair = await connectedPair({ clock, muxers: [mute] })

    await clock.advance(1_000_000)

    expect(pair.outbound.status).toBe('open')
    expect(clock.pending).toBe(0)
  })
})
