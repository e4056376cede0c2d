import { BACKENDS, backendTree, createHost } from '../../../src/backends/index.ts'
import { byteStreamPair, pipe } from '../../../src/channel/index.ts'
import { Client, defineBackend, errorMessage, LOCAL, pipeline, Server, serving } from '../../../src/service/index.ts'
import type { Host } from '../../../src/backends/index.ts'
import type { ByteStream, Receiver } from '../../../src/channel/index.ts'
import type { Caller, Message, Pipeline } from '../../../src/service/index.ts'

const signal = new AbortController().signal

/** What stands at the right of a stage that listens. */
export class Right {
  readonly callers: Caller[] = []
  /** All that files had in them, and how those ended that did not end well. */
  readonly files: Array<Promise<{ text: string, error?: Error }>> = []
  readonly server: Server

  constructor (host: () => Host) {
    this.server = new Server('the right')
      .onLs((_, { caller }) => {
        this.callers.push(caller)

        return ['web', 'db']
      })
      .onAttach((name) => name === 'backends' ? backendTree(host()) : new Server(name).onGet(() => ({ name })))
      .onConnect(() => {
        const [near, far] = byteStreamPair()

        void near.readable.pipeTo(near.writable).catch(() => {}) // the caller resets it

        return far
      })
      .onFile((_, { att }) => { this.files.push(readAll(att)) })
      .onWatch(() => pipe<Message>()[0])
  }
}

async function readAll (bytes: ByteStream | undefined): Promise<{ text: string, error?: Error }> {
  let text = ''

  try {
    for await (const chunk of bytes ?? []) {
      text += new TextDecoder().decode(chunk)
    }

    await bytes?.close()

    return { text }
  } catch (error) {
    return { text, error: error as Error }
  }
}

export interface Listening extends AsyncDisposable {
  readonly url: string
  readonly right: Right
  readonly pipeline: Pipeline
  readonly object: Client
  readonly host: Host
}

/** A pipeline that listens, whose end answers. */
export async function listening (line: string): Promise<Listening> {
  const right = new Right(() => host)
  const answering = defineBackend({ name: 'right', summary: 'answers', usage: '', spawn: () => serving(right.server) })
  const host = createHost({ backends: [...BACKENDS, answering] })
  const first = await host.launch(line, { caller: LOCAL, signal })
  const object = new Client(first.object.dup())
  const running = pipeline([first, await host.launch('right', { caller: LOCAL, signal })])

  await running.start()

  const { url } = await object.get<{ url: string }>()

  return {
    url,
    right,
    pipeline: running,
    object,
    host,
    async [Symbol.asyncDispose] () {
      await running.stop()
      await object.close()
    }
  }
}

export interface Connected extends AsyncDisposable {
  readonly object: Client
  readonly input: Client
  /** Resolves with all that it said, once it has ended. */
  readonly said: Promise<Message[]>
}

/** A stage that connects, started. */
export async function connected (line: string): Promise<Connected> {
  const stage = await createHost().launch(line, { caller: LOCAL, signal })
  const object = new Client(stage.object)
  const { input, output } = await object.attach()
  const said = hear(output)

  await object.start()

  if (input == null) {
    throw new Error('the stage gave no input')
  }

  return {
    object,
    input,
    said,
    async [Symbol.asyncDispose] () {
      await input.close().catch(() => {}) // it may have been closed
      await object.stop()
      await object.close()
      await said
    }
  }
}

async function hear (output: Receiver<Message>): Promise<Message[]> {
  const said: Message[] = []

  try {
    for await (const message of output) {
      said.push(message)
    }
  } catch (error) {
    said.push(errorMessage(error))
  }

  return said
}
