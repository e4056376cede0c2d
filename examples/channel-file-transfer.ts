// Sends a file as a byte stream in a message, and shows how far it is.
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { connect, listen, pipe } from '../src/channel/index.ts'
import type { Receiver, Sender } from '../src/channel/index.ts'
import type { ReadStream } from 'node:fs'

interface Transfer { size: number, contents: ReadStream, progress: Sender<number> }

const [, , source = '', target = ''] = process.argv

await using listener = await listen('tcp://127.0.0.1:0', async (session) => {
  const transfers = await session.waitReceiveChannel<Transfer>()

  for await (const { size, contents, progress } of transfers) {
    await using file = await open(target, 'w')
    let received = 0

    for await (const chunk of contents) {
      await file.write(chunk)
      await progress.send(Math.floor((received += chunk.byteLength) / size * 100))
    }

    await progress.close()
  }
})

await using session = await connect(listener.url)
const [steps, progress]: [Receiver<number>, Sender<number>] = pipe()
const { size } = await stat(source)

await session.newSendChannel<Transfer>().send({ size, contents: createReadStream(source), progress })

for await (const percent of steps) {
  process.stdout.write(`\r${percent} %`)
}
