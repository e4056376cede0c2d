import { fails, reasonIs, same, throws } from './assert.ts'
import { collect, next, open, range, sendAll } from './steps.ts'
import { quiet, until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { SessionPairOptions } from './contract.ts'
import type { Stage } from './stage.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { SessionLimits } from '../../channel/index.ts'

const MAX_BYTES = 4 * 1024 * 1024

/** Of msgpack, before bytes that are 64 KiB and more. */
const BYTES_HEADER = 5

/** Lists within each other, `depth` of them. */
function nest (depth: number): unknown {
  let value: unknown = []

  for (let level = 1; level < depth; level++) {
    value = [value]
  }

  return value
}

/** Who sends refuses this message alone. */
async function refuses (stage: Stage, limits: Partial<SessionLimits>, bad: unknown, good: unknown, code: ErrorCode): Promise<void> {
  const { near, far } = await stage.pair({ near: { limits } })
  const [sender, receiver] = await open(near, far)

  await sender.send('before')
  await fails(sender.send(bad), code, 'sending what is over the limit')
  throws(() => sender.trySend(bad), code, 'trying to send it')
  await sender.send(good)
  await sender.close()

  const messages = await within(collect(receiver), 'the end')

  same(messages.length, 2, 'the number of messages that arrived')
}

/** Who receives ends the channel, and the session goes on. */
async function cancels (stage: Stage, options: SessionPairOptions, bad: unknown, code: ErrorCode, reason: number): Promise<void> {
  const { near, far } = await stage.pair(options)
  const [sender, receiver] = await open(near, far)

  await sender.send('before')
  await sender.send(bad)
  same(await next(receiver), 'before', 'the message before')
  await fails(within(receiver.receive(), 'the failure'), code, 'receiving what is over the limit')

  const end = await within(sender.closed, 'the sender to learn of it')

  reasonIs('reason' in end ? end.reason : undefined, { code: reason }, 'the end of the sender')
  await fails(sender.send('after'), 'ChannelCancelled', 'sending after it', { code: reason })

  const [other, otherReceiver] = await open(near, far)

  await other.send('the session goes on')
  same(await next(otherReceiver), 'the session goes on', 'the message of another channel')
}

export const limits: Cases = {
  async 'refuses a message that is too large, alone' (stage) {
    await refuses(stage, { maxMessageBytes: 10_000 }, new Uint8Array(10_000), new Uint8Array(9_000), 'MessageTooLarge')
  },

  async 'ends a channel whose message is too large for its receiver' (stage) {
    await cancels(stage, { far: { limits: { maxMessageBytes: 10_000 } } }, new Uint8Array(10_000), 'MessageTooLarge', 4)
  },

  async 'takes messages of every size around the powers of two, up to the limit' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const sizes = range(0, 23).flatMap((power) => [-1, 0, 1].map((off) => 2 ** power + off)).filter((size) => size <= MAX_BYTES - BYTES_HEADER)

    sizes.push(MAX_BYTES - BYTES_HEADER)

    const sending = sendAll(sender, sizes.map((size) => new Uint8Array(size).fill(size)))

    for (const size of sizes) {
      const bytes = await next<Uint8Array>(receiver)

      same(bytes.length, size, 'the size')
      same(bytes.every((byte) => byte === size % 256), true, `whether ${size} bytes are those that were sent`)
    }

    await sending
    await fails(sender.send(new Uint8Array(MAX_BYTES - BYTES_HEADER + 1)), 'MessageTooLarge', 'one byte more')
  },

  async 'refuses a message that is too deep, alone' (stage) {
    await refuses(stage, { maxDepth: 8 }, nest(9), nest(8), 'MessageTooDeep')
  },

  async 'ends a channel whose message is too deep for its receiver' (stage) {
    await cancels(stage, { far: { limits: { maxDepth: 8 } } }, nest(9), 'MessageTooDeep', 5)
  },

  async 'refuses a message without end' (stage) {
    const circle: { self?: unknown } = {}

    circle.self = circle
    await refuses(stage, {}, circle, nest(64), 'MessageTooDeep')
  },

  async 'refuses a message with too many references, alone, and moves none' (stage) {
    const { near, far } = await stage.pair({ near: { limits: { maxReferences: 4 } } })
    const [sender, receiver] = await open(near, far)
    const nested = range(0, 5).map(() => near.createNestedSender())
    const remotes = nested.map(([, remote]) => remote)

    await fails(sender.send(remotes), 'TooManyReferences', 'sending five')
    await sender.send(remotes.slice(0, 4))
    await sender.send(remotes.slice(4))

    same((await next<unknown[]>(receiver)).length, 4, 'channels that arrived first')
    same((await next<unknown[]>(receiver)).length, 1, 'channels that arrived then')
  },

  async 'ends a channel whose message has too many references for its receiver, and what they refer to' (stage) {
    const { near, far } = await stage.pair({ far: { limits: { maxReferences: 4 } } })
    const [sender, receiver] = await open(near, far)
    const nested = range(0, 5).map(() => near.createNestedSender())

    await sender.send(nested.map(([, remote]) => remote))
    await fails(within(receiver.receive(), 'the failure'), 'TooManyReferences', 'receiving five')
    await within(sender.closed, 'the sender to learn of it')
    await fails(sender.send('after'), 'ChannelCancelled', 'sending after it', { code: 6 })

    for (const [local] of nested) {
      same((await within(local.closed, 'a nested channel to end')).how, 'cancelled', 'how a nested channel ended')
    }

    await until(() => near.stat().opened === 0 && far.stat().accepted === 0, () => `no stream to be left, not ${near.stat().opened} and ${far.stat().accepted}`)
  },

  async 'refuses what cannot be encoded, alone' (stage) {
    await refuses(stage, {}, { inside: [Symbol('none')] }, { inside: [] }, 'UnencodableMessage')
    await refuses(stage, {}, 2n ** 64n, 2n ** 64n - 1n, 'UnencodableMessage')
  },

  // spec-channel 2.2
  async 'refuses channels that nobody waits for, above the limit' (stage) {
    const { near, far } = await stage.pair({ far: { limits: { maxPendingChannels: 4 } } })
    const senders = range(0, 6).map(() => near.newSendChannel())

    await until(() => far.stat().pending === 4, '4 channels to wait')

    for (const sender of senders.slice(4)) {
      await within(sender.closed, 'a refused channel to end')
      await fails(sender.send(1), 'ChannelCancelled', 'sending on a refused channel', { code: 13 })
    }

    const sending = senders.slice(0, 4).map((sender, n) => sender.send(n))
    const receivers = [await far.waitReceiveChannel(), await far.waitReceiveChannel(), await far.waitReceiveChannel(), await far.waitReceiveChannel()]

    same((await Promise.all(receivers.map((receiver) => next<number>(receiver)))).sort((a, b) => a - b), [0, 1, 2, 3], 'the messages of those that waited')
    await Promise.all(sending)
  },

  async 'refuses nested channels that no message has claimed, above the limit' (stage) {
    const { near, far } = await stage.pair({ far: { limits: { maxUnclaimedReferences: 8 } } })
    const [sender] = await open(near, far)
    const nested = range(0, 12).map(() => near.createNestedSender())
    let refused = 0

    nested.forEach(([local]) => { void local.closed.then(() => { refused++ }) })

    for (const [, remote] of nested) {
      await sender.send(remote)
    }

    await until(() => refused > 0, 'some to be refused')
    await quiet(() => refused)
    same(refused, 4, 'how many were refused')
    same(far.stat().unclaimed, 8, 'how many wait')

    for (const [local] of nested.slice(8)) {
      await fails(local.send(1), 'ChannelCancelled', 'sending on a refused channel', { code: 13 })
    }
  },

  // spec-channel 2.4
  async 'lets channels above the limit of open streams wait, and refuses as many again' (stage) {
    const { near, far } = await stage.pair({ near: { limits: { maxOpenStreams: 4 } } })
    const senders = range(0, 8).map(() => near.newSendChannel())

    throws(() => near.newSendChannel(), 'ResourceLimit', 'opening one that cannot even wait')

    const receivers = [await far.waitReceiveChannel(), await far.waitReceiveChannel(), await far.waitReceiveChannel(), await far.waitReceiveChannel()]

    await quiet()
    same(far.stat().pending, 0, 'channels that were opened above the limit')

    const sending = senders.map((sender, n) => sender.send(n).then(() => sender.close()))
    const received = await within(Promise.all(receivers.map((receiver) => collect(receiver))), 'the first to end')

    for (let more = 0; more < 4; more++) {
      received.push(await within(collect(await within(far.waitReceiveChannel(), 'one that waited')), 'its end'))
    }

    same(received.flat().map(Number).sort((a, b) => a - b), range(0, 8), 'the messages')
    await within(Promise.all(sending), 'all to be sent')
  }
}
