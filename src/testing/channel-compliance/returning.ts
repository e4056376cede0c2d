import { FakeClock } from '../fake-clock.ts'
import { fails, same } from './assert.ts'
import { collect, Flood, next, open, range, sendAll } from './steps.ts'
import { quiet, until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { Stage } from './stage.ts'
import type { Wave } from './steps.ts'
import type { Receiver, Sender, Session, SessionInit } from '../../channel/index.ts'

const TTL_MS = 30_000

/** Two sessions with a channel each way. */
interface Table {
  readonly near: Session
  readonly far: Session
  /** From near to far. */
  readonly there: Sender<unknown>
  readonly atFar: Receiver<unknown>
  /** From far to near. */
  readonly back: Sender<unknown>
  readonly atNear: Receiver<unknown>
}

async function lay (stage: Stage, init: SessionInit = {}): Promise<Table> {
  const { near, far } = await stage.pair({ near: init })
  const [there, atFar] = await open(near, far)
  const [back, atNear] = await open(far, near)

  return { near, far, there, atFar, back, atNear }
}

/** What travels goes over a stream; the two channels of the table are all that is left when nothing does. */
async function nothingTravels ({ near, far }: Table): Promise<void> {
  const streams = (): number[] => [near, far].flatMap((session) => [session.stat().opened, session.stat().accepted])

  await until(() => streams().every((count) => count === 1), () => `the streams of what returned to end: there are ${streams().join(', ')} (near opened, near accepted, far opened, far accepted)`)
}

async function give<T> (value: unknown, sender: Sender<unknown>, receiver: Receiver<unknown>): Promise<T> {
  await within(sender.send(value), 'the message to be taken')

  return next<T>(receiver)
}

export const returning: Cases = {
  async 'gives a sender back to its origin: order kept, nothing lost, nothing travels any more' (stage) {
    const table = await lay(stage)
    const [local, remote] = table.near.createNestedReceiver()
    const away = await give<Sender<unknown>>(remote, table.there, table.atFar)
    const sending = sendAll(away, range(0, 10))

    same(await within(collect(local, 5), 'the first messages'), range(0, 5), 'the messages while it is away')
    await sending

    const home = await give<Sender<unknown>>(away, table.back, table.atNear)
    const later = sendAll(home, range(10, 20)).then(() => home.close())

    same(await within(collect(local), 'the end'), range(5, 20), 'the messages before and after the return')
    await later
    await nothingTravels(table)
  },

  async 'gives a sender back while many of its messages are on their way' (stage) {
    const table = await lay(stage)
    const [local, remote] = table.near.createNestedReceiver()
    const away = await give<Sender<unknown>>(remote, table.there, table.atFar)
    const flood = new Flood(away)

    await flood.stalled()
    flood.stop()

    const returned = give<Sender<unknown>>(away, table.back, table.atNear)
    const before = within(collect<Wave>(local, flood.taken), 'what was sent while it was away')
    const home = await within(returned, 'the sender to be back')
    const later = sendAll(home, ['home']).then(() => home.close())

    same((await before).map(({ n }) => n), range(0, flood.taken), 'the messages while it was away')

    const rest = await within(collect(local), 'the end')

    // one waited for room when its sender left: it was taken, or its send failed
    same(rest.at(-1), 'home', 'the last message')
    await flood.ended
    same(rest.length - 1, flood.taken - (await before).length, 'the messages between')
    await later
    await nothingTravels(table)
  },

  async 'gives a receiver back to its origin: order kept, nothing lost, nothing travels any more' (stage) {
    const table = await lay(stage)
    const [local, remote] = table.near.createNestedSender()
    const away = await give<Receiver<unknown>>(remote, table.there, table.atFar)

    await sendAll(local, range(0, 20))
    same(await within(collect(away, 5), 'the first messages'), range(0, 5), 'the messages while it is away')

    const home = await give<Receiver<unknown>>(away, table.back, table.atNear)
    const later = sendAll(local, range(20, 40))

    same(await within(collect(home, 35), 'the rest'), range(5, 40), 'the messages after the return')
    await later
    await nothingTravels(table)

    const last = sendAll(local, ['last']).then(() => local.close())

    same(await within(collect(home), 'the end'), ['last'], 'the last message')
    await last
  },

  async 'gives a receiver back while its sender is held back' (stage) {
    const table = await lay(stage)
    const [local, remote] = table.near.createNestedSender()
    const away = await give<Receiver<unknown>>(remote, table.there, table.atFar)
    const flood = new Flood(local)

    await flood.stalled()

    const home = await give<Receiver<unknown>>(away, table.back, table.atNear)
    const first = await within(collect<Wave>(home, flood.taken), 'what was sent while it was away')

    flood.stop()

    const rest = within(collect<Wave>(home), 'the end')

    await within(flood.ended, 'the send that waits')
    await local.close()
    same([...first, ...await rest].map(({ n }) => n), range(0, flood.taken), 'the messages')
    await nothingTravels(table)
  },

  async 'gives back what ended while it was away, with its end' (stage) {
    const table = await lay(stage)
    const reason = { code: 300, message: 'enough' }
    const closed = table.near.createNestedSender()
    const aborted = table.near.createNestedSender()

    const away = await give<Array<Receiver<unknown>>>([closed[1], aborted[1]], table.there, table.atFar)

    await sendAll(closed[0], range(0, 5))
    await closed[0].close()
    aborted[0].abort(reason)
    await quiet()

    const [closes, aborts] = await give<[Receiver<unknown>, Receiver<unknown>]>(away, table.back, table.atNear)

    same(await within(collect(closes), 'the end'), range(0, 5), 'the messages before the close')
    await fails(within(aborts.receive(), 'the abort'), 'ChannelAborted', 'receiving what was aborted', reason)
    await nothingTravels(table)
  },

  async 'stops at the origin by a cancel of what returned' (stage) {
    const table = await lay(stage)
    const reason = { code: 300, message: 'enough' }
    const [local, remote] = table.near.createNestedSender()
    const [answers, remoteAnswers] = table.near.createNestedReceiver()
    const away = await give<unknown[]>([remote, remoteAnswers], table.there, table.atFar)
    const [jobs, answer] = await give<[Receiver<unknown>, Sender<unknown>]>(away, table.back, table.atNear)

    jobs.cancel(reason)
    answer.abort(reason)
    await within(local.closed, 'the sender to end')
    await fails(local.send(1), 'ChannelCancelled', 'sending', reason)
    await fails(within(answers.receive(), 'the abort'), 'ChannelAborted', 'receiving', reason)
    await nothingTravels(table)
  },

  async 'goes to and fro many times, and the way does not grow' (stage) {
    const table = await lay(stage)
    const [local, remote] = table.near.createNestedSender()
    const [answers, remoteAnswers] = table.near.createNestedReceiver()
    let jobs: Receiver<unknown> = remote
    let answer: Sender<unknown> = remoteAnswers

    for (let time = 0; time < 10; time++) {
      const sending = sendAll(local, range(3 * time, 3 * time + 3));

      [jobs, answer] = await give<[Receiver<unknown>, Sender<unknown>]>([jobs, answer], table.there, table.atFar)
      same(await next(jobs), 3 * time, 'a message that is received away')
      await within(sendAll(answer, [2 * time]), 'the first answer');

      [jobs, answer] = await give<[Receiver<unknown>, Sender<unknown>]>([jobs, answer], table.back, table.atNear)
      same(await within(collect(jobs, 2), 'the messages'), [3 * time + 1, 3 * time + 2], 'messages that are received at home')
      await sending

      const answering = sendAll(answer, [2 * time + 1])

      same(await within(collect(answers, 2), 'the answers'), [2 * time, 2 * time + 1], 'the answers')
      await answering
      await nothingTravels(table)
    }

    await local.close()
    await answer.close()
    same(await within(collect(jobs), 'the end'), [], 'the rest of the messages')
    same(await within(collect(answers), 'the end'), [], 'the rest of the answers')
  },

  // spec-channel 9.4
  async 'ends what returned when nobody takes it in time' (stage) {
    const clock = new FakeClock()
    const table = await lay(stage, stage.can.clock ? { clock } : {})
    const [local, remote] = table.near.createNestedSender()
    const [answers, remoteAnswers] = table.near.createNestedReceiver()
    const away = await give<unknown[]>([remote, remoteAnswers], table.there, table.atFar)

    await table.back.send(away)
    await quiet()
    table.atNear.cancel()
    await quiet()

    if (stage.can.clock) {
      await clock.advance(TTL_MS)
      await fails(within(answers.receive(), 'the receiver to end'), 'ChannelAborted', 'receiving', { code: 9 })
      same((await within(local.closed, 'the sender to end')).how, 'cancelled', 'how the sender ended')
    }

    await until(() => table.near.stat().opened === 1, 'the streams of what returned to end')
  }
}
