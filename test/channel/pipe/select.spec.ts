import { describe, expect, it } from 'vitest'
import { pipe, select, withSchema } from '../../../src/channel/pipe/index.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { drain, END, listenersOf, message, scene, schemaOf, stateOf } from './scene.ts'

describe('select', () => {
  it('gives the message of a receiver, or its end, by name', async () => {
    const { sender, receiver } = scene(1)

    await sender.send(1)
    expect(await select({ job: receiver })).toEqual({ name: 'job', done: false, value: 1 })
    await sender.close()
    expect(await select({ job: receiver })).toEqual({ name: 'job', done: true, value: undefined })
  })

  it('waits for the first message of several receivers', async () => {
    const a = scene()
    const b = scene()
    const selected = select({ a: a.receiver, b: b.receiver })

    expect(await stateOf(selected)).toBe('pending')
    await b.sender.send(2)

    expect(await selected).toEqual({ name: 'b', done: false, value: 2 })
    expect(a.channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
  })

  it('sends a value when its sender can, and only then', async () => {
    const a = scene(1)
    const b = scene()

    expect(await select({ a: [a.sender, 1], b: [b.sender, 2] })).toEqual({ name: 'a' })
    expect(a.channel.stat()).toMatchObject({ buffered: 1 })
    expect(b.channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })

    const selected = select({ a: [a.sender, 3], b: [b.sender, 4] })

    expect(await stateOf(selected)).toBe('pending')
    expect(await b.receiver.receive()).toEqual(message(4))
    expect(await selected).toEqual({ name: 'b' })
    expect(await a.receiver.receive()).toEqual(message(1))
    expect(a.receiver.tryReceive()).toBeUndefined()
  })

  it('gives the reason of a signal that aborts, or has aborted', async () => {
    const { receiver, channel } = scene()
    const controller = new AbortController()
    const selected = select({ job: receiver, stop: controller.signal })

    controller.abort('enough')

    expect(await selected).toEqual({ name: 'stop', reason: 'enough' })
    expect(await select({ job: receiver, stop: controller.signal })).toEqual({ name: 'stop', reason: 'enough' })
    expect(channel.stat()).toMatchObject({ receiving: 0 })
    expect(listenersOf(controller.signal)).toBe(0)
  })

  it('gives the shortest time when nothing else happens before', async () => {
    const clock = new FakeClock()
    const { receiver, channel } = scene()
    const selected = select({ job: receiver, long: { afterMs: 500 }, short: { afterMs: 200 } }, { clock })

    await clock.advance(199)
    expect(await stateOf(selected)).toBe('pending')
    await clock.advance(1)

    expect(await selected).toEqual({ name: 'short' })
    expect(clock.pending).toBe(0)
    expect(channel.stat()).toMatchObject({ receiving: 0 })
  })

  it('prefers whatever is ready to a time of 0, which means "or not at all"', async () => {
    const clock = new FakeClock()
    const { sender, receiver } = scene(1)

    await sender.send(1)
    expect(await select({ none: { afterMs: 0 }, job: receiver }, { clock })).toMatchObject({ name: 'job' })
    const selected = select({ none: { afterMs: 0 }, job: receiver }, { clock })
    await clock.advance(0)

    expect(await selected).toEqual({ name: 'none' })
  })

  it('sets no timer when something is ready', async () => {
    const { receiver, sender } = scene(1)
    const clock = { now: () => 0, at: () => { throw new Error('no timer was wanted') } }

    await sender.send(1)

    expect(await select({ later: { afterMs: 5 }, job: receiver }, { clock })).toMatchObject({ name: 'job' })
  })

  it('sets no timer for a time that never comes', async () => {
    const clock = new FakeClock()
    const { sender, receiver } = scene()
    const selected = select({ never: { afterMs: Infinity }, job: receiver }, { clock })

    expect(clock.pending).toBe(0)
    await sender.send(1)

    expect(await selected).toMatchObject({ name: 'job' })
  })

  it('rejects with the error of the branch that failed, and leaves the others as they were', async () => {
    const clock = new FakeClock()
    const { signal } = new AbortController()
    const failing = scene()
    const other = scene()
    const selected = select({ failing: failing.receiver, other: other.receiver, later: { afterMs: 5 }, stop: signal }, { clock, signal })

    failing.sender.abort('no')

    await expect(selected).rejects.toMatchObject({ code: 'ChannelAborted' })
    expect(other.channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
    expect(clock.pending).toBe(0)
    expect(listenersOf(signal)).toBe(0)
  })

  it('rejects when the receiver of a sender has cancelled, or its sender is closed', async () => {
    const cancelled = scene()
    const closed = scene()
    const waiting = select({ out: [cancelled.sender, 1] })

    cancelled.receiver.cancel()
    await closed.sender.close()

    await expect(waiting).rejects.toMatchObject({ code: 'ChannelCancelled' })
    await expect(select({ out: [cancelled.sender, 1] })).rejects.toMatchObject({ code: 'ChannelCancelled' })
    await expect(select({ out: [closed.sender, 1] })).rejects.toMatchObject({ code: 'ChannelClosed' })
  })

  it('rejects with the reason of its own signal, which comes before everything', async () => {
    const { sender, receiver, channel } = scene(1)
    const controller = new AbortController()
    const reason = new Error('stop')
    const selected = select({ job: receiver }, controller)

    controller.abort(reason)
    await expect(selected).rejects.toBe(reason)
    await sender.send(1)
    await expect(select({ job: receiver }, controller)).rejects.toBe(reason)

    expect(channel.stat()).toEqual({ buffered: 1, sending: 0, receiving: 0 })
    expect(listenersOf(controller.signal)).toBe(0)
  })

  it('leaves no listener or timer when a message comes', async () => {
    const clock = new FakeClock()
    const { signal } = new AbortController()
    const { sender, receiver } = scene()
    const selected = select({ job: receiver, stop: signal, later: { afterMs: 100 } }, { clock, signal })

    expect(listenersOf(signal)).toBe(2)
    expect(clock.pending).toBe(1)
    await sender.send(1)
    await selected

    expect(listenersOf(signal)).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('waits for a close that has messages before it to be over', async () => {
    const { sender, receiver } = scene()
    const selected = select({ out: [sender, 1] })
    const closing = sender.close()

    expect(await receiver.receive()).toEqual(message(1))
    expect(await selected).toEqual({ name: 'out' })
    await closing
    expect(await receiver.receive()).toEqual(END)
  })
})

describe('two selects', () => {
  it('meet without anybody between them', async () => {
    const { sender, receiver, channel } = scene()
    const other = scene()
    const receives = select({ job: receiver, other: other.receiver })
    const sends = select({ out: [sender, 1], other: [other.sender, 2] }, { random: () => 0.99 })
    const results = [await receives, await sends]

    expect(results).toContainEqual({ name: results[0]?.name, done: false, value: results[0]?.name === 'job' ? 1 : 2 })
    expect(results[1]).toEqual({ name: results[0]?.name === 'job' ? 'out' : 'other' })
    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
    expect(other.channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
  })

  it('meet when each both sends and receives on the same channel', async () => {
    const { sender, receiver, channel } = scene()
    const both = (value: number): Promise<{ name: string }> => select({ in: receiver, out: [sender, value] })
    const results = await Promise.all([both(1), both(2)])

    expect(results.map(({ name }) => name).sort()).toEqual(['in', 'out'])
    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
  })

  it.each([false, true])('and one alone never meets itself, checked by a schema: %s', async (isChecked) => {
    const { sender, receiver, channel } = scene()
    const input = isChecked ? withSchema(receiver, schemaOf(Number)) : receiver
    const output = isChecked ? withSchema(sender, schemaOf(Number)) : sender
    const selected = select({ in: input, again: input, out: [output, 1] })

    expect(await stateOf(selected)).toBe('pending')
    expect(channel.stat()).toMatchObject({ sending: 1 })
    const [other] = await Promise.all([input.receive(), selected])

    expect(other).toEqual(message(1))
    expect(await selected).toEqual({ name: 'out' })
    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
  })

  it('lets one that waits on both ends of a channel meet a plain send', async () => {
    const { sender, receiver, channel } = scene()
    const selected = select({ in: receiver, out: [sender, 1] })

    expect(sender.trySend(2)).toBe(true)

    expect(await selected).toEqual({ name: 'in', done: false, value: 2 })
    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
  })

  it('share out the messages of one channel', async () => {
    const { sender, receiver } = scene()
    const quit = scene()
    const workers = Array.from({ length: 1_000 }, () => select({ job: receiver, quit: quit.receiver }))

    for (let n = 0; n < 900; n++) {
      await sender.send(n)
    }

    await quit.sender.close()
    const results = await Promise.all(workers)

    expect(results.slice(0, 900)).toEqual(Array.from({ length: 900 }, (_, n) => ({ name: 'job', done: false, value: n })))
    expect(results.slice(900)).toEqual(Array(100).fill({ name: 'quit', done: true, value: undefined }))
  })
})

describe('select of several that are ready', () => {
  it.each([2, 3, 5])('takes each of %i as often in 10,000 turns, but for 400', async (count) => {
    const seed = 20261120 + count
    const random = seededRandom(seed)
    const turns = 10_000
    const scenes = Array.from({ length: count }, () => scene(1))
    const taken = new Map<string, number>()

    for (let turn = 0; turn < turns; turn++) {
      // the last branch sends, the others receive; all are ready
      const branches = Object.fromEntries(scenes.map(({ sender, receiver }, n) => {
        return [`branch ${n}`, n === count - 1 ? [sender, turn] as const : receiver]
      }))

      for (const { sender } of scenes.slice(0, -1)) {
        sender.trySend(turn)
      }

      const { name } = await select(branches, { random })

      scenes.at(-1)?.receiver.tryReceive()
      taken.set(name, (taken.get(name) ?? 0) + 1)
    }

    const share = turns / count

    expect(taken.size, `seed ${seed}`).toBe(count)
    expect([...taken.values()].filter((times) => Math.abs(times - share) > turns * 0.04), `seed ${seed}`).toEqual([])
  })

  it('counts a signal and an end among them', async () => {
    const random = seededRandom(7)
    const { sender, receiver } = scene()
    const stop = AbortSignal.abort('enough')
    const taken = { end: 0, stop: 0 }

    await sender.close()

    for (let turn = 0; turn < 1_000; turn++) {
      taken[(await select({ end: receiver, stop }, { random })).name]++
    }

    expect(taken.end + taken.stop).toBe(1_000)
    expect(Math.abs(taken.end - 500)).toBeLessThan(50)
  })

  it('loses nothing of those not taken', async () => {
    const random = seededRandom(5)
    const scenes = [scene(100), scene(100)] as const
    const received: number[][] = [[], []]

    for (let n = 0; n < 100; n++) {
      scenes[0].sender.trySend(n)
      scenes[1].sender.trySend(n)
    }

    for (let turn = 0; turn < 120; turn++) {
      const next = await select({ 0: scenes[0].receiver, 1: scenes[1].receiver }, { random })

      received[Number(next.name)]?.push(next.value ?? NaN)
    }

    for (const [n, { sender, receiver }] of scenes.entries()) {
      await sender.close()
      expect([...received[n] ?? [], ...await drain(receiver)]).toEqual(Array.from({ length: 100 }, (_, m) => m))
    }
  })
})

describe('select refuses', () => {
  it('to wait for nothing', async () => {
    await expect(select({})).rejects.toThrow(new TypeError('select needs at least one branch, received none: it would wait for ever'))
  })

  it.each([
    ['null', null],
    ['a number', 5],
    ['a promise', Promise.resolve()],
    ['a list whose first is no sender', [scene().receiver, 1]],
    ['an object of its own kind', { receive: () => {} }]
  ])('%s as a branch', async (_, branch) => {
    await expect(select({ odd: branch as never })).rejects.toThrow(/^branch odd of select must be a receiver, \[sender, value\], an AbortSignal or \{ afterMs \}, received /)
  })

  it.each([-1, NaN, 'soon'])('%s as a time', async (afterMs) => {
    const { receiver, channel } = scene()

    await expect(select({ job: receiver, later: { afterMs: afterMs as number } })).rejects.toThrow(new RangeError(`afterMs of branch later must be 0 or more, received ${afterMs}`))
    expect(channel.stat()).toMatchObject({ receiving: 0 })
  })

  it('and leaves nothing behind when its clock fails', async () => {
    const { receiver, channel } = scene()
    const clock = { now: () => 0, at: () => { throw new Error('no clock') } }

    await expect(select({ job: receiver, later: { afterMs: 1 } }, { clock })).rejects.toThrow('no clock')
    expect(channel.stat()).toMatchObject({ receiving: 0 })
  })
})

describe('select over a schema that answers later', () => {
  it('keeps a message whose check came too late for the next one', async () => {
    const [plain, sender] = pipe<number>()
    const receiver = withSchema(plain, schemaOf(async (value) => value as number))
    const controller = new AbortController()
    const selected = select({ job: receiver, stop: controller.signal })

    await sender.send(1)
    controller.abort('enough')
    expect(await selected).toMatchObject({ name: 'stop' })
    await settle()

    expect(await select({ job: receiver })).toEqual({ name: 'job', done: false, value: 1 })
  })

  it('sends nothing when another branch was first', async () => {
    const { sender: plain, receiver } = scene(1)
    const { promise, resolve } = Promise.withResolvers<number>()
    const sender = withSchema(plain, schemaOf(() => promise))
    const controller = new AbortController()
    const selected = select({ out: [sender, 1], stop: controller.signal })

    controller.abort('enough')
    expect(await selected).toMatchObject({ name: 'stop' })
    resolve(1)
    await settle()

    expect(receiver.tryReceive()).toBeUndefined()
  })

  it('sends nothing through a branch that another one of its own held up', async () => {
    const { sender: plain, receiver } = scene()
    const checks = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
    const sender = withSchema(plain, schemaOf((value) => checks[value as number]?.promise ?? NaN))
    const controller = new AbortController()
    // the order of the branches, as it is given
    const selected = select({ first: [sender, 0], second: [sender, 1], stop: controller.signal }, { random: () => 0.99 })
    const received = receiver.receive()

    checks[1]?.resolve(1)
    await settle()
    controller.abort('enough')

    expect(await selected).toEqual({ name: 'stop', reason: 'enough' })
    expect(await stateOf(received)).toBe('pending')
  })
})
