import { settle } from '../fake-clock.ts'
import { fails, ok, outcome, same, throws } from './assert.ts'
import { collect, Flood, next, open, range, sendAll } from './steps.ts'
import { quiet, within } from './waiting.ts'
import type { Outcome } from './assert.ts'
import type { Cases } from './cases.ts'
import type { Wave } from './steps.ts'
import type { Sender } from '../../channel/index.ts'

const GIVEN_UP = new Error('given up')
const RACES = 300

/** Expects the very reason of the signal. */
async function givesUp (waiting: Promise<Outcome>, what: string): Promise<void> {
  const result = await within(waiting, what)

  ok('error' in result && result.error === GIVEN_UP, `${what} fails with the reason of the signal`)
}

export const calls: Cases = {
  async 'takes nothing by a receive that a signal ends' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const controller = new AbortController()
    const waiting = outcome(receiver.receive({ signal: controller.signal }))
    const after = receiver.receive()

    controller.abort(GIVEN_UP)
    await givesUp(waiting, 'the receive')
    await givesUp(outcome(receiver.receive({ signal: controller.signal })), 'a receive whose signal has aborted before')
    await sender.send('kept')
    same((await within(after, 'the next in the queue')).value, 'kept', 'what the next in the queue gets')
  },

  async 'loses and repeats no message when signals race with messages' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const received: unknown[] = []

    for (let n = 0; n < RACES; n++) {
      const controller = new AbortController()
      const receiving = outcome(receiver.receive({ signal: controller.signal }))

      await sender.send(n)
      // later each time, so that some aborts come before the message and some behind
      await turns(n % 16)
      controller.abort(GIVEN_UP)

      const result = await receiving

      received.push('error' in result ? await next(receiver) : (result.value as IteratorResult<unknown>).value)
    }

    same(received, range(0, RACES), 'the messages')
  },

  async 'sends nothing by a send that a signal ends' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(sender)

    await flood.stalled()
    flood.stop()

    const controller = new AbortController()
    const waiting = outcome(sender.send('given up', { signal: controller.signal }))
    const after = sender.send('last')

    await quiet()
    controller.abort(GIVEN_UP)
    await givesUp(waiting, 'the send')
    await givesUp(outcome(sender.send('too late', { signal: controller.signal })), 'a send whose signal has aborted before')

    const received = within(collect(receiver), 'the end')

    await within(after, 'the send that waits behind')
    await sender.close()
    await flood.ended

    const messages = await received

    same(messages.length, flood.taken + 1, 'the number of messages')
    same(messages.at(-1), 'last', 'the last message')
  },

  async 'ends the wait for a channel by a signal, and loses no channel' (stage) {
    const { near, far } = await stage.pair()
    const controller = new AbortController()
    const waiting = outcome(far.waitReceiveChannel({ signal: controller.signal }))

    controller.abort(GIVEN_UP)
    await givesUp(waiting, 'the wait')

    const [sender, receiver] = await open(near, far)

    await sender.send('kept')
    same(await next(receiver), 'kept', 'the message')
  },

  async 'ends the wait of a close by a signal, and closes all the same' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(sender)

    await flood.stalled()

    const controller = new AbortController()
    const closing = outcome(sender.close({ signal: controller.signal }))

    controller.abort(GIVEN_UP)
    await givesUp(closing, 'the close')

    const messages = await within(collect<Wave>(receiver), 'the end')

    await flood.ended
    same(messages.map(({ n }) => n), range(0, flood.taken), 'the messages')
  },

  async 'is closed by the last of its handles, and aborted by the first' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const second = sender.dup()

    await sender.send(1)
    await sender.close()
    await fails(sender.send(0), 'ChannelClosed', 'sending by the handle that is closed')
    await second.send(2)
    same(await within(collect(receiver, 2), 'the messages'), [1, 2], 'the messages of both')
    await second.close()
    same(await within(collect(receiver), 'the end'), [], 'the rest')

    const [aborted, other] = await open(near, far)
    const waiting = other.receive()

    void aborted.dup()
    aborted.abort({ code: 300, message: '' })
    await fails(within(waiting, 'the abort'), 'ChannelAborted', 'receiving', { code: 300 })
  },

  async 'sends one handle away and keeps the other' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedReceiver()
    const kept = remote.dup()

    await sender.send({ remote })

    const away = (await next<{ remote: Sender<unknown> }>(receiver)).remote
    const sending = Promise.all([sendAll(kept, range(0, 50)).then(() => kept.close()), sendAll(away, range(50, 100)).then(() => away.close())])
    const messages = await within(collect<number>(local), 'the end')

    same(messages.filter((n) => n < 50), range(0, 50), 'the messages of the handle that was kept')
    same(messages.filter((n) => n >= 50), range(50, 100), 'the messages of the handle that was sent away')
    await sending
  },

  async 'ends by leaving its scope: a sender closes, and a receiver cancels' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [stopped, unread] = await open(near, far)

    await sender.send('last')
    await sender[Symbol.asyncDispose]()
    same(await within(collect(receiver), 'the end'), ['last'], 'the messages')
    await unread[Symbol.asyncDispose]()
    same((await within(stopped.closed, 'the sender to end')).how, 'cancelled', 'how it ended')
  },

  async 'stops the sender when its receiver leaves the loop' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sendAll(sender, [1, 2, 3])

    for await (const message of receiver) {
      if (message === 2) {
        break
      }
    }

    same((await within(sender.closed, 'the sender to end')).how, 'cancelled', 'how it ended')
  },

  async 'gives one message each to many who wait' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const waiting = range(0, 50).map(() => receiver.receive())

    await sendAll(sender, range(0, 50))
    same((await within(Promise.all(waiting), 'all to be served')).map(({ value }) => value), range(0, 50), 'what each gets')
  },

  async 'throws at once where there is no waiting' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [cancelled, other] = await open(near, far)

    other.cancel({ code: 300 })
    await within(cancelled.closed, 'the cancel to come')
    throws(() => cancelled.trySend(1), 'ChannelCancelled', 'trySend')
    sender.abort({ code: 300 })
    await within(receiver.closed, 'the abort to come')
    throws(() => receiver.tryReceive(), 'ChannelAborted', 'tryReceive')
    throws(() => sender.trySend(1), 'ChannelClosed', 'trySend after the abort')
  }
}

/** Lets promises and I/O have so many turns. */
async function turns (count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await settle()
  }
}
