import { describe, expect, it } from 'vitest'
import { BlackHoleCounter, BlackHoleDetector } from '../../../src/swarm/dial/black-hole.ts'
import { addrs, texts } from './fixtures.ts'
import type { BlackHoleState } from '../../../src/swarm/dial/black-hole.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

function times (count: number, fn: (i: number) => void): void {
  for (let i = 1; i <= count; i++) {
    fn(i)
  }
}

const MINUTE = 60_000

describe('BlackHoleCounter', () => {
  it('probes until the window is full, then blocks, then lets every n-th request probe, until one success resets it', () => {
    const counter = new BlackHoleCounter({ window: 10, minSuccesses: 2 })

    times(10, () => {
      expect(counter.request(0)).toBe('probing')
      expect(counter.state).toBe('probing')
      counter.record(false, 0)
    })

    times(31, (i) => {
      expect(counter.request(0)).toBe(i % 10 === 0 ? 'probing' : 'blocked')
      expect(counter.state).toBe('blocked')
    })

    counter.record(true, 0)

    times(10, () => {
      expect(counter.request(0)).toBe('probing')
      expect(counter.state).toBe('probing')
      counter.record(false, 0)
    })

    expect(counter.request(0)).toBe('blocked')
  })

  it.each<[number, number, BlackHoleState]>([
    [5, 5, 'allowed'],
    [3, 3, 'allowed'],
    [5, 4, 'blocked'],
    [5, 7, 'allowed'],
    [3, 1, 'blocked'],
    [0, 0, 'allowed'],
    [10, 10, 'allowed']
  ])('with a minimum of %i of 10, %i successes are %s', (minSuccesses, successes, state) => {
    const counter = new BlackHoleCounter({ window: 10, minSuccesses })

    times(successes, () => { counter.record(true, 0) })
    times(10 - successes, () => { counter.record(false, 0) })

    expect(counter.request(0)).toBe(state)
    expect(counter.successFraction).toBe(successes / 10)
  })

  it('looks at the latest results only', () => {
    const counter = new BlackHoleCounter({ window: 4, minSuccesses: 2 })

    times(4, () => { counter.record(true, 0) })
    times(2, () => { counter.record(false, 0) })
    expect(counter.state).toBe('allowed')

    counter.record(false, 0)
    expect(counter.state).toBe('blocked')
  })

  it('blocks after 100 results with fewer than 5 successes unless told otherwise', () => {
    const counter = new BlackHoleCounter()

    times(4, () => { counter.record(true, 0) })
    times(95, () => { counter.record(false, 0) })
    expect(counter.state).toBe('probing')

    counter.record(false, 0)
    expect(counter.state).toBe('blocked')
  })

  it('probes again 5 min after it was blocked, and 5 min after each probe, however few requests there are', () => {
    const counter = new BlackHoleCounter({ window: 10 })

    times(10, () => { counter.record(false, MINUTE) })

    expect(counter.request(6 * MINUTE - 1)).toBe('blocked')
    expect(counter.request(6 * MINUTE)).toBe('probing')
    expect(counter.request(11 * MINUTE - 1)).toBe('blocked')
    expect(counter.request(11 * MINUTE)).toBe('probing')
  })

  it('takes failures of probes for no new block', () => {
    const counter = new BlackHoleCounter({ window: 10 })

    times(10, () => { counter.record(false, 0) })
    counter.record(false, 4 * MINUTE)

    expect(counter.request(5 * MINUTE)).toBe('probing')
  })

  it('knows nothing before the first result', () => {
    expect(new BlackHoleCounter().successFraction).toBe(0)
  })
})

describe('BlackHoleDetector', () => {
  const counter = (): BlackHoleCounter => new BlackHoleCounter({ window: 10, minSuccesses: 5 })
  const [udp4] = addrs('/ip4/1.2.3.4/udp/1234/quic-v1') as [Multiaddr]
  const [ip6] = addrs('/ip6/2001::1/tcp/1234') as [Multiaddr]

  it('never filters private addresses, and none of IPv4 TCP', () => {
    const detector = new BlackHoleDetector({ udp: counter(), ipv6: counter() })
    const input = addrs('/ip4/1.2.3.4/tcp/1234', '/ip4/1.2.3.4/tcp/1233', '/ip6/::1/udp/1234/quic-v1', '/ip4/192.168.1.5/udp/1234/quic-v1')

    times(1000, () => {
      expect(detector.filter(input, 0)).toEqual({ valid: input, blocked: [] })
      input.forEach((address) => { detector.record(address, false, 0) })
    })
  })

  it('never blocks UDP without a counter for it', () => {
    const detector = new BlackHoleDetector({ udp: null, ipv6: counter() })

    times(100, () => { detector.record(udp4, false, 0) })

    expect(detector.filter([udp4], 0)).toEqual({ valid: [udp4], blocked: [] })
  })

  it('never blocks IPv6 without a counter for it', () => {
    const detector = new BlackHoleDetector({ udp: counter(), ipv6: null })

    times(100, () => { detector.record(ip6, false, 0) })

    expect(detector.filter([ip6], 0)).toEqual({ valid: [ip6], blocked: [] })
  })

  it('has a counter for each of the two unless told otherwise', () => {
    const detector = new BlackHoleDetector()

    times(100, () => { detector.record(ip6, false, 0) })

    expect(detector.ipv6?.state).toBe('blocked')
    expect(detector.udp?.state).toBe('probing')
  })

  it('lets the probe of one counter through while the other blocks', () => {
    const detector = new BlackHoleDetector({
      udp: new BlackHoleCounter({ window: 2, minSuccesses: 1 }),
      ipv6: new BlackHoleCounter({ window: 3, minSuccesses: 1 })
    })
    const input = addrs('/ip6/2001::1/udp/1234/quic-v1')

    times(3, () => { input.forEach((address) => { detector.record(address, false, 0) }) })

    times(99, (i) => {
      expect(detector.filter(input, 0).valid).toHaveLength(i % 2 === 0 || i % 3 === 0 ? 1 : 0)
    })
  })

  it('counts the addresses of one dial as one request, and dials without such addresses as none', () => {
    const udp = new BlackHoleCounter({ window: 3, minSuccesses: 1 })
    const detector = new BlackHoleDetector({ udp, ipv6: null })

    times(3, () => { detector.record(udp4, false, 0) })

    expect(detector.filter([udp4, ...addrs('/ip4/1.2.3.4/udp/9/quic-v1')], 0).valid).toEqual([])
    detector.filter([ip6], 0)
    expect(detector.filter([udp4], 0).valid).toEqual([])
    expect(detector.filter([udp4], 0).valid).toEqual([udp4])
  })
})

describe('BlackHoleDetector, what it filters', () => {
  const udp6Public = '/ip6/2001::1/udp/1234/quic-v1'
  const udp6Private = '/ip6/::1/udp/1234/quic-v1'
  const udp4Public = '/ip4/1.2.3.4/udp/1234/quic-v1'
  const udp4Private = '/ip4/192.168.1.5/udp/1234/quic-v1'
  const tcp6Public = '/ip6/2001::1/tcp/1234'
  const tcp6Private = '/ip6/::1/tcp/1234'
  const tcp4Public = '/ip4/1.2.3.4/tcp/1234'
  const tcp4Private = '/ip4/192.168.1.5/tcp/1234'
  const all = [udp6Public, udp6Private, udp4Public, udp4Private, tcp6Public, tcp6Private, tcp4Public, tcp4Private]

  it.each([
    { name: 'UDP', udp: true, ipv6: false, blocked: [udp6Public, udp4Public] },
    { name: 'IPv6', udp: false, ipv6: true, blocked: [udp6Public, tcp6Public] },
    { name: 'both', udp: true, ipv6: true, blocked: [udp6Public, udp4Public, tcp6Public] },
    { name: 'neither', udp: false, ipv6: false, blocked: [] }
  ])('is exactly what it must when $name never answers', ({ udp, ipv6, blocked }) => {
    const detector = new BlackHoleDetector()

    times(100, () => { addrs(udp4Public).forEach((address) => { detector.record(address, !udp, 0) }) })
    times(100, () => { addrs(tcp6Public).forEach((address) => { detector.record(address, !ipv6, 0) }) })

    const result = detector.filter(addrs(...all), 0)

    expect(texts(result.blocked)).toEqual(blocked)
    expect(texts(result.valid)).toEqual(all.filter((text) => !blocked.includes(text)))
  })
})

describe('BlackHoleDetector, read-only', () => {
  it('refuses while nothing is known, records nothing, and follows the counters that it shares', () => {
    const udp = new BlackHoleCounter({ window: 10, minSuccesses: 5 })
    const reader = new BlackHoleDetector({ udp, ipv6: null, readOnly: true })
    const writer = new BlackHoleDetector({ udp, ipv6: null })
    const [open, nearby] = addrs('/ip4/1.2.3.4/udp/1234/quic-v1', '/ip6/::1/tcp/1234') as [Multiaddr, Multiaddr]

    times(100, () => { reader.record(open, true, 0) })
    expect(reader.filter([nearby, open], 0)).toEqual({ valid: [nearby], blocked: [open] })

    times(100, () => { writer.record(open, true, 0) })
    expect(reader.filter([nearby, open], 0)).toEqual({ valid: [nearby, open], blocked: [] })
  })
})
