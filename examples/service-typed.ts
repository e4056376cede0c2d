// A service of plain functions, and a client over TCP that knows their types: a value, a sequence, an error.
import { connect, listen } from '../src/channel/index.ts'
import { createClient, reference, service, ServiceError } from '../src/service/index.ts'
import type { Reference } from '../src/service/index.ts'

const stock = new Map([['apples', 3], ['pears', 2]])
const shop = service({
  take: ({ fruit, count }: { fruit: string, count: number }) => {
    const left = (stock.get(fruit) ?? 0) - count

    if (left < 0) {
      throw new ServiceError('FailedPrecondition', `not enough ${fruit}`, { data: { missing: -left } })
    }

    stock.set(fruit, left)

    return left
  },
  list: async function * () {
    yield * stock
  }
}, { name: 'shop' })

await using listener = await listen('tcp://127.0.0.1:0', async (session) => {
  await session.newSendChannel<Reference>().send(reference(shop))
})

await using session = await connect(listener.url)
const { value: target = shop } = await (await session.waitReceiveChannel<Reference>()).receive()
await using client = createClient<typeof shop>(target, { timeoutMs: 5_000 })

process.stdout.write(`${await client.take({ fruit: 'apples', count: 2 })} left\n`)

for await (const [fruit, count] of client.list()) {
  process.stdout.write(`${fruit}: ${count}\n`)
}

await client.take({ fruit: 'pears', count: 3 }).catch(({ message, data }: ServiceError) => { process.stdout.write(`${message}: ${JSON.stringify(data)}\n`) })
