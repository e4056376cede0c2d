// A chat: who joins sends a channel for what others say. Run it twice: `node channel-chat.ts ann`, `... bob`.
import { createInterface } from 'node:readline'
import { connect, listen, pipe } from '../src/channel/index.ts'
import type { Receiver, Sender } from '../src/channel/index.ts'

interface Join { name: string, inbox: Sender<string>, lines: Receiver<string> }

const [, , name = 'nobody', url = 'tcp://127.0.0.1:9323'] = process.argv
const inboxes = new Set<Sender<string>>()

async function say (text: string): Promise<void> {
  await Promise.allSettled(Array.from(inboxes, (inbox) => inbox.send(text)))
}

// the first one there keeps the room
await listen(url, async (session) => {
  for await (const { name, inbox, lines } of await session.waitReceiveChannel<Join>()) {
    inboxes.add(inbox)
    await say(`* ${name} joins`)
    for await (const line of lines) { await say(`${name}: ${line}`) }
    inboxes.delete(inbox)
    await say(`* ${name} leaves`)
  }
}).catch(() => {})

const session = await connect(url)
const [heard, inbox] = pipe<string>()
const [lines, mouth] = pipe<string>()

await session.newSendChannel<Join>().send({ name, inbox, lines })
const hearing = (async () => { for await (const text of heard) { process.stdout.write(`${text}\n`) } })()

for await (const line of createInterface(process.stdin)) {
  await mouth.send(line)
}

await mouth.close()
await session.close()
await hearing.catch(() => {})
