import { Permits } from '../../base/index.ts'
import { same } from './assert.ts'
import { collect, open, range } from './steps.ts'
import { until, within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { Receiver, Sender, Session } from '../../channel/index.ts'

const IN_FLIGHT = 256

interface Request {
  n: number
  reply: Sender<unknown>
}

/** Answers every request with twice its number, without waiting for one before the next. */
export async function serve (requests: Receiver<unknown>): Promise<void> {
  const answers = new Set<Promise<void>>()
  const { promise: failure, reject } = Promise.withResolvers<never>()

  const answer = async ({ n, reply }: Request): Promise<void> => {
    await reply.send(2 * n)
    await reply.close()
  }

  const serving = async (): Promise<void> => {
    for await (const request of requests) {
      const answering = answer(request as Request)

      answers.add(answering)
      answering.then(() => answers.delete(answering), reject)
    }

    await Promise.all(answers)
  }

  await Promise.race([serving(), failure])
}

/** Sends a request with a channel for the answer, and waits for it. */
export async function ask (session: Session, sender: Sender<unknown>, n: number): Promise<unknown> {
  const [answers, reply] = session.createNestedReceiver()

  await sender.send({ n, reply })

  const [answer] = await collect(answers)

  return answer
}

export const requests: Cases = {
  async 'answers requests over channels that they carry, 256 in flight' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const serving = serve(receiver)
    const permits = new Permits(IN_FLIGHT)
    const count = 5_000

    const answers = await Promise.all(range(0, count).map(async (n) => {
      const permit = await permits.acquire()

      try {
        return await ask(near, sender, n)
      } finally {
        permit[Symbol.dispose]()
      }
    }))

    same(answers, range(0, count).map((n) => 2 * n), 'the answers')
    await sender.close()
    await within(serving, 'the server to end')
    await until(() => near.stat().opened + far.stat().accepted === 0, () => `no stream to be left, not ${near.stat().opened} and ${far.stat().accepted}`)
  },

  async 'answers requests of both sides on channels that run against each other' (stage) {
    const { near, far } = await stage.pair()
    const [there, atFar] = await open(near, far)
    const [back, atNear] = await open(far, near)
    const serving = [serve(atFar), serve(atNear)]
    const asking = [...range(0, 100).map((n) => ask(near, there, n)), ...range(100, 200).map((n) => ask(far, back, n))]

    same(await within(Promise.all(asking), 'the answers'), range(0, 200).map((n) => 2 * n), 'the answers')
    await Promise.all([there.close(), back.close()])
    await within(Promise.all(serving), 'both servers to end')
  }
}
