import { describe, expect, it } from 'vitest'
import { MemoryChannel } from '../../../src/channel/pipe/memory-channel.ts'
import { drain, END, message, scene, stateOf } from './scene.ts'

const REASON = { code: 300, message: 'enough' }

describe('a channel in memory', () => {
  it.each([-1, 1.5, NaN, Infinity])('refuses a capacity of %s', (capacity) => {
    expect(() => new MemoryChannel(capacity)).toThrow(new RangeError(`capacity must be a whole number from 0, received ${capacity}`))
  })

  it('without capacity makes each send wait for its receiver', async () => {
    const { sender, receiver, channel } = scene()
    const sent = sender.send(1)

    expect(await stateOf(sent)).toBe('pending')
    expect(channel.stat()).toEqual({ buffered: 0, sending: 1, receiving: 0 })
    expect(await receiver.receive()).toEqual(message(1))
    await sent
  })

  it('without capacity makes each receive wait for its sender', async () => {
    const { sender, receiver, channel } = scene()
    const received = receiver.receive()

    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 1 })
    await sender.send(1)

    expect(await received).toEqual(message(1))
  })

  it('takes as many messages as its capacity, and the next when one was received', async () => {
    const { sender, receiver, channel } = scene(2)

    await sender.send(1)
    await sender.send(2)
    const third = sender.send(3)

    expect(await stateOf(third)).toBe('pending')
    expect(await receiver.receive()).toEqual(message(1))
    await third
    expect(channel.stat()).toEqual({ buffered: 2, sending: 0, receiving: 0 })
  })

  it.each([0, 1, 3])('keeps the order of calls, at a capacity of %i', async (capacity) => {
    const { sender, receiver } = scene(capacity)
    const numbers = Array.from({ length: 100 }, (_, n) => n)
    const sent = Promise.all(numbers.map((n) => sender.send(n)))

    void sender.close()

    expect(await drain(receiver)).toEqual(numbers)
    await sent
  })

  it('serves receivers in the order in which they came', async () => {
    const { sender, receiver } = scene()
    const all = Promise.all([receiver.receive(), receiver.receive(), receiver.receive()])

    await Promise.all([sender.send(1), sender.send(2), sender.close()])

    expect(await all).toEqual([message(1), message(2), END])
  })

  it('carries undefined, null and false as messages', async () => {
    const { sender, receiver } = scene<unknown>(3)

    await Promise.all([undefined, null, false].map((value) => sender.send(value)))
    await sender.close()

    expect(await drain(receiver)).toEqual([undefined, null, false])
  })

  it('makes room for senders, and ends, through tickets as through calls', async () => {
    const { sender, channel } = scene(1)
    const results: unknown[] = []
    const ticket = { claim: () => true, done: (result: unknown) => { results.push(result) }, fail: () => {} }
    const sends = [sender.send(1), sender.send(2), sender.close()]

    channel.receivePort.offer(ticket)
    expect(channel.stat()).toEqual({ buffered: 1, sending: 0, receiving: 0 })
    channel.receivePort.offer(ticket)
    await Promise.all(sends)

    expect(await sender.closed).toEqual({ how: 'closed' })
    expect(results).toEqual([message(1), message(2)])
  })

  it('lets nobody overtake who sends as soon as a ticket is told', async () => {
    const { sender, receiver, channel } = scene(1)
    const sends = [sender.send(1), sender.send(2)]
    const sent: boolean[] = []

    channel.receivePort.offer({ claim: () => true, done: () => { sent.push(sender.trySend(3)) }, fail: () => {} })
    await Promise.all(sends)

    expect(sent).toEqual([false])
    expect(await receiver.receive()).toEqual(message(2))
  })

  it('takes 100,000 sends that nobody awaits, in order', async () => {
    const { sender, receiver } = scene()
    const sends = Array.from({ length: 100_000 }, (_, n) => sender.send(n))
    let expected = 0

    void sender.close()

    for await (const n of receiver) {
      if (n !== expected++) {
        throw new Error(`expected ${expected - 1}, received ${n}`)
      }
    }

    await Promise.all(sends)
    expect(expected).toBe(100_000)
  })
})

describe('close', () => {
  it.each([0, 1, 3])('lets what waits through, then ends, at a capacity of %i', async (capacity) => {
    const { sender, receiver } = scene(capacity)
    const sends = [1, 2, 3].map((n) => sender.send(n))
    const closed = sender.close()

    expect(await stateOf(closed)).toBe(capacity === 3 ? 'resolved' : 'pending')
    expect(await drain(receiver)).toEqual([1, 2, 3])
    await Promise.all([...sends, closed])
    expect(await sender.closed).toEqual({ how: 'closed' })
    expect(await receiver.closed).toEqual({ how: 'closed' })
  })

  it('has not ended the channel before all is received', async () => {
    const { sender, receiver } = scene(1)

    await sender.send(1)
    await sender.close()

    expect(await stateOf(sender.closed)).toBe('pending')
    expect(await stateOf(receiver.closed)).toBe('pending')

    await receiver.receive()

    expect(await sender.closed).toEqual({ how: 'closed' })
  })

  it('ends every receiver that waits, and all later ones', async () => {
    const { sender, receiver } = scene()
    const waiting = [receiver.receive(), receiver.receive()]

    await sender.close()

    expect(await Promise.all(waiting)).toEqual([END, END])
    expect(await receiver.receive()).toEqual(END)
    expect(receiver.tryReceive()).toEqual(END)
  })

  it('refuses later sends with ChannelClosed, and does nothing the second time', async () => {
    const { sender } = scene(1)

    await sender.close()
    await sender.close()

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelClosed', name: 'ChannelClosedError' })
    expect(() => sender.trySend(1)).toThrow('cannot send: this sender was closed')
  })

  it('is over when the last that waited has left', async () => {
    const { sender, receiver } = scene()
    const controller = new AbortController()
    const sent = sender.send(1, { signal: controller.signal })
    const received = stateOf(sent)
    const closed = sender.close()

    controller.abort(new Error('no more'))

    expect(await received).toBe('rejected')
    await closed
    expect(await receiver.receive()).toEqual(END)
  })
})

describe('abort', () => {
  it('rejects the sends that wait; the receiver gets what was taken, then ChannelAborted', async () => {
    const { sender, receiver } = scene(2)

    await sender.send(1)
    await sender.send(2)
    const waiting = sender.send(3)
    sender.abort(REASON)

    await expect(waiting).rejects.toMatchObject({ code: 'ChannelClosed', reason: REASON })
    expect(await sender.closed).toEqual({ how: 'aborted', reason: REASON })
    expect(await receiver.receive()).toEqual(message(1))
    expect(await stateOf(receiver.closed)).toBe('pending')
    expect(await receiver.receive()).toEqual(message(2))
    expect(await receiver.closed).toEqual({ how: 'aborted', reason: REASON })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: REASON })
    expect(() => receiver.tryReceive()).toThrow('the sender gave up before the end (code 300: enough)')
  })

  it('fails all receivers that wait', async () => {
    const { sender, receiver } = scene()
    const waiting = [receiver.receive(), receiver.receive()]

    sender.abort('no disk')

    for (const received of waiting) {
      await expect(received).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 1, message: 'no disk' } })
    }
  })

  it('refuses later sends with ChannelClosed', async () => {
    const { sender } = scene(5)

    sender.abort(REASON)

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelClosed', message: 'cannot send: this sender was aborted (code 300: enough)' })
  })

  it('gives up a close that still waits', async () => {
    const { sender, receiver } = scene()
    const sent = stateOf(sender.send(1))
    const closed = sender.close()

    sender.abort(REASON)

    expect(await sent).toBe('rejected')
    await closed
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted' })
  })

  it('is not undone by a close that follows', async () => {
    const { sender, receiver } = scene(1)

    await sender.send(1)
    sender.abort(REASON)
    await sender.close()

    expect(await receiver.receive()).toEqual(message(1))
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted' })
  })

  it('changes nothing behind an end', async () => {
    const { sender, receiver } = scene()

    await sender.close()
    sender.abort(REASON)

    expect(await receiver.receive()).toEqual(END)
    expect(await sender.closed).toEqual({ how: 'closed' })
  })

  it('refuses a code that cannot travel', () => {
    expect(() => { scene().sender.abort({ code: 70_000 }) }).toThrow(RangeError)
  })
})

describe('cancel', () => {
  it('drops what waits and fails senders with ChannelCancelled', async () => {
    const { sender, receiver, channel } = scene(1)

    await sender.send(1)
    const waiting = sender.send(2)
    const closing = sender.close()
    receiver.cancel(REASON)

    await expect(waiting).rejects.toMatchObject({ code: 'ChannelCancelled', reason: REASON })
    await closing
    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
    expect(await sender.closed).toEqual({ how: 'cancelled', reason: REASON })
    expect(await receiver.closed).toEqual({ how: 'cancelled', reason: REASON })
  })

  it('fails later sends with ChannelCancelled and later receives with ChannelClosed', async () => {
    const { sender, receiver } = scene(1)

    receiver.cancel(REASON)

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled', message: 'the receiver wants no more messages (code 300: enough)' })
    expect(() => sender.trySend(1)).toThrow(expect.objectContaining({ code: 'ChannelCancelled' }))
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelClosed', message: 'cannot receive: this receiver was cancelled (code 300: enough)' })
  })

  it('fails receivers that wait', async () => {
    const { receiver } = scene()
    const waiting = receiver.receive()

    receiver.cancel()

    await expect(waiting).rejects.toMatchObject({ code: 'ChannelClosed', reason: { code: 3, message: '' } })
  })

  it('behind an abort drops what was left, and each end keeps what it met first', async () => {
    const { sender, receiver } = scene(1)

    await sender.send(1)
    sender.abort(REASON)
    receiver.cancel()

    expect(await sender.closed).toEqual({ how: 'aborted', reason: REASON })
    expect(await receiver.closed).toMatchObject({ how: 'cancelled' })
  })

  it('changes nothing behind the end', async () => {
    const { sender, receiver } = scene()

    await sender.close()
    receiver.cancel(REASON)

    expect(await receiver.receive()).toEqual(END)
    expect(await receiver.closed).toEqual({ how: 'closed' })
    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelClosed' })
  })
})
