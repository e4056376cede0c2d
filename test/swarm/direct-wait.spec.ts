import { describe, expect, it } from 'vitest'
import { DirectWait, MAX_DIRECT_WAITERS } from '../../src/swarm/direct-wait.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { failure } from '../support/stream-pair.ts'
import type { SwarmConnection } from '../../src/swarm/connection/index.ts'

const connection = (peer: string, limits?: object): SwarmConnection => ({ remotePeer: { toString: () => peer }, limits }) as unknown as SwarmConnection
const never = new AbortController().signal
const options = (clock: FakeClock, signal?: AbortSignal, ended = never): Parameters<DirectWait['wait']>[1] => ({ clock, timeoutMs: 1_000, signal, ended })

describe('DirectWait', () => {
  it('gives the next direct connection to all who wait for its peer, and to nobody else', async () => {
    const clock = new FakeClock()
    const wait = new DirectWait()
    const waiting = [wait.wait('a', options(clock)), wait.wait('a', options(clock))]
    const other = failure(wait.wait('b', options(clock)))
    const direct = connection('a')

    wait.offer(connection('a', { bytes: 1n }))
    wait.offer(connection('c'))
    wait.offer(direct)

    expect(await Promise.all(waiting)).toEqual([direct, direct])
    await clock.advance(1_000)
    expect(await other).toMatchObject({ code: 'LimitedConnection', message: expect.stringContaining('limited connection to peer b: no direct one came within 1000 ms') })
    expect(clock.pending).toBe(0)
  })

  it('ends with the signal of the caller, and with the swarm', async () => {
    const clock = new FakeClock()
    const wait = new DirectWait()
    const [caller, swarm] = [new AbortController(), new AbortController()]
    const [gone, over] = [new Error('gone'), new Error('over')]
    const first = failure(wait.wait('a', options(clock, caller.signal, swarm.signal)))
    const second = failure(wait.wait('a', options(clock, never, swarm.signal)))

    caller.abort(gone)
    expect(await first).toBe(gone)
    swarm.abort(over)
    expect(await second).toBe(over)
    expect(await failure(wait.wait('a', options(clock, undefined, swarm.signal)))).toBe(over)
    expect(await failure(wait.wait('a', options(clock, caller.signal)))).toBe(gone)
    expect(clock.pending).toBe(0)
  })

  it(`lets ${MAX_DIRECT_WAITERS} wait, and counts those who have left no more`, async () => {
    const clock = new FakeClock()
    const wait = new DirectWait()
    const waiting = Array.from({ length: MAX_DIRECT_WAITERS }, async () => wait.wait('a', options(clock)))

    expect(await failure(wait.wait('b', options(clock)))).toMatchObject({ code: 'ResourceLimit' })

    wait.offer(connection('a'))
    await Promise.all(waiting)
    const again = wait.wait('b', options(clock))

    wait.offer(connection('b'))
    await again
    expect(clock.pending).toBe(0)
  })
})
