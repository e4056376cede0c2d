import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost } from '../../../../src/backends/index.ts'
import { LOCAL, pipeline } from '../../../../src/service/index.ts'
import type { Message, ReceivedMessage, Stage } from '../../../../src/service/index.ts'

/** Stages that run, the first of them a `dockerserver` on a unix socket. */
export interface Stack extends AsyncDisposable {
  /** For `docker -H`. */
  readonly host: string
  /** What the stages wrote to standard error, and what the last one said. */
  readonly seen: readonly string[]
}

/** `dockerserver`, then these, as a pipeline. */
export async function startStack (lines: readonly string[]): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-stack-'))
  const host = createHost()
  const { signal } = new AbortController()
  const url = `unix://${join(folder, 'docker.sock')}`
  const stages: Stage[] = []
  const seen: string[] = []

  for (const line of [`dockerserver ${url}`, ...lines]) {
    stages.push(await host.launch(line, { caller: LOCAL, signal }))
  }

  const pipe = pipeline(stages, {
    onReport: ({ message }) => { void note(message, seen) } // a promise would hold up the stage
  })
  const said = noteAll(pipe.listen(), seen)

  await pipe.start()

  return {
    host: url,
    seen,
    [Symbol.asyncDispose]: async () => {
      await pipe.stop()
      await said
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Bytes as text, and whatever else is said. */
async function note ({ args, att }: ReceivedMessage, seen: string[]): Promise<void> {
  if (att == null) {
    seen.push(args.join(' '))

    return
  }

  try {
    for await (const bytes of att) {
      seen.push(new TextDecoder().decode(bytes))
    }
  } catch {
    // the stage was stopped
  }
}

async function noteAll (messages: AsyncIterable<Message>, seen: string[]): Promise<void> {
  for await (const { args } of messages) {
    seen.push(args.join(' '))
  }
}
