import { msgpack } from '../../channel/index.ts'
import { FakeClock } from '../fake-clock.ts'
import { failed, fails, ok, outcome, same } from './assert.ts'
import { collect, next, open, sendAll } from './steps.ts'
import { quiet, until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { SessionPair } from './contract.ts'
import type { Stage } from './stage.ts'
import type { Codec, EncodeContext, Receiver, Reference } from '../../channel/index.ts'

const TTL_MS = 30_000

/** A codec of one's own that speaks msgpack, but writes other references than there are. */
function forging (encode: (value: unknown, context: EncodeContext) => Uint8Array): Codec {
  return { ...msgpack, encode }
}

/** Opens streams for the references of a message, and writes none of them. */
const forgetful = forging((value, context) => {
  msgpack.encode(value, context)

  return msgpack.encode('forgotten', context)
})

/** Refers to streams that do not exist. */
const inventive = forging((value, context) => msgpack.encode(value, {
  ...context,
  refer: (object) => Array.isArray(object) ? undefined : { kind: 5, ref: 999_999 }
}))

/** Refers twice to the same stream. */
const repetitive = forging((value, context) => {
  const known = new Map<object, Reference | undefined>()

  return msgpack.encode(value, {
    ...context,
    refer (object) {
      if (!known.has(object)) {
        known.set(object, context.refer(object))
      }

      return known.get(object)
    }
  })
})

async function withClock (stage: Stage, codec?: Codec): Promise<SessionPair & { clock: FakeClock }> {
  const clock = new FakeClock()
  const pair = await stage.pair({ near: { codec }, far: { clock, limits: { unclaimedReferenceTtlMs: TTL_MS } } })

  return Object.assign(pair, { clock })
}

export const references: Cases = {
  async 'ends what no message claims in time' (stage) {
    const { near, far, clock } = await withClock(stage, forgetful)
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()

    await sender.send([remote])
    same(await next(receiver), 'forgotten', 'the message')
    await until(() => far.stat().unclaimed === 1, 'the stream to be there')
    await clock.advance(TTL_MS - 1)
    await quiet()
    same(far.stat().unclaimed, 1, 'streams that wait just before the time is up')
    await local.send('is taken')
    await clock.advance(1)
    same((await within(local.closed, 'the nested channel to end')).how, 'cancelled', 'how it ended')
    await fails(local.send(1), 'ChannelCancelled', 'sending', { code: 9 })
    same(far.stat().unclaimed, 0, 'streams that wait')

    await sendAll(sender, ['goes on'])
    same(await next(receiver), 'forgotten', 'a later message')
  },

  async 'keeps what a message refers to that was not received, however long' (stage) {
    const { near, far, clock } = await withClock(stage)
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()

    await sender.send('first')
    await sender.send([remote])
    await until(() => far.stat().unclaimed === 1, 'the stream to be there')
    await quiet()
    await clock.advance(100 * TTL_MS)
    same(far.stat().unclaimed, 1, 'streams that wait')
    same(await next(receiver), 'first', 'the first message')
    await clock.advance(100 * TTL_MS)

    const [nested] = await next<[Receiver<unknown>]>(receiver)

    same(far.stat().unclaimed, 0, 'streams that wait after the message was received')
    await local.send('still there')
    same(await next(nested), 'still there', 'the message')
    await clock.advance(100 * TTL_MS)
    await local.send('and stays')
    same(await next(nested), 'and stays', 'a message much later')
  },

  async 'ends what nobody can claim any more when the channel ends' (stage) {
    const { near, far } = await stage.pair({ near: { codec: forgetful } })
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()

    await sender.send([remote])
    await sender.close()
    same(await within(collect(receiver), 'the end'), ['forgotten'], 'the messages')
    await within(local.closed, 'the nested channel to end')
    await fails(local.send(1), 'ChannelCancelled', 'sending', { code: 9 })
    await until(() => near.stat().opened === 0 && far.stat().accepted === 0, 'no stream to be left')
  },

  // spec-channel 8.5
  async 'delivers a message whose reference leads nowhere, and fails that alone in time' (stage) {
    const { near, far, clock } = await withClock(stage, inventive)
    const [sender, receiver] = await open(near, far)
    const [, remote] = near.createNestedSender()

    await sender.send([remote])

    const [nowhere] = await next<[Receiver<unknown>]>(receiver)
    const receiving = outcome(nowhere.receive())

    await clock.advance(TTL_MS)
    failed(await within(receiving, 'the reference to fail'), 'UnknownReference', 'receiving from what does not exist')
    await sender.send([])
    same(await next(receiver), [], 'the next message')
    await clock.advance(TTL_MS)
  },

  // spec-channel 8.4
  async 'gives a stream to the first that refers to it, and not to the second' (stage) {
    const { near, far, clock } = await withClock(stage, repetitive)
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()

    await sender.send([remote, remote])

    const [first, second] = await next<[Receiver<unknown>, Receiver<unknown>]>(receiver)
    const receiving = outcome(second.receive())

    await local.send('once')
    same(await next(first), 'once', 'what the first receives')
    await clock.advance(TTL_MS)
    failed(await within(receiving, 'the second to fail'), 'UnknownReference', 'receiving from the second')
    await local.send('and again')
    same(await next(first), 'and again', 'what the first receives later')
  },

  async 'sets no timer that outlives the session' (stage) {
    const { near, far, clock } = await withClock(stage, forgetful)
    const [sender, receiver] = await open(near, far)
    const [, remote] = near.createNestedSender()

    await sender.send([remote])
    await next(receiver)
    await until(() => far.stat().unclaimed === 1, 'the stream to be there')
    ok(clock.pending > 0, 'there is a timer while the stream waits')
    await near.close()
    await within(far.closed, 'far.closed to resolve')
    await quiet()
    same(clock.pending, 0, 'timers after the end')
  }
}
