import type { Direction } from '../contract/stream.ts'

/** One open connection, as the trimmer sees it. */
export interface TrimCandidate<C = unknown> {
  connection: C
  /** Whether somebody asked to keep it whatever happens. */
  protected: boolean
  /** How much the peer is worth to us: the sum of its tags. */
  tagValue: number
  streams: number
  direction: Direction
  /** Milliseconds, on the clock that `now` is of. */
  openedAt: number
  /** Whether a relay bounds its time or bytes. */
  limited: boolean
}

export interface TrimRules {
  highWater: number
  lowWater: number
  graceMs: number
  now: number
}

export interface TrimVictim<C = unknown> {
  candidate: TrimCandidate<C>
  /** A sentence for the operator. */
  why: string
}

/**
 * The connections to close, the least useful first; none unless there are more than `highWater`.
 *
 * Only those count that may be closed: neither protected nor younger than the grace. Of these,
 * `lowWater` stay. So a flood of newcomers, all within their grace, or many protected peers, never
 * push out those that have proven their worth; what bounds the newcomers are the hard limits.
 */
export function chooseVictims<C> (connections: ReadonlyArray<TrimCandidate<C>>, rules: TrimRules): Array<TrimVictim<C>> {
  if (!(connections.length > rules.highWater)) {
    return []
  }

  const closable = connections.filter((candidate) => !candidate.protected && graceEnd(candidate, rules) <= rules.now)
  const surplus = Math.max(0, closable.length - rules.lowWater)

  // the sort is stable: between equals the order of `connections` decides
  return closable
    .sort(byUsefulness)
    .slice(0, surplus)
    .map((candidate) => ({ candidate, why: explain(candidate, connections.length, rules) }))
}

/**
 * When there will be a victim if nothing else changes: at the end of the grace of one more
 * connection than may stay. Undefined if waiting does not help.
 */
export function nextTrimAt<C> (connections: ReadonlyArray<TrimCandidate<C>>, rules: TrimRules): number | undefined {
  if (!(connections.length > rules.highWater)) {
    return undefined
  }

  const ends = connections
    .filter((candidate) => !candidate.protected)
    .map((candidate) => graceEnd(candidate, rules))
    .sort((a, b) => a - b)
  const end = ends[Math.ceil(rules.lowWater)]

  return end == null || end === Infinity ? undefined : Math.max(end, rules.now)
}

/** When a connection may be closed for the first time. */
function graceEnd (candidate: TrimCandidate, { graceMs }: TrimRules): number {
  return candidate.openedAt + graceMs
}

/**
 * Worth first, then use. Between two that are worth the same, the one that the other side opened
 * and the younger one goes: a stranger who opens many connections pushes out his own.
 */
function byUsefulness (a: TrimCandidate, b: TrimCandidate): number {
  return a.tagValue - b.tagValue ||
    Number(a.streams > 0) - Number(b.streams > 0) ||
    Number(b.limited) - Number(a.limited) ||
    Number(a.direction === 'outbound') - Number(b.direction === 'outbound') ||
    a.streams - b.streams ||
    b.openedAt - a.openedAt
}

function explain (candidate: TrimCandidate, count: number, { highWater, now }: TrimRules): string {
  const streams = candidate.streams === 0 ? 'no streams' : `${candidate.streams} ${candidate.streams === 1 ? 'stream' : 'streams'}`
  const seconds = Math.floor((now - candidate.openedAt) / 1000)
  const kind = candidate.limited ? `limited ${candidate.direction}` : candidate.direction

  return `there are ${count} connections, more than ${highWater} (limits.highWater), and this ${kind} one, open for ${seconds} s, has ${streams} and a tag value of ${candidate.tagValue}`
}
