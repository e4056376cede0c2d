import { describe, expect, it } from 'vitest'
import { DialBackoff, MAX_BACKOFF_ADDRESSES } from '../../../src/swarm/dial/dial-backoff.ts'
import { DIAL_DEFAULTS } from '../../../src/swarm/options.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { PEER } from './fixtures.ts'
import type { BackoffSettings } from '../../../src/swarm/dial/dial-backoff.ts'

const A = '/ip4/1.2.3.4/tcp/1'
const B = '/ip4/1.2.3.4/tcp/2'

function setup (init: Partial<BackoffSettings> = {}): { clock: FakeClock, backoff: DialBackoff } {
  const clock = new FakeClock(0)

  return { clock, backoff: new DialBackoff({ ...DIAL_DEFAULTS, ...init }, clock) }
}

describe('DialBackoff, schedule', () => {
  it('rests 5 s, then 5 s + n² s after the n-th repetition, never more than 5 min', () => {
    const { clock, backoff } = setup()

    const seconds = Array.from({ length: 21 }, () => (backoff.add('peer', A) - clock.now()) / 1000)

    expect(seconds).toEqual([5, 6, 9, 14, 21, 30, 41, 54, 69, 86, 105, 126, 149, 174, 201, 230, 261, 294, 300, 300, 300])
  })

  it('keeps the first rest within the maximum too', () => {
    const { backoff } = setup({ backoffMaxMs: 1000 })

    expect(backoff.add('peer', A)).toBe(1000)
  })

  it('blocks until the very moment that it gave, and then no more', async () => {
    const { clock, backoff } = setup()
    const retryAt = backoff.add('peer', A)

    await clock.advance(4999)
    expect(backoff.blocked('peer', A)).toBe(true)
    expect(backoff.retryAt('peer', A)).toBe(retryAt)

    await clock.advance(1)
    expect(backoff.blocked('peer', A)).toBe(false)
    expect(backoff.retryAt('peer', A)).toBeUndefined()
  })

  it('goes on where it was when an address fails again after its rest', async () => {
    const { clock, backoff } = setup()

    backoff.add('peer', A)
    await clock.advance(8000)

    expect(backoff.add('peer', A) - clock.now()).toBe(6000)
  })
})

describe('DialBackoff, keys', () => {
  it('blocks an address of a peer, and neither its others nor those of others', () => {
    const { backoff } = setup()

    backoff.add('peer', A)

    expect(backoff.blocked('peer', A)).toBe(true)
    expect(backoff.blocked('peer', B)).toBe(false)
    expect(backoff.blocked('other', A)).toBe(false)
    expect(backoff.blocked('', A)).toBe(false)
  })

  it('takes an address with and without its peer for the same', () => {
    const { backoff } = setup()
    const peer = PEER.toString()

    backoff.add(peer, `${A}/p2p/${peer}`)

    expect(backoff.blocked(peer, A)).toBe(true)
    expect(backoff.add(peer, A)).toBe(6000)
    expect(backoff.blocked(peer, `${A}/p2p/${peer}`)).toBe(true)
  })

  it('forgets all addresses of a peer at once, and starts again at 5 s', () => {
    const { clock, backoff } = setup()

    backoff.add('peer', A)
    backoff.add('peer', B)
    backoff.add('other', A)
    backoff.clear('peer')

    expect(backoff.blocked('peer', A)).toBe(false)
    expect(backoff.blocked('peer', B)).toBe(false)
    expect(backoff.blocked('other', A)).toBe(true)
    expect(backoff.add('peer', A) - clock.now()).toBe(5000)
  })
})

describe('DialBackoff, memory', () => {
  it('sets no timer until there is something to forget, and none after', async () => {
    const { clock, backoff } = setup()

    expect(clock.pending).toBe(0)

    backoff.add('peer', A)
    backoff.add('peer', B)
    expect(clock.pending).toBe(1)

    await clock.advance(300_000)
    expect(backoff.size).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('sets one background timer of the longest rest', () => {
    const { backoff, clock } = setup()
    const calls: unknown[] = []
    const at = clock.at.bind(clock)

    clock.at = (when, fn, options?: unknown) => {
      calls.push([when, options])
      return at(when, fn)
    }
    backoff.add('peer', A)

    expect(calls).toEqual([[300_000, { background: true }]])
  })

  it('keeps a peer until each of its addresses has passed its rest and the next one', async () => {
    const { clock, backoff } = setup({ backoffMaxMs: 10_000 })

    backoff.add('peer', A)
    await clock.advance(9000)
    backoff.add('peer', A) // until 15 000, and the next rest would be 9000

    await clock.advance(11_000)
    expect(clock.now()).toBe(20_000)
    expect(backoff.size).toBe(1)

    await clock.advance(9999)
    expect(backoff.size).toBe(1)

    await clock.advance(1)
    expect(backoff.size).toBe(0)
  })

  it('forgets the peer whose failure is longest ago when there are too many', () => {
    const { backoff } = setup({ maxBackoffPeers: 2 })

    backoff.add('first', A)
    backoff.add('second', A)
    backoff.add('first', B)
    backoff.add('third', A)

    expect(backoff.size).toBe(2)
    expect(backoff.blocked('second', A)).toBe(false)
    expect(backoff.blocked('first', A)).toBe(true)
    expect(backoff.blocked('third', A)).toBe(true)
  })

  it('forgets the address whose failure is longest ago when a peer has too many', () => {
    const { backoff } = setup()

    for (let port = 0; port <= MAX_BACKOFF_ADDRESSES; port++) {
      backoff.add('peer', `/ip4/1.2.3.4/tcp/${port}`)
    }

    expect(backoff.blocked('peer', '/ip4/1.2.3.4/tcp/0')).toBe(false)
    expect(backoff.blocked('peer', '/ip4/1.2.3.4/tcp/1')).toBe(true)
    expect(backoff.blocked('peer', `/ip4/1.2.3.4/tcp/${MAX_BACKOFF_ADDRESSES}`)).toBe(true)
  })

  it('remembers nothing when the longest rest is 0', () => {
    const { clock, backoff } = setup({ backoffMaxMs: 0 })

    expect(backoff.add('peer', A)).toBe(0)
    expect(backoff.size).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('sets no timer when rests may grow without end', () => {
    const { clock, backoff } = setup({ backoffMaxMs: Infinity })

    backoff.add('peer', A)

    expect(backoff.blocked('peer', A)).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('drops its timer when the last peer is cleared', () => {
    const { clock, backoff } = setup()

    backoff.add('peer', A)
    backoff.clear('peer')

    expect(clock.pending).toBe(0)
  })

  it('drops all when it is disposed of, and takes up nothing after', () => {
    const { clock, backoff } = setup()

    backoff.add('peer', A)
    backoff[Symbol.dispose]()

    expect(clock.pending).toBe(0)
    expect(backoff.add('peer', A)).toBe(5000)
    expect(backoff.size).toBe(0)
    expect(clock.pending).toBe(0)
  })
})
