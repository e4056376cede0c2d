import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ChannelReceiver, ChannelSender, MessageRejectedError, pipe, select, withSchema } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { drain, END, message, scene, schemaOf, stateOf } from './scene.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

function assertEven (value: unknown): number {
  if (typeof value !== 'number' || value % 2 !== 0) {
    throw new RangeError('odd')
  }

  return value
}

const even = schemaOf(assertEven)
const evenLater = schemaOf(async (value) => assertEven(value))

/** A schema whose checks the test ends by hand, in any order. */
function manual (): { schema: StandardSchemaV1<unknown, number>, pass: Array<() => void> } {
  const pass: Array<() => void> = []
  const schema = schemaOf((value) => new Promise<number>((resolve) => { pass.push(() => { resolve(value as number) }) }))

  return { schema, pass }
}

describe.each([['at once', even], ['later', evenLater]])('a schema that answers %s', (_, schema) => {
  it('refuses a message that is sent, and that one alone', async () => {
    const { channel, receiver } = scene(4)
    const sender = new ChannelSender(channel.sendPort, { schema })
    const sends = [2, 3, 4].map((n) => sender.send(n))

    await expect(sends[1]).rejects.toMatchObject({ code: 'MessageRejected', issues: [{ message: 'RangeError: odd', path: ['value'] }] })
    await Promise.all([sends[0], sends[2], sender.close()])

    expect(await drain(receiver)).toEqual([2, 4])
  })

  it('fails the receiver of a message that does not fit, and that one alone', async () => {
    const { channel, sender } = scene(4)
    const receiver = new ChannelReceiver(channel.receivePort, { schema })

    await Promise.all([2, 3, 4].map((n) => sender.send(n)))
    await sender.close()

    expect(await receiver.receive()).toEqual(message(2))
    await expect(receiver.receive()).rejects.toBeInstanceOf(MessageRejectedError)
    expect(await receiver.receive()).toEqual(message(4))
    expect(await receiver.receive()).toEqual(END)
  })

  it('lets a loop go on behind a message that was rejected', async () => {
    const { channel, sender } = scene(4)
    const receiver = new ChannelReceiver(channel.receivePort, { schema })

    await Promise.all([2, 3, 4].map((n) => sender.send(n)))
    await sender.close()

    await expect(drain(receiver)).rejects.toMatchObject({ code: 'MessageRejected' })
    expect(await drain(receiver)).toEqual([4])
  })

  it('serves receivers that wait in their order, and tells each of the end', async () => {
    const { channel, sender } = scene()
    const receiver = new ChannelReceiver(channel.receivePort, { schema })
    const received = Promise.allSettled(Array.from({ length: 5 }, () => receiver.receive()))

    await Promise.all([sender.send(2), sender.send(3), sender.send(4)])
    await sender.close()

    expect(await received).toMatchObject([
      { status: 'fulfilled', value: message(2) },
      { status: 'rejected', reason: { code: 'MessageRejected' } },
      { status: 'fulfilled', value: message(4) },
      { status: 'fulfilled', value: END },
      { status: 'fulfilled', value: END }
    ])
  })

  it('has select check what it receives and sends', async () => {
    const { channel, sender } = scene(1)
    const receiver = new ChannelReceiver(channel.receivePort, { schema })
    const [, checked] = pipe<number>({ capacity: 1, schema })

    await sender.send(2)
    expect(await select({ receiver })).toEqual({ name: 'receiver', done: false, value: 2 })
    await sender.send(3)
    await expect(select({ receiver })).rejects.toMatchObject({ code: 'MessageRejected' })
    await expect(select({ out: [checked, 3] })).rejects.toMatchObject({ code: 'MessageRejected' })
    expect(await select({ out: [checked, 4] })).toEqual({ name: 'out' })
  })

  it('fails all who wait when the receiver is cancelled', async () => {
    const { channel, sender } = scene()
    const receiver = new ChannelReceiver(channel.receivePort, { schema })
    const received = Promise.allSettled([receiver.receive(), receiver.receive(), receiver.receive()])

    await sender.send(2)
    receiver.cancel()

    expect((await received).slice(1)).toMatchObject(Array(2).fill({ reason: { code: 'ChannelClosed' } }))
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelClosed' })
  })

  it('passes ends on', async () => {
    const { channel, sender, receiver: plain } = scene()
    const receiver = withSchema(plain, schema)
    const waiting = receiver.receive()

    sender.abort('no')

    await expect(waiting).rejects.toMatchObject({ code: 'ChannelAborted' })
    expect(await receiver.closed).toMatchObject({ how: 'aborted' })
    expect(channel.stat()).toEqual({ buffered: 0, sending: 0, receiving: 0 })
  })
})

describe('a schema that answers at once', () => {
  it('is asked once for a message, also for one that has to wait', async () => {
    const asked: unknown[] = []
    const schema = schemaOf((value) => { asked.push(value) })
    const { channel, receiver } = scene<void>()
    const sender = new ChannelSender(channel.sendPort, { schema })
    const dup = sender.dup()
    const sends = [sender.send(), dup.send()]

    await receiver.receive()
    await receiver.receive()
    await Promise.all(sends)

    expect(asked).toHaveLength(2)
  })

  it('lets trySend and tryReceive answer at once', async () => {
    const { channel, sender, receiver } = scene(2)
    const checkedSender = new ChannelSender(channel.sendPort, { schema: even })
    const checkedReceiver = withSchema(receiver, even)

    expect(checkedSender.trySend(2)).toBe(true)
    expect(() => checkedSender.trySend(3)).toThrow(MessageRejectedError)
    expect(sender.trySend(3)).toBe(true)
    expect(checkedReceiver.tryReceive()).toEqual(message(2))
    expect(() => checkedReceiver.tryReceive()).toThrow(MessageRejectedError)
    expect(checkedReceiver.tryReceive()).toBeUndefined()
  })

  it('sends on what it makes of a message', async () => {
    const [receiver, sender] = pipe({ capacity: 1, schema: z.string().transform((text) => text.length) })

    await sender.send('four')

    expect(await receiver.receive()).toEqual(message(4))
  })

  it('counts as a rejection when it throws', async () => {
    const broken: StandardSchemaV1<unknown, never> = {
      '~standard': { version: 1, vendor: 'test', validate: () => { throw new Error('schema is broken') } }
    }
    const later: StandardSchemaV1<unknown, never> = {
      '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('schema is broken')) }
    }

    for (const schema of [broken, later]) {
      const [, sender] = pipe<unknown>({ schema })

      await expect(sender.send(1)).rejects.toMatchObject({ code: 'MessageRejected', cause: { message: 'schema is broken' } })
    }
  })

  it.each([
    ['zod', z.object({ user: z.object({ age: z.number() }) })],
    ['valibot', v.object({ user: v.object({ age: v.number() }) })],
    ['arktype', type({ user: { age: 'number' } })]
  ] as Array<[string, StandardSchemaV1]>)('may be one of %s; the error names the place', async (_, schema) => {
    const [receiver, sender] = pipe<unknown>({ capacity: 1, schema })

    await sender.send({ user: { age: 4 } })
    expect(await receiver.receive()).toEqual(message({ user: { age: 4 } }))
    await expect(sender.send({ user: { age: 'four' } })).rejects.toMatchObject({
      message: expect.stringContaining('does not fit the schema of the channel: user.age: '),
      reason: { code: 8 }
    })
  })

  it('has at most 5 of its issues in the text of the error, and all in its list', () => {
    const issues = Array.from({ length: 7 }, (_, n) => ({ message: `bad ${n}`, path: ['list', { key: n }] }))
    const error = new MessageRejectedError(issues)

    expect(error.issues).toHaveLength(7)
    expect(error.message).toBe('the message does not fit the schema of the channel: list.0: bad 0; list.1: bad 1; list.2: bad 2; list.3: bad 3; list.4: bad 4; and 2 more')
  })

  it('is refused if it is none', () => {
    const notOne = { parse: () => true } as unknown as StandardSchemaV1
    const { sender, receiver } = scene()

    expect(() => pipe({ schema: notOne })).toThrow('schema must be a Standard Schema, as zod, valibot and arktype make them')
    expect(() => withSchema(receiver, notOne)).toThrow(TypeError)
    expect(() => withSchema(sender, notOne)).toThrow(TypeError)
    expect(sender.trySend(1)).toBe(false)
  })
})

describe('a schema that answers later', () => {
  it('keeps the order of sends, whichever check is over first', async () => {
    const { schema, pass } = manual()
    const { channel, receiver } = scene(3)
    const sender = new ChannelSender(channel.sendPort, { schema })
    const sends = [1, 2, 3].map((n) => sender.send(n))
    const closing = sender.close()

    for (const end of pass.toReversed()) {
      expect(await stateOf(closing)).toBe('pending')
      end()
    }

    await Promise.all([...sends, closing])
    expect(await drain(receiver)).toEqual([1, 2, 3])
  })

  it('has trySend not overtake a send whose check goes on', async () => {
    const { channel, receiver } = scene(2)
    const sender = new ChannelSender(channel.sendPort, { schema: schemaOf((value) => value === 1 ? Promise.resolve(1) : 2) })
    const sent = sender.send(1)

    expect(sender.trySend(2)).toBe(false)
    await sent
    expect(sender.trySend(2)).toBe(true)
    expect([receiver.tryReceive(), receiver.tryReceive()]).toEqual([message(1), message(2)])
  })

  it('has trySend answer false, as somebody would have to wait', () => {
    const [, sender] = pipe<number>({ capacity: 1, schema: evenLater })

    expect(sender.trySend(2)).toBe(false)
  })

  it('lets a send leave before its check is over', async () => {
    const { schema, pass } = manual()
    const { channel, receiver } = scene(3)
    const sender = new ChannelSender(channel.sendPort, { schema })
    const controller = new AbortController()
    const left = sender.send(1, controller)
    const stays = sender.send(2)

    controller.abort('bored')
    await expect(left).rejects.toBe('bored')
    pass[1]?.()
    await stays
    pass[0]?.()

    expect(await receiver.receive()).toEqual(message(2))
    expect(receiver.tryReceive()).toBeUndefined()
  })

  it('lets a send leave when its check is over', async () => {
    const { channel } = scene()
    const sender = new ChannelSender(channel.sendPort, { schema: evenLater })
    const controller = new AbortController()
    const left = sender.send(2, controller)

    await settle()
    expect(channel.stat()).toMatchObject({ sending: 1 })
    controller.abort('bored')

    await expect(left).rejects.toBe('bored')
    expect(channel.stat()).toMatchObject({ sending: 0 })
  })

  it('holds up nobody for ever: an end of the channel ends the waiting for a check', async () => {
    const cancelled = scene()
    const aborted = scene()
    const first = new ChannelSender(cancelled.channel.sendPort, { schema: manual().schema })
    const second = new ChannelSender(aborted.channel.sendPort, { schema: manual().schema })
    const sends = Promise.allSettled([first.send(1), second.send(2)])
    const closing = [first.close(), second.close()]

    await expect(second.send(3)).rejects.toMatchObject({ code: 'ChannelClosed' })
    cancelled.receiver.cancel()
    second.abort()

    expect(await sends).toMatchObject([{ reason: { code: 'ChannelCancelled' } }, { reason: { code: 'ChannelClosed' } }])
    await Promise.all(closing)
  })

  it('keeps a message for the next receiver when the one it was taken for has left', async () => {
    const { schema, pass } = manual()
    const { channel, sender } = scene()
    const receiver = new ChannelReceiver(channel.receivePort, { schema })
    const controller = new AbortController()
    const left = receiver.receive(controller)

    await sender.send(1)
    controller.abort('bored')
    await expect(left).rejects.toBe('bored')
    expect(receiver.tryReceive()).toBeUndefined()
    pass[0]?.()
    await settle()

    expect(receiver.tryReceive()).toEqual(message(1))
  })

  it('has tryReceive find the message when the check is over', async () => {
    const { channel, sender } = scene(2)
    const receiver = new ChannelReceiver(channel.receivePort, { schema: evenLater })

    await sender.send(2)
    await sender.send(3)

    expect(receiver.tryReceive()).toBeUndefined()
    await settle()
    expect(receiver.tryReceive()).toEqual(message(2))
    expect(receiver.tryReceive()).toBeUndefined()
    await settle()
    expect(() => receiver.tryReceive()).toThrow(MessageRejectedError)
  })

  it('throws away the message that was checked when the receiver is cancelled', async () => {
    const { channel, sender } = scene(1)
    const receiver = new ChannelReceiver(channel.receivePort, { schema: evenLater })

    await sender.send(2)
    expect(receiver.tryReceive()).toBeUndefined()
    await settle()
    receiver.cancel()

    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelClosed' })
  })

  it('throws away the message that is being checked when the receiver is cancelled', async () => {
    const { schema, pass } = manual()
    const { channel, sender } = scene(1)
    const receiver = new ChannelReceiver(channel.receivePort, { schema })
    const waiting = receiver.receive()

    await sender.send(1)
    receiver.cancel()
    await expect(waiting).rejects.toMatchObject({ code: 'ChannelClosed' })
    pass[0]?.()
    await settle()

    expect(() => receiver.tryReceive()).toThrow(expect.objectContaining({ code: 'ChannelClosed' }))
  })
})
