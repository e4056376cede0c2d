// Workers register by sending a channel for jobs; whoever is free gets the next one.
import { connect, listen, pipe } from '../src/channel/index.ts'
import type { Sender } from '../src/channel/index.ts'

interface Job { n: number, result: Sender<string> }
interface Worker { name: string, jobs: Sender<Job> }

const [todo, jobs] = pipe<number>()
const [done, results] = pipe<string>()

await using office = await listen('tcp://127.0.0.1:0', async (session) => {
  const { value: worker } = await (await session.waitReceiveChannel<Worker>()).receive()

  for await (const n of todo) {
    const [result, reply] = pipe<string>()

    await worker?.jobs.send({ n, result: reply })
    await results.send(`${n}: ${(await result.receive()).value ?? ''}`)
  }
})

async function work (name: string): Promise<void> {
  await using session = await connect(office.url)
  const [assigned, jobs] = pipe<Job>()

  await session.newSendChannel<Worker>().send({ name, jobs })

  for await (const { n, result } of assigned) {
    await result.send(`${n * n} by ${name}`)
  }
}

void Promise.allSettled(['ann', 'bob', 'cho'].map(work))
void (async () => { for (let n = 1; n <= 6; n++) { await jobs.send(n) } })()

for (let n = 1; n <= 6; n++) {
  process.stdout.write(`${(await done.receive()).value ?? ''}\n`)
}
