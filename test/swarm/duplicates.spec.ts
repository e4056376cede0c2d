import { describe, expect, it } from 'vitest'
import { generateIdentity } from '../../src/identity/index.ts'
import { Duplicates } from '../../src/swarm/duplicates.ts'
import { FakeClock } from '../support/fake-clock.ts'
import type { SwarmConnection } from '../../src/swarm/connection/index.ts'

const [here, there] = (await Promise.all([generateIdentity(), generateIdentity()])).map(({ peerId }) => peerId)

if (here == null || there == null) {
  throw new Error('there are no two peers')
}

const PEER = there.toString()

/** A connection that we dialled, the older the smaller its number; what it is closed with is written down. */
class Fake {
  status = 'open'
  streams: unknown[] = []
  closedWith: string | undefined
  readonly direction = 'outbound'
  readonly direct = true
  readonly limits = undefined
  readonly localPeer = here
  readonly remotePeer = there
  readonly openedAt: number

  constructor (openedAt: number) {
    this.openedAt = openedAt
  }

  async closeWith ({ code, by }: { code: string, by: string }): Promise<void> {
    this.closedWith = `${code} ${by}`
    this.status = 'closed'
  }
}

interface Scene {
  clock: FakeClock
  connections: Fake[]
  duplicates: Duplicates
  errors: unknown[]
}

function scene (count: number, graceMs = 3_000): Scene {
  const clock = new FakeClock()
  const connections = Array.from({ length: count }, (_, i) => new Fake(i))
  const errors: unknown[] = []

  return {
    clock,
    connections,
    errors,
    duplicates: new Duplicates({
      clock,
      graceMs,
      connections: () => connections.filter(({ status }) => status !== 'closed') as unknown as SwarmConnection[],
      onError: (_connection, error) => { errors.push(error) }
    })
  }
}

const closed = (connections: Fake[]): Array<string | undefined> => connections.map(({ closedWith }) => closedWith)

describe('Duplicates', () => {
  it('keeps all for the grace, and then the best only', async () => {
    const { clock, connections, duplicates } = scene(3)

    duplicates.watch(PEER)
    await clock.advance(2_999)
    expect(closed(connections)).toEqual([undefined, undefined, undefined])
    await clock.advance(1)

    expect(closed(connections)).toEqual([undefined, 'supplanted local', 'supplanted local'])
    expect(clock.pending).toBe(0)
  })

  it('does not close one with streams before the last of them has ended', async () => {
    const { clock, connections, duplicates } = scene(2)
    const [, second] = connections

    second?.streams.push({})
    duplicates.watch(PEER)
    await clock.advance(60_000)
    expect(closed(connections)).toEqual([undefined, undefined])

    second?.streams.pop()
    await clock.advance(3_000)
    expect(closed(connections)).toEqual([undefined, 'supplanted local'])
    expect(clock.pending).toBe(0)
  })

  it('does not look again and again at no distance where there is no grace', async () => {
    const { clock, connections, duplicates } = scene(2, 0)
    let looks = 0
    const at = clock.at.bind(clock)

    clock.at = (when, fn) => {
      looks++

      return at(when, fn)
    }
    connections[1]?.streams.push({})
    duplicates.watch(PEER)
    await clock.advance(10_000)

    expect(looks).toBeLessThanOrEqual(12)
    expect(looks).toBeGreaterThan(5)
  })

  it('counts the grace from the first duplicate, and needs one to begin', async () => {
    const { clock, connections, duplicates } = scene(1)

    duplicates.watch(PEER)
    expect(clock.pending).toBe(0)

    connections.push(new Fake(5))
    duplicates.watch(PEER)
    await clock.advance(2_000)
    connections.push(new Fake(6))
    duplicates.watch(PEER)
    await clock.advance(1_000)

    expect(closed(connections)).toEqual([undefined, 'supplanted local', 'supplanted local'])
  })

  it('leaves the last one when the others have gone by themselves', async () => {
    const { clock, connections, duplicates } = scene(2)
    const [first] = connections

    duplicates.watch(PEER)
    await first?.closeWith({ code: 'lost', by: 'remote' })
    await clock.advance(3_000)

    expect(closed(connections)).toEqual(['lost remote', undefined])
  })

  it('tells of a close that fails', async () => {
    const { clock, connections, duplicates, errors } = scene(2)
    const fault = new Error('it will not close')
    const [, second] = connections

    if (second != null) {
      second.closeWith = async () => { throw fault }
    }

    duplicates.watch(PEER)
    await clock.advance(3_000)

    expect(errors).toEqual([fault])
  })

  it('does nothing any more when it is disposed of', async () => {
    const { clock, connections, duplicates } = scene(2)

    duplicates.watch(PEER)
    duplicates[Symbol.dispose]()
    await clock.advance(10_000)

    expect(closed(connections)).toEqual([undefined, undefined])
    expect(clock.pending).toBe(0)
  })
})
