import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateIdentity } from '../../../src/identity/index.ts'
import { compareConnections, ConnectionSet, supplanted } from '../../../src/swarm/connection/index.ts'
import type { Preferable, SwarmConnection } from '../../../src/swarm/connection/index.ts'

const identities = await Promise.all([generateIdentity(), generateIdentity()])
const [SMALL, LARGE] = identities.map(({ peerId }) => peerId).sort((a, b) => a.toString() < b.toString() ? -1 : 1)

if (SMALL == null || LARGE == null) {
  throw new Error('there are no two peers')
}

/** One connection, as its two ends see it. They agree on all but its age. */
interface Both {
  id: number
  dialledBySmall: boolean
  limited: boolean
  relayed: boolean
  openedAtSmall: number
  openedAtLarge: number
}

type Seen = Preferable & { id: number }

function asSeenBy (side: 'small' | 'large', { id, dialledBySmall, limited, relayed, openedAtSmall, openedAtLarge }: Both): Seen {
  const isSmall = side === 'small'

  return {
    id,
    limits: limited ? { bytes: 1n } : undefined,
    direct: !relayed,
    direction: dialledBySmall === isSmall ? 'outbound' : 'inbound',
    openedAt: isSmall ? openedAtSmall : openedAtLarge,
    localPeer: isSmall ? SMALL : LARGE,
    remotePeer: isSmall ? LARGE : SMALL
  } as Seen
}

const both = fc.array(fc.record({
  dialledBySmall: fc.boolean(),
  limited: fc.boolean(),
  relayed: fc.boolean(),
  openedAtSmall: fc.integer({ min: 0, max: 5 }),
  openedAtLarge: fc.integer({ min: 0, max: 5 })
}), { minLength: 1, maxLength: 8 }).map((connections) => connections.map((connection, id) => ({ id, ...connection })))

const of = (overrides: Partial<Both>): Both => ({ id: 0, dialledBySmall: true, limited: false, relayed: false, openedAtSmall: 0, openedAtLarge: 0, ...overrides })
const ids = (connections: Seen[]): number[] => connections.map(({ id }) => id)

describe('compareConnections', () => {
  it.each<[string, Partial<Both>, Partial<Both>]>([
    ['an unlimited one before a limited one', { relayed: true }, { limited: true }],
    ['a direct one before a relayed one', { dialledBySmall: false }, { relayed: true }],
    ['one that the smaller ID dialled before one that the larger did', { openedAtSmall: 9, openedAtLarge: 9 }, { dialledBySmall: false }],
    ['an older one before a newer one', { openedAtSmall: 1, openedAtLarge: 1 }, { openedAtSmall: 2, openedAtLarge: 2 }]
  ])('puts %s, on both sides', (_what, better, worse) => {
    for (const side of ['small', 'large'] as const) {
      const [first, second] = [asSeenBy(side, of({ id: 1, ...better })), asSeenBy(side, of({ id: 2, ...worse }))]

      expect(ids([second, first].sort(compareConnections))).toEqual([1, 2])
    }
  })

  it('is an order: it does not depend on how the connections come', () => {
    fc.assert(fc.property(both, fc.constantFrom('small' as const, 'large' as const), (connections, side) => {
      const distinct = connections.map((connection, i) => asSeenBy(side, { ...connection, openedAtSmall: i, openedAtLarge: i }))

      expect(ids([...distinct].sort(compareConnections))).toEqual(ids([...distinct].reverse().sort(compareConnections)))
    }))
  })
})

describe('supplanted', () => {
  /** What each side closes, and what is left when both have. */
  function settle (connections: Both[]): { small: number[], large: number[], left: Both[] } {
    const small = ids(supplanted(connections.map((connection) => asSeenBy('small', connection))))
    const large = ids(supplanted(connections.map((connection) => asSeenBy('large', connection))))

    return { small, large, left: connections.filter(({ id }) => !small.includes(id) && !large.includes(id)) }
  }

  const best = (connections: Both[], side: 'small' | 'large'): Seen | undefined => connections.map((connection) => asSeenBy(side, connection)).sort(compareConnections)[0]
  const kind = ({ limited, relayed }: Pick<Both, 'limited' | 'relayed'>): string => `${limited} ${relayed}`

  it('leaves one connection of the best kind, and all of the others, whatever the two ends see of their age', () => {
    fc.assert(fc.property(both, (connections) => {
      const { left } = settle(connections)
      const chosen = best(connections, 'small')
      const bestKind = `${chosen?.limits != null} ${chosen?.direct !== true}`

      expect(left.filter((connection) => kind(connection) === bestKind)).toHaveLength(1)
      expect(left.filter((connection) => kind(connection) !== bestKind)).toEqual(connections.filter((connection) => kind(connection) !== bestKind))
    }))
  })

  it('is decided by one side only', () => {
    fc.assert(fc.property(both, (connections) => {
      const { small, large } = settle(connections)

      expect(Math.min(small.length, large.length)).toBe(0)
    }))
  })

  it('leaves what both ends prefer, where they see the same age', () => {
    fc.assert(fc.property(both, (connections) => {
      const agreed = connections.map((connection, i) => ({ ...connection, openedAtSmall: i, openedAtLarge: i }))
      const [here, there] = [best(agreed, 'small'), best(agreed, 'large')]

      expect(here?.id).toBe(there?.id)
      expect(settle(agreed).left.map(({ id }) => id)).toContain(here?.id)
    }))
  })

  it('changes nothing any more when it is done', () => {
    fc.assert(fc.property(both, (connections) => {
      const { left } = settle(connections)

      expect(settle(left)).toMatchObject({ small: [], large: [] })
    }))
  })

  it('closes nothing where there is one, or none', () => {
    expect(supplanted([])).toEqual([])
    expect(supplanted([asSeenBy('small', of({}))])).toEqual([])
  })
})

describe('ConnectionSet', () => {
  const connection = (overrides: Partial<Both> & { status?: string }): SwarmConnection => Object.assign(asSeenBy('small', of(overrides)), { status: overrides.status ?? 'open' }) as unknown as SwarmConnection
  const key = LARGE.toString()

  it('keeps the connections of each peer, in their order', () => {
    const set = new ConnectionSet()
    const [first, second] = [connection({ id: 1 }), connection({ id: 2 })]

    set.add(first)
    set.add(second)

    expect(set.size).toBe(2)
    expect(set.list()).toEqual([first, second])
    expect(set.list(key)).toEqual([first, second])
    expect(set.list(SMALL.toString())).toEqual([])
    expect(set.peers()).toEqual([LARGE])
  })

  it('removes what is there once, and forgets a peer with its last connection', () => {
    const set = new ConnectionSet()
    const [first, second] = [connection({ id: 1 }), connection({ id: 2 })]

    set.add(first)
    set.add(second)

    expect(set.remove(first)).toBe(first)
    expect(set.remove(first)).toBeUndefined()
    expect(set.list(key)).toEqual([second])
    expect(set.remove(second)).toBe(second)
    expect([set.size, set.peers()]).toEqual([0, []])
  })

  it('chooses the best of those that are open', () => {
    const set = new ConnectionSet()
    const [limited, closing, good] = [connection({ id: 1, limited: true }), connection({ id: 2, status: 'closing' }), connection({ id: 3, openedAtSmall: 9 })]

    expect([set.best(key), set.connectedness(key)]).toEqual([undefined, 'notConnected'])
    set.add(limited)
    expect([set.best(key), set.connectedness(key)]).toEqual([limited, 'limited'])
    set.add(closing)
    set.add(good)
    expect([set.best(key), set.connectedness(key), set.ranked()]).toEqual([good, 'connected', [good, limited]])
    set.remove(good)
    set.remove(limited)
    expect([set.best(key), set.connectedness(key)]).toEqual([undefined, 'notConnected'])
  })

  it('gives lists that nobody can spoil', () => {
    const set = new ConnectionSet()

    set.add(connection({}))
    set.list().pop()
    set.list(key).pop()

    expect(set.list(key)).toHaveLength(1)
  })
})
