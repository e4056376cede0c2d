import { copy, pipe } from '../../channel/index.ts'
import { same } from './assert.ts'
import { collect, next, open, range, sendAll } from './steps.ts'
import { within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { Stage } from './stage.ts'
import type { ByteStream, Receiver, Sender, Session } from '../../channel/index.ts'

interface Echo {
  readonly near: Session
  readonly sender: Sender<unknown>
  /** Everything that was sent comes back here. */
  readonly receiver: Receiver<unknown>
  /** Resolves when the sender has closed and all has gone back. */
  readonly done: Promise<unknown>
}

async function echo (stage: Stage): Promise<Echo> {
  const { near, far } = await stage.pair()
  const [sender, inbox] = await open(near, far)
  const [outbox, receiver] = await open(far, near)

  return { near, sender, receiver, done: copy(outbox, inbox).then(() => outbox.close()) }
}

export const echoes: Cases = {
  async 'echoes channels that work afterwards' (stage) {
    const { near, sender, receiver, done } = await echo(stage)
    const [jobs, remoteJobs] = near.createNestedSender()
    const [answers, remoteAnswers] = near.createNestedReceiver()

    await sender.send({ name: 'both', remoteJobs, remoteAnswers })
    await sender.close()

    const echoed = await next<{ name: string, remoteJobs: Receiver<unknown>, remoteAnswers: Sender<unknown> }>(receiver)
    const sending = sendAll(jobs, range(0, 100)).then(() => jobs.close())
    const answering = copy(echoed.remoteAnswers, echoed.remoteJobs).then(() => echoed.remoteAnswers.close())

    same(echoed.name, 'both', 'the data beside the channels')
    same(await within(collect(answers), 'the end'), range(0, 100), 'what went once round')
    await Promise.all([sending, answering])
    same(await within(collect(receiver), 'the end of the echo'), [], 'the rest of the echo')
    await within(done, 'the echo to end')
  },

  async 'echoes a byte stream that works afterwards' (stage) {
    const { near, sender, receiver, done } = await echo(stage)
    const [local, remote] = near.createByteStream()

    await sender.send([remote])
    await sender.close()

    const [echoed] = await next<[ByteStream]>(receiver)

    await local.end('there')
    same(await within(echoed.text(), 'the end of the bytes'), 'there', 'what the echoed stream reads')
    await echoed.end('and back')
    same(await within(local.text(), 'the end of the answer'), 'and back', 'what comes back')
    await within(done, 'the echo to end')
  },

  async 'echoes a large number of messages with a channel each' (stage) {
    const { sender, receiver, done } = await echo(stage)
    const count = 200
    const senders: Array<Sender<unknown>> = []

    const sending = (async () => {
      for (let n = 0; n < count; n++) {
        const [answers, answer] = pipe<unknown>()

        senders.push(answer)
        await sender.send({ n, answers })
      }

      await sender.close()
    })()

    for (let n = 0; n < count; n++) {
      const message = await next<{ n: number, answers: Receiver<unknown> }>(receiver)

      same(message.n, n, 'the number of the message')

      const answering = senders[n]?.send(n)

      same(await next(message.answers), n, 'the answer')
      await answering
    }

    await sending
    await within(done, 'the echo to end')
  }
}
