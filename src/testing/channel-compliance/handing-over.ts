import { atMost, failed, fails, same } from './assert.ts'
import { collect, collectUntilFailure, Flood, next, open, openBytes, range, sendAll } from './steps.ts'
import { until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { SessionPair } from './contract.ts'
import type { Stage } from './stage.ts'
import type { Wave } from './steps.ts'
import type { ByteStream, Receiver, Sender } from '../../channel/index.ts'

const REASON = { code: 300, message: 'enough' }

/** Three parties: A has a session with B, and B one with C. */
interface Chain {
  readonly ab: SessionPair
  readonly bc: SessionPair
  /** Sends something from A to B, who sends it to C. */
  hand<T>(value: unknown): Promise<T>
}

async function chain (stage: Stage): Promise<Chain> {
  const [ab, bc] = [await stage.pair(), await stage.pair()]
  const [fromA, toB] = await open(ab.near, ab.far)
  const [fromB, toC] = await open(bc.near, bc.far)

  return {
    ab,
    bc,
    async hand (value) {
      await fromA.send(value)
      await fromB.send(await next(toB))

      return next(toC)
    }
  }
}

export const handingOver: Cases = {
  async 'hands a receiver and a sender on to a third party' (stage) {
    const { ab, hand } = await chain(stage)
    const [local, remote] = ab.near.createNestedSender()
    const [answers, remoteAnswers] = ab.near.createNestedReceiver()
    const [jobs, answer] = await hand<[Receiver<unknown>, Sender<unknown>]>([remote, remoteAnswers])
    const sending = sendAll(local, range(0, 1000)).then(() => local.close())

    const answering = (async () => {
      for await (const job of jobs) {
        await answer.send([job])
      }

      await answer.close()
    })()

    same(await within(collect(answers), 'the end of the answers'), range(0, 1000).map((n) => [n]), 'the answers')
    await Promise.all([sending, answering])
  },

  async 'holds a sender back by a receiver two sessions away' (stage) {
    const { ab, hand } = await chain(stage)
    const [local, remote] = ab.near.createNestedSender()
    const jobs = await hand<Receiver<unknown>>(remote)
    const flood = new Flood(local)

    await flood.stalled()
    atMost(flood.takenBytes, 2 * stage.stalledBytes, 'bytes that the channel took')
    flood.stop()

    const received = within(collect<Wave>(jobs), 'the end')

    await within(flood.ended, 'the send that waits')
    await local.close()
    same((await received).map(({ n }) => n), range(0, flood.taken), 'the messages')
  },

  async 'passes on an abort and a cancel, with code and message' (stage) {
    const { ab, hand } = await chain(stage)
    const aborted = ab.near.createNestedSender()
    const cancelled = ab.near.createNestedSender()
    const [aborts, cancels] = await hand<[Receiver<unknown>, Receiver<unknown>]>([aborted[1], cancelled[1]])

    await sendAll(aborted[0], range(0, 10))
    aborted[0].abort(REASON)

    const { messages, error } = await collectUntilFailure(aborts)

    same(messages, range(0, 10), 'the messages before the abort')
    failed({ error }, 'ChannelAborted', 'receiving after the abort', REASON)

    cancels.cancel(REASON)
    await within(cancelled[0].closed, 'the cancel to come')
    await fails(cancelled[0].send(1), 'ChannelCancelled', 'sending after the cancel', REASON)
  },

  // spec-channel 8.6
  async 'passes on the loss of the one session as a failure in the other' (stage) {
    for (const lost of ['ab', 'bc'] as const) {
      const { ab, bc, hand } = await chain(stage)
      const [local, remote] = ab.near.createNestedSender()
      const [answers, remoteAnswers] = ab.near.createNestedReceiver()
      const [jobs, answer] = await hand<[Receiver<unknown>, Sender<unknown>]>([remote, remoteAnswers])

      if (lost === 'ab') {
        await ab.cut('reset')
        await fails(within(jobs.receive(), 'the receiver to end'), 'ChannelAborted', 'receiving at C', { code: 1 })
        await within(answer.closed, 'the sender to end')
        await fails(answer.send(1), 'ChannelCancelled', 'sending at C', { code: 1 })
      } else {
        await bc.cut('reset')
        await fails(within(answers.receive(), 'the receiver to end'), 'ChannelAborted', 'receiving at A', { code: 1 })
        await within(local.closed, 'the sender to end')
        await fails(local.send(1), 'ChannelCancelled', 'sending at A', { code: 1 })
      }
    }
  },

  async 'leaves nothing in the middle when what was handed over has ended' (stage) {
    const { ab, bc, hand } = await chain(stage)

    for (let time = 0; time < 20; time++) {
      const [local, remote] = ab.near.createNestedSender()
      const jobs = await hand<Receiver<unknown>>(remote)
      const sending = sendAll(local, [time]).then(() => local.close())

      same(await within(collect(jobs), 'the end'), [time], 'the message')
      await sending
    }

    const streams = (): number[] => [ab.near.stat().opened, ab.far.stat().accepted, bc.near.stat().opened, bc.far.stat().accepted]

    await until(() => streams().every((count) => count === 1), () => `one stream each to be left, not ${streams().join(', ')}`)
  },

  async 'hands a byte stream on, with the end of each direction' (stage) {
    const { ab, bc } = await chain(stage)
    const [local, middle] = await openBytes(ab.near, ab.far)
    const [fromB, toC] = await open(bc.near, bc.far)

    await fromB.send({ middle })

    const remote = (await next<{ middle: ByteStream }>(toC)).middle

    await local.end('over two sessions')
    same(await within(remote.text(), 'the bytes to end'), 'over two sessions', 'the bytes')
    await remote.end('and back')
    same(await within(local.text(), 'the answer to end'), 'and back', 'the answer')
  }
}
