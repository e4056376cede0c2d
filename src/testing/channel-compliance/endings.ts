import { failed, fails, ok, reasonIs, same } from './assert.ts'
import { collect, collectUntilFailure, Flood, next, open, range, sendAll } from './steps.ts'
import { quiet, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { ChannelEnd, ChannelError, ChannelReason } from '../../channel/index.ts'

const QUOTA = { code: 300, message: 'the quota is used up: é' }
const MANY = 50

/** How an end has ended, with its reason as far as one is expected. */
async function ended (closed: Promise<ChannelEnd>, how: ChannelEnd['how'], what: string, reason: Partial<ChannelReason> = {}): Promise<void> {
  const end = await within(closed, `${what}.closed to resolve`)

  same(end.how, how, `how ${what} ended`)
  reasonIs('reason' in end ? end.reason : undefined, reason, what)
}

export const endings: Cases = {
  async 'ends a channel with its close, for good and on both sides' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sender.send('last')
    await sender.close()
    same(await next(receiver), 'last', 'the message')

    for (const time of ['first', 'second']) {
      same((await within(receiver.receive(), 'the end')).done, true, `what is received the ${time} time after the last message`)
    }

    await ended(sender.closed, 'closed', 'the sender')
    await ended(receiver.closed, 'closed', 'the receiver')
  },

  async 'ends a channel that never had a message' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sender.close()
    same(await within(collect(receiver), 'the end'), [], 'the messages')
  },

  async 'takes nothing after close, and a second close does nothing' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sender.close()
    await sender.close()
    await fails(sender.send(1), 'ChannelClosed', 'sending after the close')
    same(await within(collect(receiver), 'the end'), [], 'the messages')
  },

  async 'tells whoever waits already of the end' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const waiting = [receiver.receive(), receiver.receive()]

    await quiet()
    await sender.close()

    for (const { done } of await within(Promise.all(waiting), 'both to learn of the end')) {
      same(done, true, 'what who waits receives')
    }
  },

  async 'delivers what send took before the close' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sendAll(sender, range(0, MANY))
    await sender.close()
    await quiet()
    same(await within(collect(receiver), 'the end'), range(0, MANY), 'the messages')
  },

  async 'delivers what waits for room before the close' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(sender)

    await flood.stalled()
    flood.stop()

    const closing = sender.close()
    const messages = await within(collect<{ n: number }>(receiver), 'the end')

    await within(closing, 'the close')
    await flood.ended
    same(messages.map(({ n }) => n), range(0, flood.taken), 'the messages')
  },

  async 'delivers what send took before an abort, and then its code and message' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sendAll(sender, range(0, MANY))
    sender.abort(QUOTA)

    const { messages, error } = await collectUntilFailure(receiver)

    same(messages, range(0, MANY), 'the messages')
    failed({ error }, 'ChannelAborted', 'receiving after the abort', QUOTA)
    await fails(receiver.receive(), 'ChannelAborted', 'receiving once more', QUOTA)
    await ended(sender.closed, 'aborted', 'the sender', QUOTA)
    await ended(receiver.closed, 'aborted', 'the receiver', QUOTA)
    await fails(sender.send(1), 'ChannelClosed', 'sending after the abort')
  },

  async 'delivers what send took before an abort that comes while others wait for room' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(sender)

    await flood.stalled()
    sender.abort(QUOTA)

    ok(await within(flood.ended, 'what waits to fail') != null, 'what waits for room fails with the abort')

    const { messages, error } = await collectUntilFailure(receiver)

    same(messages.map((message) => (message as { n: number }).n), range(0, flood.taken), 'the messages')
    failed({ error }, 'ChannelAborted', 'receiving after the abort', QUOTA)
  },

  async 'tells the message of an error that a channel is aborted with' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const waiting = receiver.receive()

    sender.abort(new Error('the disk is full'))
    await fails(within(waiting, 'the abort'), 'ChannelAborted', 'receiving', { code: 1, message: 'the disk is full' })
  },

  async 'stops the sender by a cancel with code and message, what waits and what comes later' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(sender)

    await flood.stalled()
    receiver.cancel(QUOTA)

    const error = await within(flood.ended, 'the send that waits to fail')

    failed({ error }, 'ChannelCancelled', 'the send that waits', QUOTA)
    await fails(sender.send(1), 'ChannelCancelled', 'a later send', QUOTA)
    await ended(sender.closed, 'cancelled', 'the sender', QUOTA)
    await ended(receiver.closed, 'cancelled', 'the receiver', QUOTA)
  },

  async 'stops a sender that waits for nothing' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    receiver.cancel(QUOTA)
    await ended(sender.closed, 'cancelled', 'the sender', QUOTA)
    await fails(sender.send(1), 'ChannelCancelled', 'a send', QUOTA)
  },

  async 'gives nothing to a receiver that cancelled' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [, waitsInVain] = await open(near, far)
    const waiting = waitsInVain.receive()

    await sendAll(sender, range(0, MANY))
    await quiet()
    same(await next(receiver), 0, 'the first message')
    receiver.cancel()
    waitsInVain.cancel()
    await fails(receiver.receive(), 'ChannelClosed', 'receiving after the cancel')
    await fails(within(waiting, 'the receive that waits'), 'ChannelClosed', 'a receive that waits')
  },

  async 'goes on with other channels after an abort and a cancel' (stage) {
    const { near, far } = await stage.pair()
    const [aborted] = await open(near, far)
    const [, cancelled] = await open(near, far)
    const [sender, receiver] = await open(near, far)

    aborted.abort()
    cancelled.cancel()
    await quiet()
    await sender.send('on')
    same(await next(receiver), 'on', 'the message')
  },

  async 'lets the first end count' (stage) {
    const { near, far } = await stage.pair()
    const [closedFirst, whole] = await open(near, far)
    const [cancelledFirst, receiver] = await open(near, far)

    await closedFirst.send(1)
    await closedFirst.close()
    closedFirst.abort(QUOTA)
    same(await within(collect(whole), 'the end'), [1], 'what came before the close')
    whole.cancel(QUOTA)
    await ended(whole.closed, 'closed', 'the receiver that was done')

    receiver.cancel(QUOTA)
    receiver.cancel({ code: 301 })
    await ended(cancelledFirst.closed, 'cancelled', 'the sender', QUOTA)
    cancelledFirst.abort({ code: 302 })
    await cancelledFirst.close()
    await fails(cancelledFirst.send(1), 'ChannelCancelled', 'a send', QUOTA)
  },

  async 'carries every code, and cuts a long message at a character' (stage) {
    const { near, far } = await stage.pair()

    for (const reason of [{ code: 0, message: '' }, { code: 0xFFFF, message: 'x' }, { code: 256, message: `a${'é'.repeat(600)}` }]) {
      const [sender, receiver] = await open(near, far)

      sender.abort(reason)

      const { error } = await collectUntilFailure(receiver)
      const { code, message = '' } = (error as ChannelError).reason ?? {}

      same(code, reason.code, 'the code')
      // 1,024 bytes would end within an é of two bytes
      same(message, reason.message.slice(0, 512), 'the message')
    }
  }
}
