import { describe, expect, it } from 'vitest'
import { ChannelReceiver, ChannelSender, select, takeReceivePort, takeSendPort, withSchema } from '../../../src/channel/pipe/index.ts'
import { drain, listenersOf, message, scene, schemaOf, stateOf } from './scene.ts'
import type { ReceivePort, SendPort } from '../../../src/channel/contract/index.ts'

const numbers = schemaOf((value) => {
  if (typeof value !== 'number') {
    throw new TypeError('no number')
  }

  return value
})
const MOVED = { code: 'ChannelMoved' }

function taken<P> (port: P | undefined): P {
  if (port == null) {
    throw new Error('expected a port')
  }

  return port
}

describe('takeSendPort', () => {
  it('gives the port away and leaves the sender of no use', async () => {
    const { sender, receiver, channel } = scene<unknown>(1)

    expect(takeSendPort(sender)).toBe(channel.sendPort)
    expect(await sender.closed).toEqual({ how: 'moved' })
    await expect(sender.send(1)).rejects.toMatchObject(MOVED)
    expect(() => sender.trySend(1)).toThrow(expect.objectContaining(MOVED))
    expect(() => sender.dup()).toThrow(expect.objectContaining(MOVED))
    expect(() => takeSendPort(sender)).toThrow(expect.objectContaining(MOVED))
    await expect(select({ out: [sender, 1] })).rejects.toMatchObject(MOVED)
    expect(await stateOf(receiver.closed)).toBe('pending')
  })

  it('lets the old sender be closed and aborted without any effect', async () => {
    const { sender, receiver } = scene<unknown>(1)
    const port = taken(takeSendPort(sender))

    sender.abort()
    await sender.close()
    await sender[Symbol.asyncDispose]()

    expect(port.trySend(1)).toBe(true)
    expect(await receiver.receive()).toEqual(message(1))
  })

  it('rejects what waits, of which nothing is sent', async () => {
    const { sender, receiver } = scene<unknown>()
    const { signal } = new AbortController()
    const waiting = [
      sender.send(1, { signal }),
      select({ a: [sender, 2], b: [sender, 3], signal })
    ]
    const closed = sender.closed
    const port = taken(takeSendPort(sender))

    for (const call of waiting) {
      await expect(call).rejects.toMatchObject(MOVED)
    }

    expect(await closed).toEqual({ how: 'moved' })
    expect(receiver.tryReceive()).toBeUndefined()
    expect(listenersOf(signal)).toBe(0)
    await port.close()
    expect(await drain(receiver)).toEqual([])
  })

  it('sends nothing of what waits for a check, though the check before it is the first to go', async () => {
    const { sender: plain, receiver } = scene<unknown>(2)
    const never = new Promise<unknown>(() => {})
    const sender = withSchema(plain, schemaOf((value) => value === 1 ? never : value))
    const waiting = Promise.allSettled([sender.send(1), sender.send(2)])

    takeSendPort(sender)

    expect(await waiting).toMatchObject([{ reason: MOVED }, { reason: MOVED }])
    expect(receiver.tryReceive()).toBeUndefined()
  })

  it('moves one handle; the others go on, and the channel closes with the last', async () => {
    const { sender, receiver } = scene<unknown>(4)
    const dup = sender.dup()
    const there = new ChannelSender(taken(takeSendPort(sender)))

    await there.send(1)
    await dup.send(2)
    await there.close()
    await dup.send(3)
    await expect(there.send(4)).rejects.toMatchObject({ code: 'ChannelClosed' })
    await dup.close()

    expect(await drain(receiver)).toEqual([1, 2, 3])
  })

  it('gives the very port when the other handles are closed', async () => {
    const { sender, channel } = scene()

    await sender.dup().close()

    expect(takeSendPort(sender)).toBe(channel.sendPort)
  })

  it('gives away a closed handle as a closed one', async () => {
    const { sender, receiver } = scene<unknown>(1)
    const dup = sender.dup()

    await sender.close()
    const port = taken(takeSendPort(sender))

    expect(() => port.trySend(1)).toThrow(expect.objectContaining({ code: 'ChannelClosed' }))
    await expect(new ChannelSender(port).send(1)).rejects.toMatchObject({ code: 'ChannelClosed' })
    await port.close()
    await dup.send(2)
    expect(await receiver.receive()).toEqual(message(2))
  })

  it('takes the schema along', async () => {
    const { sender } = scene<unknown>(1)
    const port = taken(takeSendPort(withSchema(sender, numbers)))

    expect(() => port.trySend('one')).toThrow(expect.objectContaining({ code: 'MessageRejected' }))
    expect(port.trySend(1)).toBe(true)
  })
})

describe('takeReceivePort', () => {
  it('gives the port away and leaves the receiver of no use', async () => {
    const { sender, receiver, channel } = scene(1)
    const waiting = [receiver.receive(), select({ receiver })]

    expect(takeReceivePort(receiver)).toBe(channel.receivePort)

    for (const call of [...waiting, receiver.receive(), receiver[Symbol.asyncIterator]().next()]) {
      await expect(call).rejects.toMatchObject(MOVED)
    }

    receiver.cancel()
    expect(await receiver.closed).toEqual({ how: 'moved' })
    expect(() => receiver.tryReceive()).toThrow(expect.objectContaining(MOVED))
    expect(() => takeReceivePort(receiver)).toThrow(expect.objectContaining(MOVED))
    await sender.send(1)
    expect(await new ChannelReceiver<unknown>(channel.receivePort).receive()).toEqual(message(1))
  })

  it('takes the schema along, and a message that was checked already', async () => {
    const { sender, receiver } = scene<unknown>(2)
    const checked = withSchema(receiver, schemaOf(async (value) => Number(value)))

    await sender.send('1')
    await sender.send('2')
    expect(checked.tryReceive()).toBeUndefined()
    const port = taken(takeReceivePort(checked))

    expect(await new ChannelReceiver(port).receive()).toEqual(message(1))
    expect(await new ChannelReceiver(port).receive()).toEqual(message(2))
  })
})

describe('what is no end of ours', () => {
  it('has no port', () => {
    const { sender, receiver } = scene()

    expect([null, undefined, 1, {}, receiver].map((value) => takeSendPort(value))).toEqual(Array(5).fill(undefined))
    expect([null, undefined, 1, {}, sender].map((value) => takeReceivePort(value))).toEqual(Array(5).fill(undefined))
  })

  it('gets no schema', () => {
    expect(() => withSchema({} as never, numbers)).toThrow('withSchema takes a sender or a receiver of a channel, received [object Object]')
  })
})

describe('withSchema', () => {
  it('moves the end', async () => {
    const { sender, receiver } = scene<unknown>(2)
    const checkedSender = withSchema(sender, numbers)
    const checkedReceiver = withSchema(receiver, numbers)

    await checkedSender.send(1)

    await expect(sender.send(1)).rejects.toMatchObject(MOVED)
    await expect(receiver.receive()).rejects.toMatchObject(MOVED)
    expect(await checkedReceiver.receive()).toEqual(message(1))
  })

  it('may be used again: both schemas count', async () => {
    const { sender, receiver } = scene<unknown>(4)
    const positive = schemaOf((value) => {
      if ((value as number) <= 0) {
        throw new RangeError('not positive')
      }

      return value as number
    })
    const checked = withSchema(withSchema(receiver, numbers), positive)

    await Promise.all([1, 'two', -3, 4].map((value) => sender.send(value)))
    const received = await Promise.allSettled(Array.from({ length: 4 }, () => checked.receive()))

    expect(received.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  })

  it('keeps handles counted', async () => {
    const { sender, receiver } = scene<unknown>(2)
    const dup = sender.dup()
    const checked = withSchema(sender, numbers)
    const second = checked.dup()

    await expect(second.send('no number')).rejects.toMatchObject({ code: 'MessageRejected' })
    await checked.close()
    await second.close()
    await dup.send('anything')
    await dup.close()

    expect(await drain(receiver)).toEqual(['anything'])
  })
})

describe('an end over a port of another kind', () => {
  it('passes on what the port throws', async () => {
    const lost = Object.assign(new Error('gone'), { code: 'ConnectionLost' })
    const never = new Promise<never>(() => {})
    const fail = (): never => { throw lost }
    const sendPort: SendPort<number> = { trySend: fail, offer: fail, withdraw: () => {}, close: () => Promise.reject(lost), abort: () => {}, closed: never }
    const receivePort: ReceivePort<number> = { tryReceive: fail, offer: fail, withdraw: () => {}, cancel: () => {}, closed: never }

    await expect(new ChannelSender(sendPort).send(1)).rejects.toBe(lost)
    await expect(new ChannelSender(sendPort).close()).rejects.toBe(lost)
    await expect(new ChannelReceiver(receivePort).receive()).rejects.toBe(lost)
  })
})
