import { describe, expect, it } from 'vitest'
import { isReceiver, isSender } from '../../../src/channel/pipe/index.ts'
import { drain, END, listenersOf, message, scene, stateOf } from './scene.ts'

describe('a signal', () => {
  it('that has aborted sends and takes nothing', async () => {
    const { sender, receiver, channel } = scene(1)
    const reason = new Error('late')
    const signal = AbortSignal.abort(reason)

    await expect(sender.send(1, { signal })).rejects.toBe(reason)
    await sender.send(2)
    await expect(receiver.receive({ signal })).rejects.toBe(reason)

    expect(channel.stat()).toMatchObject({ buffered: 1 })
  })

  it('ends a send that waits: nothing was sent, and nobody listens any more', async () => {
    const { sender, receiver, channel } = scene()
    const controller = new AbortController()
    const reason = new Error('bored')
    const first = sender.send(1, controller)
    const second = sender.send(2)

    expect(listenersOf(controller.signal)).toBe(1)
    controller.abort(reason)

    await expect(first).rejects.toBe(reason)
    expect(listenersOf(controller.signal)).toBe(0)
    expect(await receiver.receive()).toEqual(message(2))
    await second
    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
  })

  it('ends a receive that waits: nothing was taken', async () => {
    const { sender, receiver } = scene()
    const controller = new AbortController()
    const left = receiver.receive(controller)
    const stays = receiver.receive()

    controller.abort('bored')
    await expect(left).rejects.toBe('bored')
    await sender.send(1)

    expect(await stays).toEqual(message(1))
  })

  it('has no listener left whatever became of the call', async () => {
    const { sender, receiver } = scene()
    const { signal } = new AbortController()
    const sent = sender.send(1, { signal })

    await receiver.receive({ signal })
    await sent
    const received = receiver.receive({ signal })
    await sender.send(2, { signal })
    await received
    const failing = sender.send(3, { signal })
    const closing = sender.close({ signal })
    receiver.cancel()
    await expect(failing).rejects.toMatchObject({ code: 'ChannelCancelled' })
    await closing

    expect(listenersOf(signal)).toBe(0)
  })

  it('ends the waiting of close only', async () => {
    const { sender, receiver } = scene()
    const controller = new AbortController()
    const sent = sender.send(1)
    const closing = sender.close(controller)

    controller.abort('no time')

    await expect(closing).rejects.toBe('no time')
    expect(await drain(receiver)).toEqual([1])
    await sent
    expect(listenersOf(controller.signal)).toBe(0)
  })
})

describe('trySend', () => {
  it('sends to a receiver that waits, or into room, and never overtakes', async () => {
    const { sender, receiver } = scene(1)
    const received = receiver.receive()

    expect(sender.trySend(1)).toBe(true)
    expect(await received).toEqual(message(1))
    expect(sender.trySend(2)).toBe(true)
    expect(sender.trySend(3)).toBe(false)
  })

  it('finds nobody in a channel without capacity', () => {
    expect(scene().sender.trySend(1)).toBe(false)
  })
})

describe('tryReceive', () => {
  it('takes what is there: of the buffer, then of a sender that waits', async () => {
    const { sender, receiver } = scene(1)
    const sends = [sender.send(1), sender.send(2)]

    expect(receiver.tryReceive()).toEqual(message(1))
    expect(receiver.tryReceive()).toEqual(message(2))
    expect(receiver.tryReceive()).toBeUndefined()
    await Promise.all(sends)
  })

  it('takes of a sender in a channel without capacity', async () => {
    const { sender, receiver } = scene()
    const sent = sender.send(1)

    expect(receiver.tryReceive()).toEqual(message(1))
    await sent
  })
})

describe('for await', () => {
  it('ends with the channel', async () => {
    const { sender, receiver } = scene(3)

    await Promise.all([1, 2, 3].map((n) => sender.send(n)))
    await sender.close()

    expect(await drain(receiver)).toEqual([1, 2, 3])
    expect(await receiver.closed).toEqual({ how: 'closed' })
  })

  it('cancels when it is left early', async () => {
    const { sender, receiver } = scene(3)

    await Promise.all([1, 2, 3].map((n) => sender.send(n)))

    for await (const n of receiver) {
      if (n === 2) {
        break
      }
    }

    expect(await sender.closed).toEqual({ how: 'cancelled', reason: { code: 3, message: '' } })
    await expect(sender.send(4)).rejects.toMatchObject({ code: 'ChannelCancelled' })
  })

  it('throws when the sender aborts', async () => {
    const { sender, receiver } = scene()
    const loop = drain(receiver)

    sender.abort('no')

    await expect(loop).rejects.toMatchObject({ code: 'ChannelAborted' })
  })

  it('shares the messages out when there are several loops', async () => {
    const { sender, receiver } = scene()
    const loops = Promise.all([drain(receiver), drain(receiver)])

    for (let n = 0; n < 10; n++) {
      await sender.send(n)
    }

    await sender.close()

    expect((await loops).flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('has an iterator that is iterable itself, and ends where it is returned', async () => {
    const { receiver, sender } = scene(1)
    const iterator = receiver[Symbol.asyncIterator]()

    await sender.send(1)

    expect(iterator[Symbol.asyncIterator]()).toBe(iterator)
    expect(await iterator.next()).toEqual(message(1))
    expect(await iterator.return?.()).toEqual(END)
    expect(await sender.closed).toMatchObject({ how: 'cancelled' })
  })
})

describe('dup', () => {
  it('gives another handle; the channel closes with the last', async () => {
    const { sender, receiver } = scene(4)
    const second = sender.dup()
    const third = second.dup()

    await sender.send(1)
    await second.send(2)
    await third.send(3)
    await sender.close()
    await sender.close()
    await second.close()

    expect(await stateOf(receiver.closed)).toBe('pending')
    await third.send(4)
    await third.close()

    expect(await drain(receiver)).toEqual([1, 2, 3, 4])
    expect(await sender.closed).toEqual({ how: 'closed' })
  })

  it('leaves a handle of no use after its own close', async () => {
    const { sender, receiver } = scene(1)
    const second = sender.dup()

    await sender.close()

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelClosed' })
    expect(() => sender.trySend(1)).toThrow(expect.objectContaining({ code: 'ChannelClosed' }))
    expect(() => sender.dup()).toThrow(expect.objectContaining({ code: 'ChannelClosed' }))
    await second.send(2)
    expect(await receiver.receive()).toEqual(message(2))
  })

  it('aborts all handles with one', async () => {
    const { sender, receiver } = scene()
    const second = sender.dup()
    const waiting = second.send(1)

    sender.abort('no')

    await expect(waiting).rejects.toMatchObject({ code: 'ChannelClosed' })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted' })
    expect(await second.closed).toMatchObject({ how: 'aborted' })
  })

  it('has close wait for what this handle sent, though others go on', async () => {
    const { sender, receiver } = scene()
    const second = sender.dup()
    const sent = sender.send(1)
    const closing = sender.close()

    expect(await stateOf(closing)).toBe('pending')
    expect(await receiver.receive()).toEqual(message(1))
    await closing
    await sent
    expect(await stateOf(second.closed)).toBe('pending')
  })

  it('is refused after close', async () => {
    const { sender } = scene()

    await sender.close()

    expect(() => sender.dup()).toThrow(expect.objectContaining({ code: 'ChannelClosed' }))
  })
})

describe('dispose', () => {
  it('of a sender closes, of a receiver cancels', async () => {
    const first = scene(1)
    const second = scene(1)

    await first.sender[Symbol.asyncDispose]()
    await second.receiver[Symbol.asyncDispose]()

    expect(await first.receiver.receive()).toEqual(END)
    expect(await second.sender.closed).toEqual({ how: 'cancelled', reason: { code: 3, message: '' } })
  })

  it('of a receiver behind the end does nothing', async () => {
    const { sender, receiver } = scene()

    await sender.close()
    await receiver[Symbol.asyncDispose]()

    expect(await receiver.closed).toEqual({ how: 'closed' })
  })
})

describe('isSender and isReceiver', () => {
  it('tell the ends of a channel from all else', () => {
    const { sender, receiver } = scene()
    const lookalike = { send: () => {}, trySend: () => false, receive: () => {} }

    expect([sender, receiver, lookalike, null, 'text'].map(isSender)).toEqual([true, false, false, false, false])
    expect([sender, receiver, lookalike, null, 'text'].map(isReceiver)).toEqual([false, true, false, false, false])
  })

  it('have names for logs', () => {
    const { sender, receiver } = scene()

    expect(`${String(sender)} ${String(receiver)}`).toBe('[object ChannelSender] [object ChannelReceiver]')
  })
})
