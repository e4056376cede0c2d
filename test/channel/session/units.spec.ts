import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryChannel } from '../../../src/channel/pipe/index.ts'
import { ByteQueue } from '../../../src/channel/session/byte-queue.ts'
import { ContinuedReceivePort } from '../../../src/channel/session/continued-receive-port.ts'
import { LateLink } from '../../../src/channel/session/late-link.ts'
import { LateReceivePort } from '../../../src/channel/session/late-receive-port.ts'
import { LateSendPort } from '../../../src/channel/session/late-send-port.ts'
import { Reaper } from '../../../src/channel/session/reaper.ts'
import { StreamNumbers, UsedNumbers } from '../../../src/channel/session/stream-numbers.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import type { ReceiveTicket } from '../../../src/channel/contract/index.ts'

describe('ByteQueue', () => {
  it('gives the bytes in order, however they came and however they are taken', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 200 }), fc.array(fc.nat(40), { minLength: 1 }), (chunks, sizes) => {
      const queue = new ByteQueue()
      const all = chunks.flatMap((chunk) => [...chunk])
      const taken: number[] = []

      for (const chunk of chunks) {
        queue.push(chunk)
      }

      for (let count = 0; queue.length > 0; count++) {
        const size = Math.min(queue.length, sizes[count % sizes.length] ?? 1)

        expect(queue.at(0)).toBe(all[taken.length])
        taken.push(...queue.take(size === 0 ? 1 : size))
        expect(queue.length).toBe(all.length - taken.length)
      }

      expect(taken).toEqual(all)
      expect(queue.at(0)).toBe(-1)
    }))
  })
})

// spec-channel 2.3
describe('StreamNumbers', () => {
  it('are odd for the initiator and even for the other side', () => {
    const [ours, theirs] = [new StreamNumbers(true), new StreamNumbers(false)]

    expect([ours.take(), ours.take(), theirs.take(), theirs.take()]).toEqual([1, 3, 2, 4])
    expect([ours.isOurs(5), ours.isOurs(4), theirs.isOurs(4)]).toEqual([true, false, true])
    expect([ours.wasTaken(3), ours.wasTaken(5)]).toEqual([true, false])
  })
})

describe('UsedNumbers', () => {
  it('remembers every number, in any order', () => {
    fc.assert(fc.property(fc.shuffledSubarray(Array.from({ length: 100 }, (_, index) => 2 + 2 * index)), (refs) => {
      const used = new UsedNumbers(2)

      for (const ref of refs) {
        expect(used.has(ref)).toBe(false)
        used.add(ref)
      }

      for (let ref = 2; ref <= 200; ref += 2) {
        expect(used.has(ref)).toBe(refs.includes(ref))
      }
    }))
  })

  it('counts what lies far behind as used, and so needs a bounded memory', () => {
    const used = new UsedNumbers(1)

    // every other number of theirs never comes
    for (let ref = 3; ref < 40_000; ref += 4) {
      used.add(ref)
    }

    expect([used.has(1), used.has(5), used.has(39_999), used.has(39_997)]).toEqual([true, true, true, false])
  })
})

describe('Reaper', () => {
  function item (since: number, log: string[], name: string): { runsSince(): number, expire(): void } {
    return { runsSince: () => since, expire: () => { log.push(name) } }
  }

  it('sets one timer, and none when nothing is left', async () => {
    const clock = new FakeClock()
    const reaper = new Reaper(clock, 100)
    const log: string[] = []
    const first = item(clock.now(), log, 'first')

    reaper.add(first)
    reaper.add(item(clock.now() + 50, log, 'second'))
    expect(clock.pending).toBe(1)
    reaper.delete(first)
    await clock.advance(100)
    expect([log, clock.pending]).toEqual([[], 1])
    await clock.advance(50)
    expect([log, clock.pending, reaper.size]).toEqual([['second'], 0, 0])
  })

  it('expires at once what comes after it was stopped', () => {
    const clock = new FakeClock()
    const reaper = new Reaper(clock, 100)
    const log: string[] = []

    reaper.add(item(0, log, 'kept'))
    reaper.stop()
    reaper.add(item(0, log, 'late'))

    expect([log, clock.pending]).toEqual([['late'], 0])
  })

  it('sets no timer for a time without an end', () => {
    const clock = new FakeClock()

    new Reaper(clock, Infinity).add(item(0, [], 'kept'))

    expect(clock.pending).toBe(0)
  })
})

interface Taker extends ReceiveTicket<unknown> {
  readonly got: unknown[]
}

function taker (isLive = true): Taker {
  const got: unknown[] = []

  return {
    got,
    claim: () => isLive,
    done: (result) => { got.push(result.done === true ? 'done' : result.value) },
    fail: (error) => { got.push(error) }
  }
}

// spec-channel 9.3
describe('ContinuedReceivePort', () => {
  it('waits between its two parts until the second is known', async () => {
    const [first, rest] = [new MemoryChannel<unknown>(5), new MemoryChannel<unknown>(5)]
    const port = new ContinuedReceivePort(first.receivePort)
    const [one, two, three] = [taker(), taker(), taker()]

    first.trySend(1)
    void first.close()
    rest.trySend(2)
    port.offer(one)
    port.offer(two)
    expect([one.got, two.got, port.tryReceive(), port.inner]).toEqual([[1], [], undefined, undefined])

    port.follow(rest.receivePort)
    expect([two.got, port.inner]).toEqual([[2], rest.receivePort])

    void rest.close()
    port.offer(three)
    expect(three.got).toEqual(['done'])
    await expect(port.closed).resolves.toEqual({ how: 'closed' })
  })

  it('keeps what came for somebody who had gone', () => {
    const first = new MemoryChannel<unknown>(0)
    const port = new ContinuedReceivePort(first.receivePort)
    const [gone, withdrawn] = [taker(false), taker()]

    port.offer(gone)
    port.offer(withdrawn)
    port.withdraw(withdrawn)
    // the first still stands in the queue, and says no when it is asked
    expect(first.trySend(1)).toBe(true)
    expect([gone.got, withdrawn.got]).toEqual([[], []])
    expect(port.tryReceive()).toEqual({ done: false, value: 1 })
  })

  it('asks for nothing when nobody waits any more', () => {
    const first = new MemoryChannel<unknown>(0)
    const port = new ContinuedReceivePort(first.receivePort)
    const only = taker()

    port.offer(only)
    port.withdraw(only)

    expect(first.stat().receiving).toBe(0)
  })

  it('cancels both parts, also the second that comes later', async () => {
    const [first, rest] = [new MemoryChannel<unknown>(0), new MemoryChannel<unknown>(0)]
    const port = new ContinuedReceivePort(first.receivePort)
    const waiting = taker()
    const reason = { code: 300, message: 'no' }

    port.offer(waiting)
    port.cancel(reason)
    port.follow(rest.receivePort)

    expect(waiting.got).toMatchObject([{ code: 'ChannelClosed' }])
    expect(await first.sendEnd).toEqual({ how: 'cancelled', reason })
    expect(await rest.sendEnd).toEqual({ how: 'cancelled', reason })
    expect(await port.closed).toEqual({ how: 'cancelled', reason })
  })

  it('fails as its first part, and then the second is cancelled', async () => {
    const [first, rest] = [new MemoryChannel<unknown>(0), new MemoryChannel<unknown>(0)]
    const port = new ContinuedReceivePort(first.receivePort)
    const reason = { code: 300, message: 'no' }

    port.follow(rest.receivePort)
    first.abort(reason)

    expect(() => port.tryReceive()).toThrow(expect.objectContaining({ code: 'ChannelAborted' }))
    expect(await port.closed).toEqual({ how: 'aborted', reason })
    expect(await rest.sendEnd).toEqual({ how: 'cancelled', reason })
  })
})

describe('ends that come before what is behind them', () => {
  it('refuse what comes too late', async () => {
    const [channel, other] = [new MemoryChannel<unknown>(1), new MemoryChannel<unknown>(1)]
    const [sender, receiver] = [new LateSendPort(), new LateReceivePort()]
    const error = new Error('never')

    sender.fail(error)
    receiver.fail(error)
    sender.open(channel.sendPort)
    receiver.open(other.receivePort)

    expect(() => sender.trySend(1)).toThrow(error)
    expect(() => receiver.tryReceive()).toThrow(error)
    expect(await channel.receiveEnd).toMatchObject({ how: 'aborted', reason: { message: 'never' } })
    expect(await other.sendEnd).toMatchObject({ how: 'cancelled', reason: { message: 'never' } })
    expect(await sender.closed).toEqual({ how: 'lost', error })
    expect(await receiver.closed).toEqual({ how: 'lost', error })
  })

  it('tell a failure once, and behind the call', async () => {
    const link = new LateLink()
    const log: Array<Error | undefined> = []
    const error = new Error('never')

    link.attach({ onData: () => {}, onEnd: () => {}, onRoom: () => {}, onClose: (cause) => { log.push(cause) } })
    link.fail(error)
    link.fail(error)
    expect(log).toEqual([])
    await settle()
    expect(log).toEqual([error])
    expect(link.write(new Uint8Array(1_000_000))).toBe(true)
  })

  it('hold a writer back, and tell it when there is room', () => {
    const link = new LateLink()
    const log: string[] = []
    const inner = { attach: () => {}, pause: () => {}, resume: () => { log.push('resume') }, write: () => log.push('write') > 0, end: () => {}, reset: () => {} }

    link.attach({ onData: () => {}, onEnd: () => {}, onRoom: () => { log.push('room') }, onClose: () => {} })
    link.resume()

    expect(link.write(new Uint8Array(65_536))).toBe(true)
    expect(link.write(new Uint8Array(1))).toBe(false)

    link.open(inner)

    expect(log).toEqual(['write', 'write', 'room', 'resume'])
  })
})
