import { pipe } from '../../channel/index.ts'
import { failed, fails, outcome, same } from './assert.ts'
import { collect, next, open, range, sendAll } from './steps.ts'
import { until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { SessionPair } from './contract.ts'
import type { Receiver, Sender, Session } from '../../channel/index.ts'

const DEPTH = 5

/** Where the messages go now, and whose channel ends these are. */
interface Level {
  readonly sender: Sender<unknown>
  readonly receiver: Receiver<unknown>
  readonly from: Session
  readonly to: Session
}

/** One level down: the message carries a receiver, and goes on in its direction, or a sender, and turns round. */
async function descend ({ sender, receiver, from, to }: Level, kind: 'receiver' | 'sender'): Promise<Level> {
  if (kind === 'receiver') {
    const [local, remote] = from.createNestedSender()

    await sender.send({ deeper: remote })

    const { deeper } = await next<{ deeper: Receiver<unknown> }>(receiver)

    return { sender: local, receiver: deeper, from, to }
  }

  const [local, remote] = from.createNestedReceiver()

  await sender.send({ deeper: remote })

  const { deeper } = await next<{ deeper: Sender<unknown> }>(receiver)

  return { sender: deeper, receiver: local, from: to, to: from }
}

async function descendAll ({ near, far }: Pick<SessionPair, 'near' | 'far'>, combination: number): Promise<void> {
  const [sender, receiver] = await open(near, far)
  const levels: Level[] = [{ sender, receiver, from: near, to: far }]

  for (let depth = 0; depth < DEPTH; depth++) {
    levels.unshift(await descend(levels[0] as Level, (combination >> depth) % 2 === 0 ? 'receiver' : 'sender'))
  }

  for (const [index, level] of levels.entries()) {
    await level.sender.send(['still', index])
    same(await next(level.receiver), ['still', index], 'the message of a level')
    await level.sender.close()
    same(await within(collect(level.receiver), 'the end of a level'), [], 'what comes behind it')
  }
}

export const nesting: Cases = {
  async 'nests 5 deep, in all mixtures of senders and receivers, from both sides' (stage) {
    const { near, far } = await stage.pair()

    for (let combination = 0; combination < 2 ** DEPTH; combination++) {
      await Promise.all([descendAll({ near, far }, combination), descendAll({ near: far, far: near }, combination)])
    }
  },

  async 'uses a nested channel before its carrier is read, 5 deep' (stage) {
    const { near, far } = await stage.pair()
    const [top, arrivals] = await open(near, far)
    let sender = top

    for (let depth = 0; depth < DEPTH; depth++) {
      const [local, remote] = near.createNestedSender()

      await sender.send(remote)
      await sendAll(sender, range(0, 10))
      await sender.close()
      sender = local
    }

    await sender.send('the bottom')

    let receiver = arrivals

    for (let depth = 0; depth < DEPTH; depth++) {
      const deeper = await next<Receiver<unknown>>(receiver)

      same(await within(collect(receiver), 'the end of a level'), range(0, 10), 'what came behind the nested channel')
      receiver = deeper
    }

    same(await next(receiver), 'the bottom', 'the message at the bottom')
  },

  async 'carries what was sent to a nested channel before it travelled' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()
    const early = sendAll(local, range(0, 100)).then(() => local.close())

    await sender.send(remote)
    same(await within(collect(await next<Receiver<unknown>>(receiver)), 'the end'), range(0, 100), 'the messages')
    await early
  },

  async 'carries the ends of a pipe of one side' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [jobs, jobSender] = pipe<unknown>()
    const [answers, answerSender] = pipe<unknown>({ capacity: 3 })

    await sender.send({ jobs, answerSender })

    const arrived = await next<{ jobs: Receiver<unknown>, answerSender: Sender<unknown> }>(receiver)
    const answering = (async () => {
      for await (const job of arrived.jobs) {
        await arrived.answerSender.send([job])
      }

      await arrived.answerSender.close()
    })()
    const asking = sendAll(jobSender, range(0, 100)).then(() => jobSender.close())

    same(await within(collect(answers), 'the end'), range(0, 100).map((n) => [n]), 'the answers')
    await Promise.all([asking, answering])
  },

  async 'carries many channels in one message, and a thousand at the same time' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const nested = range(0, 1_024).map(() => near.createNestedSender())

    for (let from = 0; from < nested.length; from += 256) {
      await sender.send(nested.slice(from, from + 256).map(([, remote]) => remote))
    }

    const sending = Promise.all(nested.map(([local], n) => local.send(n)))
    const arrived = await within(collect<Array<Receiver<unknown>>>(receiver, 4), 'all channels')

    same(await within(Promise.all(arrived.flat().map((each) => next(each))), 'all messages'), range(0, 1_024), 'the messages, by place')
    await sending
  },

  async 'moves what travels: the object that was sent is of no use' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()
    const waiting = outcome(remote.receive())

    await sender.send({ remote })
    failed(await within(waiting, 'who received already'), 'ChannelMoved', 'a receive that waited')
    await fails(remote.receive(), 'ChannelMoved', 'a later receive')
    await fails(sender.send({ remote }), 'ChannelMoved', 'sending it again')
    same((await remote.closed).how, 'moved', 'how it has ended')

    const arrived = await next<{ remote: Receiver<unknown> }>(receiver)

    await local.send('moved')
    same(await next(arrived.remote), 'moved', 'what its other end sends')
  },

  async 'moves nothing when the message cannot be encoded' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()

    await fails(sender.send({ remote, bad: () => {} }), 'UnencodableMessage', 'sending a function')
    await sender.send({ remote })

    const arrived = await next<{ remote: Receiver<unknown> }>(receiver)

    await local.send(1)
    same(await next(arrived.remote), 1, 'the message')
    await until(() => near.stat().opened === 2, () => `the channel and the nested one to be all that is open, not ${near.stat().opened}`)
  },

  // spec-channel 8.7
  async 'ends what a message carries when its channel is cancelled before' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const [local, remote] = near.createNestedSender()
    const [answers, remoteAnswers] = near.createNestedReceiver()

    await sender.send({ remote, remoteAnswers })
    receiver.cancel({ code: 300, message: '' })
    same((await within(local.closed, 'the nested sender to end')).how, 'cancelled', 'how the nested sender ended')
    await fails(local.send(1), 'ChannelCancelled', 'sending', { code: 9 })
    await fails(within(answers.receive(), 'the nested receiver to end'), 'ChannelAborted', 'receiving', { code: 9 })
    await until(() => near.stat().opened === 0 && far.stat().unclaimed === 0, 'no stream to be left')
  },

  async 'passes on ends and reasons of nested channels' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const reason = { code: 300, message: 'enough' }
    const aborted = near.createNestedSender()
    const cancelled = near.createNestedSender()
    const closed = near.createNestedReceiver()

    await sender.send([aborted[1], cancelled[1], closed[1]])

    const [aborts, cancels, closes] = await next<[Receiver<unknown>, Receiver<unknown>, Sender<unknown>]>(receiver)

    aborted[0].abort(reason)
    cancels.cancel(reason)
    await closes.send('last')
    await closes.close()

    await fails(within(aborts.receive(), 'the abort'), 'ChannelAborted', 'receiving what is aborted', reason)
    await within(cancelled[0].closed, 'the cancel')
    await fails(cancelled[0].send(1), 'ChannelCancelled', 'sending what is cancelled', reason)
    same(await within(collect(closed[0]), 'the end'), ['last'], 'the messages before the close')
  }
}
