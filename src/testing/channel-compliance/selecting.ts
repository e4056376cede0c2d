import { select } from '../../channel/index.ts'
import { fails, same } from './assert.ts'
import { collect, Flood, next, open, range, sendAll } from './steps.ts'
import { quiet, within } from './waiting.ts'
import type { Cases } from './cases.ts'

const MANY = 300

export const selecting: Cases = {
  async 'receives from several channels, and loses nothing of any' (stage) {
    const { near, far } = await stage.pair()
    const [first, a] = await open(near, far)
    const [second, b] = await open(near, far)
    const received: Record<'a' | 'b', unknown[]> = { a: [], b: [] }
    const sending = [sendAll(first, range(0, MANY)), sendAll(second, range(0, MANY))]

    for (let n = 0; n < 2 * MANY; n++) {
      const { name, value } = await within(select({ a, b }), 'a message of either')

      received[name].push(value)
    }

    await Promise.all(sending)
    same(received, { a: range(0, MANY), b: range(0, MANY) }, 'the messages')
  },

  async 'takes no message when time or a signal wins' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const stopped = AbortSignal.abort('stopped')

    same(await select({ receiver, late: { afterMs: 0 } }), { name: 'late' }, 'what comes of it when nothing is there')
    same(await select({ receiver, stopped }), { name: 'stopped', reason: 'stopped' }, 'what comes of it when all is over')
    await sender.send('kept')
    same(await next(receiver), 'kept', 'the message')
  },

  async 'sends where there is room, and nothing where it does not' (stage) {
    const { near, far } = await stage.pair()
    const [stalled, unread] = await open(near, far)
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(stalled)

    await flood.stalled()
    flood.stop()
    same(await within(select({ stalled: [stalled, 'not sent'], sender: [sender, 'sent'] }), 'the send'), { name: 'sender' }, 'the branch')
    same(await next(receiver), 'sent', 'the message')

    const received = within(collect(unread), 'the end')

    await flood.ended
    await stalled.close()
    same((await received).length, flood.taken, 'the number of messages of the channel that was stalled')
  },

  async 'waits for room and for a message at the same time' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [back, answers] = await open(far, near)
    const flood = new Flood(sender)

    await flood.stalled()
    flood.stop()

    const first = select({ room: [sender, 'behind'], answers })

    await quiet()
    await back.send('an answer')
    same(await within(first, 'the answer'), { name: 'answers', done: false, value: 'an answer' }, 'what comes first')

    const second = select({ room: [sender, 'behind'], answers })
    const received = within(collect(receiver), 'the end')

    same(await within(second, 'the room'), { name: 'room' }, 'what comes then')
    await flood.ended
    await sender.close()
    same((await received).at(-1), 'behind', 'the last message')
  },

  async 'tells of an end and of a failure' (stage) {
    const { near, far } = await stage.pair()
    const [closed, ends] = await open(near, far)
    const [aborted, fail] = await open(near, far)
    const waiting = select({ ends, fail })

    await closed.close()
    same(await within(waiting, 'the end'), { name: 'ends', done: true, value: undefined }, 'what comes of the close')

    const failing = select({ fail })

    aborted.abort({ code: 300, message: '' })
    await fails(within(failing, 'the failure'), 'ChannelAborted', 'what comes of the abort', { code: 300 })
  }
}
