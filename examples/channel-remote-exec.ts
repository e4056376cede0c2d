// Runs a command elsewhere. It speaks with the rexec example of Go libchan, whose names it has.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, listen, pipe } from '../src/channel/index.ts'
import type { ByteStream, Sender } from '../src/channel/index.ts'

interface Command { Cmd: string, Args: string[], Stdin: NodeJS.ReadStream, Stdout: ByteStream, Stderr: ByteStream, StatusChan: Sender<{ Status: number }> }

const [, , url = '', Cmd, ...Args] = process.argv

async function copy (from: AsyncIterable<Uint8Array>, write: (chunk: Uint8Array) => unknown, end?: () => unknown): Promise<void> {
  for await (const chunk of from) { await write(chunk) }
  await end?.()
}

if (Cmd == null) {
  const { url: where } = await listen(url, async (session) => {
    for await (const { Cmd, Args, Stdin, Stdout, Stderr, StatusChan } of await session.waitReceiveChannel<Command>()) {
      const child = spawn(Cmd, Args).on('error', () => {})
      const exited = once(child, 'close')

      child.stdin.on('error', () => {}) // a command need not read its input
      copy(Stdin, (chunk) => child.stdin.write(chunk), () => child.stdin.end()).catch(() => {})
      await Promise.all([copy(child.stdout, (chunk) => Stdout.write(chunk), () => Stdout.end()), copy(child.stderr, (chunk) => Stderr.write(chunk), () => Stderr.end())])
      await StatusChan.send({ Status: Number((await exited)[0]) })
    }
  })
  process.stdout.write(`${where}\n`)
} else {
  await using session = await connect(url)
  const [out, Stdout] = session.createByteStream()
  const [err, Stderr] = session.createByteStream()
  const [status, StatusChan] = pipe<{ Status: number }>()

  await session.newSendChannel<Command>().send({ Cmd, Args, Stdin: process.stdin, Stdout, Stderr, StatusChan })
  await Promise.all([copy(out, (chunk) => process.stdout.write(chunk)), copy(err, (chunk) => process.stderr.write(chunk))])
  process.exitCode = (await status.receive()).value?.Status ?? 1
}
