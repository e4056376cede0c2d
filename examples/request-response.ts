// A question and its answer, each one JSON value, over a stream of their own.
import { createSwarm } from '../src/index.ts'
import type { Stream } from '../src/index.ts'

const PROTOCOL = '/sum/1.0.0'

await using server = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
await using client = await createSwarm()

server.handle(PROTOCOL, async (stream: Stream) => {
  const numbers = JSON.parse(await stream.text({ maxBytes: 1024 })) as number[]

  await stream.end(JSON.stringify({ sum: numbers.reduce((a, b) => a + b, 0) }))
})

async function ask (numbers: number[]): Promise<unknown> {
  const stream = await client.newStream(server.interfaceListenAddresses(), PROTOCOL)

  await stream.end(JSON.stringify(numbers))

  return JSON.parse(await stream.text())
}

process.stdout.write(`${JSON.stringify(await ask([1, 2, 3]))}\n`)
process.stdout.write(`${JSON.stringify(await ask([]))}\n`)
