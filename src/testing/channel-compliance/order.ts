import { seededRandom } from '../seeded-random.ts'
import { ok, same } from './assert.ts'
import { collect, next, open, range, sendAll } from './steps.ts'
import { until, within } from './waiting.ts'
import type { Cases } from './cases.ts'

const MIXED = 500
const MAX_MIXED_BYTES = 100_000

export const order: Cases = {
  async 'announces a channel when it is opened, before any message' (stage) {
    const { near, far } = await stage.pair()

    near.newSendChannel()
    far.newSendChannel()

    await within(far.waitReceiveChannel(), 'the channel that the near side opened')
    await within(near.waitReceiveChannel(), 'the channel that the far side opened')
  },

  async 'delivers messages in the order of the calls, though nobody waits between them' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const sending = Promise.all(range(0, 5_000).map((n) => sender.send(n)))

    same(await within(collect(receiver, 5_000), '5,000 messages'), range(0, 5_000), 'the messages')
    await within(sending, 'what was received to be taken')
  },

  async 'delivers messages in their order, whatever their sizes' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const random = seededRandom(1)
    const sizes = range(0, MIXED).map(() => Math.floor(MAX_MIXED_BYTES * random() ** 4))
    const sending = sendAll(sender, sizes.map((size, n) => [n, new Uint8Array(size)]))
    const received = await within(collect<[number, Uint8Array]>(receiver, MIXED), `${MIXED} messages`)

    same(received.map(([n, bytes]) => [n, bytes.length]), sizes.map((size, n) => [n, size]), 'numbers and sizes, with seed 1')
    await sending
  },

  async 'delivers a large number of messages, each once' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const { messages } = stage.sizes
    const sending = sendAll(sender, (function * () { yield * count(messages) }())).then(() => sender.close())
    let received = 0

    for await (const message of receiver) {
      if (message !== received++) {
        same(message, received - 1, 'the message')
      }
    }

    await sending
    same(received, messages, 'the number of messages')
  },

  async 'keeps apart what many channels of both sides carry at the same time' (stage) {
    const { near, far } = await stage.pair()
    const channels = 20

    const talk = async (from: typeof near, to: typeof far): Promise<void> => {
      const senders = range(0, channels).map(() => from.newSendChannel())

      senders.forEach((sender, index) => {
        // its failure shows on the other side
        void sendAll(sender, range(0, 100).map((n) => [index, n])).then(() => sender.close()).catch(() => {})
      })

      const receivers = await Promise.all(senders.map(() => to.waitReceiveChannel()))
      const received = await Promise.all(receivers.map((receiver) => collect<[number, number]>(receiver)))
      const first = received.map((messages) => messages[0]?.[0] ?? -1)

      same([...first].sort((a, b) => a - b), range(0, channels), 'the channels')
      received.forEach((messages, at) => { same(messages, range(0, 100).map((n) => [first[at], n]), 'the messages of one channel') })
    }

    await within(Promise.all([talk(near, far), talk(far, near)]), 'all channels to end')
  },

  async 'gives the channels of the other side to whoever iterates' (stage) {
    const { near, far } = await stage.pair()
    const told: unknown[] = []

    const listen = async (): Promise<void> => {
      for await (const receiver of far) {
        told.push(await next(receiver))

        if (told.length === 3) {
          break
        }
      }
    }

    const listening = listen()

    for (const n of [1, 2, 3]) {
      await near.newSendChannel().send(n)
    }

    await within(listening, 'three channels')
    same(told, [1, 2, 3], 'what they carried')
  },

  async 'takes and gives without waiting where nobody has to wait' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    same(receiver.tryReceive(), undefined, 'what there is before anything was sent')
    ok(sender.trySend('now'), 'the first message is taken at once')

    const received: unknown[] = []

    await until(() => {
      const result = receiver.tryReceive()

      if (result != null) {
        received.push(result.value)
      }

      return received.length > 0
    }, 'the message to be there')
    same(received, ['now'], 'the messages')

    let taken = 0

    while (taken * 1024 <= stage.slowBytes && sender.trySend([taken, new Uint8Array(1024)])) {
      taken++
    }

    ok(taken > 0 && taken * 1024 <= stage.slowBytes, `trySend says when there is no room, after ${taken} messages`)

    const last = sender.send([taken, 'waits for room'])
    const all = await within(collect<[number]>(receiver, taken + 1), 'what was taken')

    same(all.map(([n]) => n), range(0, taken + 1), 'the numbers')
    await last
  }
}

function * count (to: number): Generator<number> {
  for (let n = 0; n < to; n++) {
    yield n
  }
}
