// Questions that bring the channel for their answer along, like a stamped envelope.
import { connect, listen, pipe } from '../src/channel/index.ts'
import type { Sender } from '../src/channel/index.ts'

interface Question {
  numbers: number[]
  answer: Sender<number>
}

await using listener = await listen('tcp://127.0.0.1:0', async (session) => {
  const questions = await session.waitReceiveChannel<Question>()

  for await (const { numbers, answer } of questions) {
    await answer.send(numbers.reduce((a, b) => a + b, 0))
    await answer.close()
  }
})

await using session = await connect(listener.url)
const questions = session.newSendChannel<Question>()

async function sum (numbers: number[]): Promise<number | void> {
  const [answers, answer] = pipe<number>()

  await questions.send({ numbers, answer })

  return (await answers.receive()).value
}

process.stdout.write(`${await sum([1, 2, 3])}\n`)
process.stdout.write(`${(await Promise.all([[], [4], [5, 6]].map(sum))).join(' ')}\n`)
