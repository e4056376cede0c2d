import { pause, systemClock } from '../../base/index.ts'
import { atMost, ok, same } from './assert.ts'
import { ByteFlood, collect, Flood, next, open, openBytes, range, sendAll } from './steps.ts'
import { within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { Wave } from './steps.ts'
import type { Receiver } from '../../channel/index.ts'

const MANY = 10_000
const PAUSE_MS = 1

export const stalls: Cases = {
  async 'moves one channel while another stalls, which takes a bounded number of bytes' (stage) {
    const { near, far } = await stage.pair()
    const [stalled, unread] = await open(near, far)
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(stalled)

    await flood.stalled()
    atMost(flood.takenBytes, stage.stalledBytes, 'bytes that the stalled channel took')

    const sending = sendAll(sender, range(0, MANY)).then(() => sender.close())

    same(await within(collect(receiver), 'the end of the channel that moves'), range(0, MANY), 'the messages of the channel that moves')
    await sending
    atMost(flood.takenBytes, stage.stalledBytes, 'bytes that the stalled channel took in the meantime')

    flood.stop()

    // one more waits for room
    const rest = await within(collect<Wave>(unread, flood.taken + 1), 'the stalled messages')

    same(rest.map(({ n }) => n), range(0, rest.length), 'the messages of the stalled channel')
    same(await within(flood.ended, 'the send that waits'), undefined, 'what became of it')
    same(flood.taken, rest.length, 'how many were taken')
  },

  async 'moves on while byte streams, nested channels and whole channels are left alone' (stage) {
    const { near, far } = await stage.pair()
    const [bytes] = await openBytes(near, far)
    const [carrier] = await open(near, far)
    const [nested, remote] = near.createNestedSender()
    const byteFlood = new ByteFlood(bytes, new Uint8Array(16 * 1024))

    await carrier.send(remote)

    const floods = [new Flood(nested), new Flood(carrier)]

    await Promise.all([...floods, byteFlood].map((flood) => flood.stalled()))

    for (const flood of floods) {
      atMost(flood.takenBytes, stage.stalledBytes, 'bytes that a stalled channel took')
    }

    atMost(byteFlood.taken, stage.stalledBytes, 'bytes that the stalled byte stream took')

    const [sender, receiver] = await open(near, far)
    const [other, otherReceiver] = await open(far, near)
    const sending = Promise.all([sendAll(sender, range(0, 1000)), sendAll(other, range(0, 1000))])

    same(await within(collect(receiver, 1000), '1,000 messages'), range(0, 1000), 'the messages')
    same(await within(collect(otherReceiver, 1000), '1,000 messages back'), range(0, 1000), 'the messages back')
    await sending
  },

  async 'never lets a fast sender get far ahead of a slow receiver' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const flood = new Flood(sender, { limit: MANY })
    let ahead = 0

    for (let received = 0; received < 500; received++) {
      const { n } = await next<Wave>(receiver)

      same(n, received, 'the number of the message')
      ahead = Math.max(ahead, flood.taken - received)
      await pause(systemClock, PAUSE_MS)
    }

    ok(flood.taken > 500, 'the sender was faster than the receiver')
    atMost(ahead * 1024, stage.slowBytes, 'bytes that the sender was ahead')
  },

  async 'takes one message however large, and not the next' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const large = new Uint8Array(2 * 1024 * 1024).fill(7)
    const flood = new Flood(sender, { loadBytes: large.length })

    await flood.stalled()
    atMost(flood.taken * large.length, 4 * large.length + stage.stalledBytes, 'bytes that the channel took')
    flood.stop()

    const received = within(collect<Wave>(receiver, flood.taken + 1), 'the messages')

    await within(flood.ended, 'the send that waits')
    same((await received).map(({ load }) => load.length), range(0, flood.taken).map(() => large.length), 'the sizes')
  },

  async 'reads a stalled channel to its end after all others have ended' (stage) {
    const { near, far } = await stage.pair()
    const [carrier, arrivals] = await open(near, far)
    const [local, remote] = near.createNestedSender()
    const flood = new Flood(local)

    await carrier.send(remote)
    await flood.stalled()
    flood.stop()

    const receiver = await next<Receiver<unknown>>(arrivals)

    await carrier.close()
    same(await within(collect(arrivals), 'the end of the carrier'), [], 'the rest of the carrier')

    const received = within(collect<Wave>(receiver), 'the end')

    await within(flood.ended, 'the send that waits')
    await local.close()
    same((await received).map(({ n }) => n), range(0, flood.taken), 'the messages')
  }
}
