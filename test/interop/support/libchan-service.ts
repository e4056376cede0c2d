import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isCoded } from '../../../src/base/index.ts'
import { checksum, pattern } from './libchan-messages.ts'
import type { Link, Request } from './libchan-messages.ts'
import type { ByteStream, Sender, Session } from '../../../src/channel/index.ts'
import type { Readable } from 'node:stream'

/** Does in one session what the server of `test/interop/go/libchan` does. */
export async function serveLibchan (session: Session, onError: (error: unknown) => void): Promise<void> {
  for await (const channel of session) {
    serveChannel(session, channel as AsyncIterable<Request>, onError).catch(onError)
  }
}

/** The session ends before the channel does: Go libchan closes with channels open. */
async function serveChannel (session: Session, requests: AsyncIterable<Request>, onError: (error: unknown) => void): Promise<void> {
  try {
    for await (const request of requests) {
      handle(session, request).catch(onError)
    }
  } catch (thrown) {
    if (!isCoded(thrown, 'SessionClosed')) {
      throw thrown
    }
  }
}

async function handle (session: Session, request: Request): Promise<void> {
  const { Op, Ret } = request

  switch (Op) {
    case 'echo': return answer(Ret, { Value: request.Value })
    case 'record': return answer(Ret, { Data: request.Data })
    case 'sum': return sum(request)
    case 'count': return count(request)
    case 'nest': return nest(session, Ret, 0)
    case 'read': return answer(Ret, await checksum(request.Reader))
    case 'write': return copy(pattern(request.N), request.Writer)
    case 'duplex': return copy(request.Duplex, request.Duplex)
    case 'exec': return exec(request)
    case 'wait': return
    case 'close': return session.close()
    default: throw new Error(`there is no operation ${Op}`)
  }
}

async function answer (ret: Sender<unknown>, reply: unknown): Promise<void> {
  await ret.send(reply)
  await ret.close()
}

async function sum ({ In, Ret }: Request): Promise<void> {
  let total = 0

  for await (const { N } of In) {
    total += N
  }

  await answer(Ret, { N: total })
}

async function count ({ N, Ret }: Request): Promise<void> {
  for (let index = 0; index < N; index++) {
    await Ret.send({ N: index })
  }

  await Ret.close()
}

/** Answers with a channel to be answered on, until an answer has none. */
async function nest (session: Session, ret: Sender<Link>, level: number): Promise<void> {
  const [local, remote] = session.createNestedReceiver<Link>()

  await answer(ret, { Level: level, Next: remote })

  const { done, value } = await local.receive()

  if (done === true || value.Level !== level + 1) {
    throw new Error(`${done === true ? 'the end' : `level ${value.Level}`} came instead of level ${level + 1}`)
  }

  if (value.Next != null) {
    await nest(session, value.Next, level + 2)
  }
}

async function copy (from: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, to: ByteStream): Promise<void> {
  for await (const bytes of from) {
    await to.write(bytes)
  }

  await to.closeWrite()
}

/** The example of libchan: a command elsewhere, with all its streams. */
async function exec ({ Cmd, Args, Stdin, Stdout, Stderr, Ret }: Request): Promise<void> {
  const child = spawn(Cmd, Args, { stdio: 'pipe' })
  const exited = once(child, 'close')
  const feed = async (): Promise<void> => {
    for await (const bytes of Stdin) {
      child.stdin.write(bytes)
    }

    child.stdin.end()
  }

  await Promise.all([feed(), copy(child.stdout as Readable & AsyncIterable<Uint8Array>, Stdout), copy(child.stderr as Readable & AsyncIterable<Uint8Array>, Stderr)])

  const [code] = await exited as [number]

  await answer(Ret, { Status: code })
}
