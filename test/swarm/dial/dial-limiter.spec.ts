import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { DialLimiter } from '../../../src/swarm/dial/dial-limiter.ts'
import { settle } from '../../support/fake-clock.ts'
import { RELAY } from './fixtures.ts'
import type { DialJob, DialLimiterStat } from '../../../src/swarm/dial/dial-limiter.ts'

const IDLE: DialLimiterStat = { fdInUse: 0, fdWaiting: 0, active: 0, waiting: 0, peers: 0 }

interface Dial {
  peer: string
  address: string
  started: boolean
  /** Ends the dial, as the network would. */
  succeed(): void
  fail(error?: Error): void
  abort(reason: Error): void
  outcome: Promise<string>
  /** 'pending', or how the promise given to the caller ended. */
  state: string
  late: string[]
  signal: AbortSignal
}

/** Queues a dial that goes on until the test ends it, whatever its signal says. */
function dial (limiter: DialLimiter, peer: string, address: string, init: Partial<DialJob<string>> = {}): Dial {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const controller = new AbortController()
  const late: string[] = []

  promise.catch(() => {}) // a job that never starts leaves it to nobody

  const outcome = limiter.run({
    peer,
    address: multiaddr(address),
    signal: controller.signal,
    dial: async () => {
      result.started = true
      return promise
    },
    onLate: (value) => { late.push(value) },
    ...init
  })
  const result: Dial = {
    peer,
    address,
    started: false,
    succeed: () => { resolve(`connection ${address}`) },
    fail: (error = new Error('bad dial')) => { reject(error) },
    abort: (reason) => { controller.abort(reason) },
    outcome,
    state: 'pending',
    late,
    signal: controller.signal
  }

  outcome.then((value) => { result.state = value }, (error: Error) => { result.state = error.message })

  return result
}

function tcp (port: number): string {
  return `/ip4/127.0.0.1/tcp/${port}`
}

function started (dials: Dial[]): boolean[] {
  return dials.map((item) => item.started)
}

describe('DialLimiter, limit of a peer', () => {
  it('lets a fifth dial of a peer wait until one of four has ended', async () => {
    const limiter = new DialLimiter({ maxFdDials: 160, maxDialsPerPeer: 4 })
    const bad = [1, 2, 3, 4].map((port) => dial(limiter, 'peer', tcp(port)))
    const good = dial(limiter, 'peer', tcp(20))

    await settle()
    expect(started(bad)).toEqual([true, true, true, true])
    expect(good.started).toBe(false)
    expect(limiter.stat()).toEqual({ fdInUse: 4, fdWaiting: 0, active: 4, waiting: 1, peers: 1 })

    bad[2]?.fail()
    await settle()
    expect(bad[2]?.state).toBe('bad dial')
    expect(good.started).toBe(true)

    good.succeed()
    expect(await good.outcome).toBe('connection /ip4/127.0.0.1/tcp/20')
  })

  it('starts the dials of a peer in the order in which they came', async () => {
    const limiter = new DialLimiter({ maxFdDials: 160, maxDialsPerPeer: 1 })
    const dials = [3, 1, 2].map((port) => dial(limiter, 'peer', tcp(port)))
    const order: boolean[][] = []

    for (const item of dials) {
      await settle()
      order.push(started(dials))
      item.succeed()
    }

    expect(order).toEqual([[true, false, false], [true, true, false], [true, true, true]])
  })

  it('counts each address as a peer where the peer is not known', async () => {
    const limiter = new DialLimiter({ maxFdDials: 160, maxDialsPerPeer: 1 })
    const dials = [dial(limiter, '', tcp(1)), dial(limiter, '', tcp(2)), dial(limiter, '', tcp(1))]

    await settle()

    expect(started(dials)).toEqual([true, true, false])
  })

  it('forgets a peer when its last job has ended', async () => {
    const limiter = new DialLimiter({ maxFdDials: 160, maxDialsPerPeer: 1 })
    const [active, waiting] = [dial(limiter, 'peer', tcp(1)), dial(limiter, 'peer', tcp(2))]

    await settle()
    waiting.abort(new Error('gone'))
    await settle()
    expect(limiter.stat().peers).toBe(1)

    active.succeed()
    await settle()
    expect(limiter.stat()).toEqual(IDLE)
  })
})

describe('DialLimiter, limit of file descriptors', () => {
  it('holds back TCP, but neither UDP nor relayed addresses', async () => {
    const limiter = new DialLimiter({ maxFdDials: 16, maxDialsPerPeer: 5 })
    const peers = ['peer1', 'peer2', 'peer3', 'peer4']
    const bad = peers.flatMap((peer) => [1, 2, 3, 4].map((port) => dial(limiter, peer, tcp(port))))
    const good = peers.map((peer) => dial(limiter, peer, tcp(20)))
    const udp = dial(limiter, 'peer5', '/ip4/127.0.0.1/udp/7777/utp')
    const relayed = dial(limiter, 'peer6', `${tcp(20)}/p2p-circuit/p2p/${RELAY.toString()}`)

    await settle()

    expect(started(bad).every(Boolean)).toBe(true)
    expect(started(good).some(Boolean)).toBe(false)
    expect([udp.started, relayed.started]).toEqual([true, true])
    expect(limiter.stat()).toEqual({ fdInUse: 16, fdWaiting: 4, active: 18, waiting: 4, peers: 6 })
  })

  it('gives what one peer frees to a job that may use it, and lets no peer starve another', async () => {
    const limiter = new DialLimiter({ maxFdDials: 8, maxDialsPerPeer: 4 })
    const one = [1, 2, 3, 4].map((port) => dial(limiter, 'peer1', tcp(port)))
    const two = [1, 2, 3, 4].map((port) => dial(limiter, 'peer2', tcp(port)))
    const good = dial(limiter, 'peer2', tcp(1001))

    await settle()
    expect(good.started).toBe(false)

    // a file descriptor is free, but the second peer has no permit left
    one[0]?.fail()
    await settle()
    expect(good.started).toBe(false)

    const more = dial(limiter, 'peer1', tcp(7))

    await settle()
    expect(more.started).toBe(true)

    two[0]?.fail()
    await settle()
    expect(good.started).toBe(true)
  })

  it('gives file descriptors to jobs in the order in which they came, whosever they are', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 8 })
    const dials = ['b', 'a', 'b', 'c'].map((peer, port) => dial(limiter, peer, tcp(port)))
    const order: number[] = []

    for (const item of dials) {
      await settle()
      order.push(started(dials).filter(Boolean).length)
      expect(item.started).toBe(true)
      item.fail()
    }

    expect(order).toEqual([1, 2, 3, 4])
  })

  it('keeps the permit of its peer while a job waits for a file descriptor', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const first = dial(limiter, 'peer1', tcp(1))
    const waiting = dial(limiter, 'peer2', tcp(2))
    const udp = dial(limiter, 'peer2', '/ip4/127.0.0.1/udp/3/quic-v1')

    await settle()
    expect(started([first, waiting, udp])).toEqual([true, false, false])
    expect(limiter.stat()).toEqual({ fdInUse: 1, fdWaiting: 1, active: 1, waiting: 2, peers: 2 })

    waiting.abort(new Error('gone'))
    await settle()
    expect(udp.started).toBe(true)
  })
})

describe('DialLimiter, aborting', () => {
  it('rejects a waiting job at once with the reason, and never starts it', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const reason = new Error('gone')
    const active = dial(limiter, 'peer', tcp(1))
    const forPeer = dial(limiter, 'peer', tcp(2))
    const forFd = dial(limiter, 'other', tcp(3))

    await settle()
    forPeer.abort(reason)
    forFd.abort(reason)
    await expect(forPeer.outcome).rejects.toBe(reason)
    await expect(forFd.outcome).rejects.toBe(reason)

    active.succeed()
    await settle()
    expect(started([forPeer, forFd])).toEqual([false, false])
    expect(limiter.stat()).toEqual(IDLE)
  })

  it.each(Array.from({ length: 12 }, (_, turns) => turns))('starts no job after its abort when its permit comes %i turns before', async (turns) => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const active = dial(limiter, 'peer', tcp(1))
    const waiting = dial(limiter, 'peer', tcp(2))

    await settle()
    active.succeed()

    for (let turn = 0; turn < turns; turn++) {
      await Promise.resolve()
    }

    const startedBefore = waiting.started

    waiting.abort(new Error('gone'))
    waiting.fail()
    await settle()

    expect(waiting.started).toBe(startedBefore)
    expect(waiting.state).toBe('gone')
    expect(limiter.stat()).toEqual(IDLE)
  })

  it('takes no job whose signal has aborted before', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const reason = new Error('gone')
    const job = dial(limiter, 'peer', tcp(1), { signal: AbortSignal.abort(reason) })

    await expect(job.outcome).rejects.toBe(reason)
    expect(job.started).toBe(false)
    expect(limiter.stat()).toEqual(IDLE)
  })

  it('rejects at once but keeps both permits while a dial ignores its abort', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const stubborn = dial(limiter, 'peer', tcp(1))
    const samePeer = dial(limiter, 'peer', tcp(2))
    const otherPeer = dial(limiter, 'other', tcp(3))

    await settle()
    stubborn.abort(new Error('gone'))
    await settle()
    expect(stubborn.state).toBe('gone')
    expect(started([samePeer, otherPeer])).toEqual([false, false])
    expect(limiter.stat()).toMatchObject({ fdInUse: 1, active: 1 })

    stubborn.fail()
    await settle()
    expect(started([samePeer, otherPeer])).toEqual([false, true])
  })

  it('hands a connection that comes too late to its owner, and to nobody else', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const late = dial(limiter, 'peer', tcp(1))
    const onTime = dial(limiter, 'other', '/memory/a')

    await settle()
    late.abort(new Error('gone'))
    late.succeed()
    onTime.succeed()
    await settle()
    onTime.abort(new Error('too late to matter'))
    await settle()

    expect([late.state, late.late]).toEqual(['gone', ['connection /ip4/127.0.0.1/tcp/1']])
    expect([onTime.state, onTime.late]).toEqual(['connection /memory/a', []])
    expect(limiter.stat()).toEqual(IDLE)
  })

  it('survives an owner that fails to close what came too late', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const late = dial(limiter, 'peer', tcp(1), { onLate: () => { throw new Error('no close') } })

    await settle()
    late.abort(new Error('gone'))
    late.succeed()
    await settle()

    expect(limiter.stat()).toEqual(IDLE)
  })

  it('leaves no listener on the signal of a job that has ended', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const controller = new AbortController()
    const counts = { add: 0, remove: 0 }
    const { addEventListener, removeEventListener } = controller.signal

    controller.signal.addEventListener = (...args: unknown[]) => {
      counts.add++
      Reflect.apply(addEventListener, controller.signal, args)
    }
    controller.signal.removeEventListener = (...args: unknown[]) => {
      counts.remove++
      Reflect.apply(removeEventListener, controller.signal, args)
    }

    const blocker = dial(limiter, 'peer', tcp(1))
    const job = dial(limiter, 'peer', tcp(2), { signal: controller.signal })

    blocker.succeed()
    job.succeed()
    await job.outcome
    await settle()

    expect(counts.add).toBeGreaterThan(0)
    expect(counts.remove).toBe(counts.add)
  })

  it('does not touch the queue of a peer when an older dial of it ends', async () => {
    const limiter = new DialLimiter({ maxFdDials: 160, maxDialsPerPeer: 2 })
    const older = [1, 2, 3].map((port) => dial(limiter, 'peer', tcp(port)))
    const newer = [4, 5].map((port) => dial(limiter, 'peer', tcp(port)))

    await settle()
    older.forEach((item) => { item.abort(new Error('worker ended')) })
    older.forEach((item) => { item.fail() })
    await settle()

    expect(started(newer)).toEqual([true, true])
  })

  it('counts right when many jobs come and go', async () => {
    const limiter = new DialLimiter({ maxFdDials: 20, maxDialsPerPeer: 3 })
    const dials = Array.from({ length: 60 }, (_, i) => dial(limiter, `peer${i % 20}`, tcp(i)))

    await settle()
    expect(limiter.stat()).toMatchObject({ fdInUse: 20, fdWaiting: 40, active: 20 })

    dials.forEach((item) => { item.abort(new Error('gone')) })
    dials.forEach((item) => { item.fail() })
    await settle()

    expect(dials.every(({ state }) => state === 'gone')).toBe(true)
    expect(limiter.stat()).toEqual(IDLE)
  })
})

describe('DialLimiter, errors', () => {
  it('passes on what the dial throws, even at once', async () => {
    const limiter = new DialLimiter({ maxFdDials: 1, maxDialsPerPeer: 1 })
    const error = new Error('not even a promise')
    const job = dial(limiter, 'peer', tcp(1), { dial: () => { throw error } })

    await expect(job.outcome).rejects.toBe(error)
    await settle()
    expect(limiter.stat()).toEqual(IDLE)
  })
})
