import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseVictims, ConnectionLimits, ipGroup, MemoryBudget, nextTrimAt, ResourceLimitError, StreamLimits } from '../../../src/swarm/limits/index.ts'
import { LIMIT_DEFAULTS } from '../../../src/swarm/options.ts'
import type { Permit } from '../../../src/base/index.ts'
import type { ConnectionLimitsStat, TrimCandidate } from '../../../src/swarm/limits/index.ts'

const SETTINGS = {
  ...LIMIT_DEFAULTS,
  maxConnections: 6,
  maxInboundConnections: 4,
  maxOutboundConnections: 3,
  maxConnectionsPeer: 2,
  maxConnectionsPerIp: 2,
  maxStreams: 5,
  maxInboundStreamsPerConnection: 3,
  maxOutboundStreamsPerConnection: 2
}
const NONE: ConnectionLimitsStat = { inbound: 0, outbound: 0, peers: 0, ips: 0, pending: 0, queued: 0 }

/** Does what `fn` does, unless a limit refuses it. */
function attempt (held: Permit[], fn: () => Permit): void {
  try {
    held.push(fn())
  } catch (error) {
    expect(error).toBeInstanceOf(ResourceLimitError)
  }
}

function giveBack (held: Permit[], choice: number): void {
  const [permit] = held.splice(choice % Math.max(1, held.length), 1)

  permit?.[Symbol.dispose]()
  permit?.[Symbol.dispose]()
}

const step = fc.record({
  kind: fc.constantFrom('inbound', 'outbound', 'peer', 'back'),
  choice: fc.nat({ max: 100 }),
  ip: fc.constantFrom('192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2', '127.0.0.1'),
  peer: fc.constantFrom('alice', 'bob')
})

describe('ConnectionLimits, whatever is asked of it', () => {
  it('never exceeds a maximum, and counts nothing when all permits are back', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limits = new ConnectionLimits(SETTINGS)
      const held: Permit[] = []

      for (const { kind, choice, ip, peer } of steps) {
        switch (kind) {
          case 'inbound': attempt(held, () => limits.admitInbound({ ip })); break
          case 'outbound': attempt(held, () => limits.admitOutbound()); break
          case 'peer': attempt(held, () => limits.admitPeer(peer)); break
          default: giveBack(held, choice)
        }

        const { inbound, outbound, peers, ips } = limits.stat()

        expect(inbound).toBeLessThanOrEqual(4)
        expect(outbound).toBeLessThanOrEqual(3)
        expect(inbound + outbound).toBeLessThanOrEqual(6)
        expect(ips).toBeLessThanOrEqual(inbound)
        expect(peers + inbound + outbound).toBeLessThanOrEqual(held.length)
        expect(Math.min(inbound, outbound)).toBeGreaterThanOrEqual(0)
      }

      held.forEach((permit) => { permit[Symbol.dispose]() })
      expect(limits.stat()).toEqual(NONE)
    }))
  })

  it('lets so many in at a time, and everybody leaves the queue', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), async (aborts) => {
      const limits = new ConnectionLimits({ ...SETTINGS, maxPendingInbound: 2, maxQueuedInbound: 5, maxPendingInboundPerIp: 4 })

      await Promise.allSettled(aborts.map(async (isAborted, n) => {
        const controller = new AbortController()
        const pending = limits.pendingInbound({ ip: `192.0.2.${n % 3}` }, controller.signal)

        expect(limits.stat().pending).toBeLessThanOrEqual(2)
        expect(limits.stat().queued).toBeLessThanOrEqual(5)

        if (isAborted) {
          controller.abort()
        }

        const permit = await pending

        permit[Symbol.dispose]()
      }))

      expect(limits.stat()).toEqual(NONE)
    }))
  })
})

describe('StreamLimits, whatever is asked of it', () => {
  it('never exceeds a maximum, and counts nothing when all permits are back', () => {
    const streamStep = fc.record({ kind: fc.constantFrom('inbound', 'outbound', 'back'), choice: fc.nat({ max: 100 }), connection: fc.nat({ max: 2 }) })

    fc.assert(fc.property(fc.array(streamStep, { maxLength: 60 }), (steps) => {
      const limits = new StreamLimits(SETTINGS)
      const connections = [limits.forConnection(), limits.forConnection(), limits.forConnection()]
      const held: Permit[] = []

      for (const { kind, choice, connection } of steps) {
        if (kind === 'back') {
          giveBack(held, choice)
        } else {
          attempt(held, () => (connections[connection] ?? limits.forConnection()).admit(kind))
        }

        const { inbound, outbound } = limits.stat()
        const each = connections.map((one) => one.stat())

        expect(inbound + outbound).toBe(held.length)
        expect(held.length).toBeLessThanOrEqual(5)
        expect(each.every((one) => one.inbound <= 3 && one.outbound <= 2)).toBe(true)
      }

      held.forEach((permit) => { permit[Symbol.dispose]() })
      expect(limits.stat()).toEqual({ inbound: 0, outbound: 0 })
    }))
  })
})

describe('MemoryBudget, whatever is asked of it', () => {
  it('is exhausted only above 7/8, always at its maximum, and tells each time that this ends', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -400, max: 400 }), { maxLength: 60 }), (steps) => {
      const budget = new MemoryBudget(800)
      let releases = 0
      let ends = 0

      budget.onRelease(() => { releases++ })

      for (const bytes of steps) {
        const before = budget.exhausted

        if (bytes >= 0) {
          budget.add(bytes)
        } else {
          budget.remove(Math.min(-bytes, budget.used))
        }

        ends += before && !budget.exhausted ? 1 : 0
        expect(budget.used >= 800 ? budget.exhausted : true).toBe(true)
        expect(budget.used < 700 ? budget.exhausted : false).toBe(false)
      }

      expect(releases).toBe(ends)
    }))
  })
})

describe('chooseVictims, whatever there is to choose from', () => {
  const candidate: fc.Arbitrary<TrimCandidate<number>> = fc.record({
    connection: fc.nat(),
    protected: fc.boolean(),
    tagValue: fc.integer({ min: -2, max: 2 }),
    streams: fc.nat({ max: 3 }),
    direction: fc.constantFrom('inbound', 'outbound'),
    openedAt: fc.integer({ min: 0, max: 100 }),
    limited: fc.boolean()
  })
  const rules = fc.record({ highWater: fc.nat({ max: 20 }), lowWater: fc.nat({ max: 20 }), graceMs: fc.constantFrom(0, 30, 60), now: fc.constant(100) })

  it('takes exactly those too many, the least useful first, and never a protected or young one', () => {
    fc.assert(fc.property(fc.array(candidate, { maxLength: 30 }), rules, (candidates, rule) => {
      const victims = chooseVictims(candidates, rule).map(({ candidate }) => candidate)
      const closable = candidates.filter((one) => !one.protected && 100 - one.openedAt >= rule.graceMs)
      const surplus = candidates.length > rule.highWater ? Math.max(0, closable.length - rule.lowWater) : 0
      const worst = Math.max(...victims.map((one) => one.tagValue))

      expect(victims).toHaveLength(surplus)
      expect(new Set(victims).size).toBe(surplus)
      expect(victims.every((one) => closable.includes(one))).toBe(true)
      expect(closable.filter((one) => !victims.includes(one)).every((one) => one.tagValue >= worst)).toBe(true)
    }))
  })

  it('has victims exactly from the moment that nextTrimAt tells', () => {
    fc.assert(fc.property(fc.array(candidate, { maxLength: 30 }), rules, (candidates, rule) => {
      const next = nextTrimAt(candidates, { ...rule, now: 0 })

      if (next == null) {
        expect(chooseVictims(candidates, { ...rule, now: 1e9 })).toEqual([])
      } else {
        expect(chooseVictims(candidates, { ...rule, now: next })).not.toEqual([])
        expect(next === 0 || chooseVictims(candidates, { ...rule, now: next - 1 }).length === 0).toBe(true)
      }
    }))
  })
})

describe('ipGroup, whatever the address', () => {
  const word = fc.integer({ min: 0, max: 0xffff })

  it('depends on the first four words of an IPv6 address only', () => {
    fc.assert(fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), fc.array(word, { minLength: 4, maxLength: 4 }), (words, other) => {
      fc.pre(words.slice(0, 4).some((one) => one !== 0))
      const text = (parts: number[]): string => parts.map((one) => one.toString(16)).join(':')

      expect(ipGroup(text(words))).toBe(ipGroup(text([...words.slice(0, 4), ...other])))
      expect(ipGroup(text(words))).toBe(`${text(words.slice(0, 4))}::/64`)
    }))
  })
})
