import { describe, expect, it, vi } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { ChannelSender, copy, pipe, takeSendPort } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { drain, listenersOf, message, scene, schemaOf, stateOf } from './scene.ts'
import type { Scene } from './scene.ts'
import type { ChannelEnd } from '../../../src/channel/contract/index.ts'

/** An object that is no end of this package, but does as one. */
function passOn<T extends object> (end: T): T {
  return new Proxy(Object.create(null) as T, {
    get: (_, name) => {
      const member = Reflect.get(end, name, end) as unknown

      return typeof member === 'function' ? member.bind(end) as unknown : member
    }
  })
}

describe('copy', () => {
  it('sends on all messages, counts them, and leaves the sender open', async () => {
    const source = scene(4)
    const target = scene(8)

    await Promise.all([1, 2, 3].map((n) => source.sender.send(n)))
    await source.sender.close()

    expect(await copy(target.sender, source.receiver)).toBe(3)
    await target.sender.send(4)
    await target.sender.close()
    expect(await drain(target.receiver)).toEqual([1, 2, 3, 4])
  })

  it('waits for the slower side', async () => {
    const source = scene()
    const target = scene()
    const copied = copy(target.sender, source.receiver)

    await source.sender.send(1)
    const second = source.sender.send(2)

    // one message is under way, and no more are taken
    expect(await stateOf(second)).toBe('pending')
    expect(await target.receiver.receive()).toEqual(message(1))
    await second
    await source.sender.close()
    expect(await target.receiver.receive()).toEqual(message(2))
    expect(await copied).toBe(2)
  })

  it('takes 10,000 messages through five copies in a row, in order', async () => {
    const pipes = Array.from({ length: 6 }, (_, n) => scene(n % 3))
    const copies = pipes.slice(1).map(async ({ sender }, n) => {
      const source = pipes[n] ?? scene()
      const count = await copy(sender, source.receiver)

      await sender.close()

      return count
    })
    const sent = (async () => {
      for (let n = 0; n < 10_000; n++) {
        await pipes[0]?.sender.send(n)
      }

      await pipes[0]?.sender.close()
    })()

    expect(await drain(pipes[5]?.receiver ?? scene().receiver)).toEqual(Array.from({ length: 10_000 }, (_, n) => n))
    await sent
    expect(await Promise.all(copies)).toEqual(Array(5).fill(10_000))
  })

  it('throws the abort of its source and leaves the target open', async () => {
    const source = scene(1)
    const target = scene(1)
    const copied = copy(target.sender, source.receiver)

    source.sender.abort({ code: 300, message: 'broken' })

    await expect(copied).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 300, message: 'broken' } })
    await target.sender.send(1)
    expect(await target.receiver.receive()).toEqual(message(1))
  })

  it('cancels its source, with the same reason, when the target is cancelled', async () => {
    const source = scene()
    const target = scene()
    const copied = copy(target.sender, source.receiver)

    target.receiver.cancel({ code: 301, message: 'full' })
    await source.sender.send(1)

    await expect(copied).rejects.toMatchObject({ code: 'ChannelCancelled' })
    expect(await source.sender.closed).toEqual({ how: 'cancelled', reason: { code: 301, message: 'full' } })
  })

  it.each([
    ['is cancelled', ({ receiver }: Scene<number>) => { receiver.cancel() }, 'ChannelCancelled'],
    ['is aborted', ({ sender }: Scene<number>) => { sender.abort() }, 'ChannelClosed'],
    ['is closed', ({ sender }: Scene<number>) => { sender.close().catch(() => {}) }, 'ChannelClosed'],
    ['is moved', ({ sender }: Scene<number>) => { takeSendPort(sender) }, 'ChannelMoved']
  ] as const)('ends when its target %s, though the source is silent', async (_, end, code) => {
    const source = scene()
    const target = scene()
    const copied = copy(target.sender, source.receiver)

    await settle()
    end(target)

    await expect(copied).rejects.toMatchObject({ code })
    expect(await source.sender.closed).toMatchObject({ how: 'cancelled' })
    await expect(copy(target.sender, scene().receiver)).rejects.toMatchObject({ code })
  })

  it('ends with the loss of its target', async () => {
    const source = scene()
    const lost = new CodedError('ConnectionLost', 'the wire was cut')
    const { promise: closed, resolve } = Promise.withResolvers<ChannelEnd>()
    const sender = new ChannelSender<number>({ trySend: () => true, offer: () => {}, withdraw: () => {}, close: () => Promise.resolve(), abort: () => {}, closed })
    const copied = copy(sender, source.receiver)

    resolve({ how: 'lost', error: lost })

    await expect(copied).rejects.toBe(lost)
    expect(await source.sender.closed).toEqual({ how: 'cancelled', reason: { code: 1, message: 'the wire was cut' } })
  })

  it('works on ends of other kinds, too', async () => {
    const source = scene(3)
    const target = scene(3)
    const foreignReceiver = passOn(source.receiver)
    const sent = Promise.all([1, 2, 3, 4].map((n) => source.sender.send(n)))
    const copied = copy(passOn(target.sender), foreignReceiver)

    void source.sender.close()

    expect(await target.receiver.receive()).toEqual(message(1))
    expect(await copied).toBe(4)
    await sent
  })

  it.each([
    ['receive', 0],
    ['send', 1]
  ])('ends with the reason of its signal while it waits to %s, and cancels its source', async (_, messages) => {
    const source = scene(1)
    const target = scene()
    const controller = new AbortController()
    const reason = new Error('stop')
    const copied = copy(target.sender, source.receiver, controller)

    for (let n = 0; n < messages; n++) {
      await source.sender.send(n)
    }

    await settle()
    controller.abort(reason)

    await expect(copied).rejects.toBe(reason)
    expect(await source.sender.closed).toEqual({ how: 'cancelled', reason: { code: 3, message: 'stop' } })
    expect(target.receiver.tryReceive()).toBeUndefined()
    expect(listenersOf(controller.signal)).toBe(0)
  })

  it('does not begin under a signal that has aborted', async () => {
    const source = scene(1)
    const target = scene(1)

    await source.sender.send(1)

    await expect(copy(target.sender, source.receiver, { signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
    await expect(copy(target.sender, scene().receiver, { signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
    expect(target.receiver.tryReceive()).toBeUndefined()
  })

  it('watches its target only while it copies', async () => {
    const { sender } = scene(1)
    const source = scene()
    let watchers = 0

    vi.spyOn(sender.desk, 'watch').mockImplementation(() => {
      watchers++

      return { [Symbol.dispose]: () => { watchers-- } }
    })

    const copied = copy(sender, source.receiver)

    expect(watchers).toBe(1)
    source.sender.abort()
    await expect(copied).rejects.toMatchObject({ code: 'ChannelAborted' })
    expect(watchers).toBe(0)
  })

  it('ends with a message that the target does not take, and names it as the reason', async () => {
    const source = scene(1)
    const [, sender] = pipe<number>({ capacity: 1, schema: schemaOf(() => { throw new TypeError('never') }) })

    await source.sender.send(1)

    await expect(copy(sender, source.receiver)).rejects.toMatchObject({ code: 'MessageRejected' })
    expect(await source.sender.closed).toMatchObject({ how: 'cancelled', reason: { code: 8 } })
  })
})
