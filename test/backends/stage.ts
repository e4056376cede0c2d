import { systemClock } from '../../src/base/index.ts'
import { byteStreamPair } from '../../src/channel/index.ts'
import { Call, Client, exitStatusOf, fromErrorArgs, ServiceError, VERBS } from '../../src/service/index.ts'
import type { ByteStream, ByteStreamLike, Receiver } from '../../src/channel/index.ts'
import type { Backend, BackendHost, ExitStatus, Message } from '../../src/service/index.ts'

/** A host with the machine's clock and variables, and nothing else. */
export function createTestHost (init: Partial<BackendHost> = {}): BackendHost {
  return {
    clock: systemClock,
    env: process.env,
    launch: async () => refuse('stages'),
    peer: async () => refuse('peers'),
    ...init
  }
}

async function refuse (what: string): Promise<never> {
  throw new ServiceError('NotImplemented', `there are no ${what} here`)
}

/** A spawned stage that one has attached to. Disposing of it stops it. */
export interface TestStage extends AsyncDisposable {
  readonly object: Client
  readonly input: Client
  readonly output: Receiver<Message>
}

export async function spawnStage (backend: Backend, args: readonly string[], host: Partial<BackendHost> = {}): Promise<TestStage> {
  const call = new Call({ verb: VERBS.spawn, args })
  const object = new Client(await backend.spawn(args, { host: createTestHost(host), call }))
  const { input, output } = await object.attach()

  if (input == null) {
    throw new Error('the stage gave no input')
  }

  return {
    object,
    input,
    output,
    async [Symbol.asyncDispose] () {
      output.cancel()
      await object.stop()
      await input.close()
      await object.close()
    }
  }
}

/** All that a stage has said. */
export interface Said {
  readonly files: Record<string, Uint8Array>
  /** How bytes ended that did not end well. */
  readonly cutFiles: Record<string, Error>
  readonly logs: string[][]
  readonly errors: ServiceError[]
  exit: ExitStatus | undefined
}

/** Hears a stage to its end. */
export async function hear (output: Receiver<Message>): Promise<Said> {
  const said: Said = { files: {}, cutFiles: {}, logs: [], errors: [], exit: undefined }
  const reading: Array<Promise<void>> = []

  for await (const message of output) {
    said.exit = exitStatusOf(message) ?? said.exit

    if (message.verb === VERBS.file) {
      reading.push(readFile(message, said))
    } else if (message.verb === VERBS.log) {
      said.logs.push([...message.args])
    } else if (message.verb === VERBS.error) {
      said.errors.push(fromErrorArgs(message.args))
    }
  }

  await Promise.all(reading)

  return said
}

async function readFile ({ args: [name = ''], att }: Message, said: Said): Promise<void> {
  const chunks: Uint8Array[] = []

  try {
    for await (const chunk of att as ByteStream) {
      chunks.push(chunk)
    }
  } catch (error) {
    said.cutFiles[name] = error as Error
  }

  said.files[name] = Buffer.concat(chunks)
}

/** Spawns a stage, starts it, gives it what `feed` sends, and hears it to its end. */
export async function runStage (backend: Backend, args: readonly string[], { feed, host }: { feed? (input: Client): Promise<void>, host?: Partial<BackendHost> } = {}): Promise<Said> {
  await using stage = await spawnStage(backend, args, host)
  const heard = hear(stage.output)

  await stage.object.start()
  await feed?.(stage.input)
  await stage.input.close()

  return await heard
}

/** Sends bytes as the stage before it would. */
export async function sendFile (input: Client, att: ByteStreamLike, name = 'stdout'): Promise<void> {
  await input.target.send({ verb: VERBS.file, args: [name], att })
}

/** Bytes that one can read, once. */
export function bytesOf (...parts: Array<string | Uint8Array>): ByteStream {
  const [near, far] = byteStreamPair()

  void writeAll(near, parts)

  return far
}

async function writeAll (stream: ByteStream, parts: Array<string | Uint8Array>): Promise<void> {
  try {
    for (const part of parts) {
      await stream.write(part)
    }

    await stream.end()
  } catch {
    // nobody reads it
  }
}

export function textOf (bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes)
}

/** The next message of an output, which must be a file with bytes. */
export async function nextFile (output: Receiver<Message>, name = 'stdout'): Promise<ByteStream> {
  const { value } = await output.receive()

  if (value?.verb !== VERBS.file || value.args[0] !== name) {
    throw new Error(`wanted the file ${name}, received ${JSON.stringify(value?.args)}`)
  }

  return value.att as ByteStream
}
