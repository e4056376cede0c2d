/* A program that serves one session on its standard input and output, and doubles what it is sent. */
import { overDuplex } from '../../src/channel/index.ts'
import type { Sender } from '../../src/channel/index.ts'

const session = await overDuplex({ readable: process.stdin, writable: process.stdout }, { isInitiator: false })

for await (const questions of session) {
  const { value } = await questions.receive()
  const { n, answer } = value as { n: number, answer: Sender<number> }

  await answer.send(n * 2)
}
