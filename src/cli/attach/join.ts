import { raceSignal, toError } from '../../base/index.ts'
import { byteStreamPair } from '../../channel/index.ts'
import { exitStatusOf, VERBS } from '../../service/index.ts'
import { EXIT } from '../exit-codes.ts'
import { MULTIPLEXED, readFrames } from './docker-frames.ts'
import { readMessages } from './read-messages.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { Attachment, Message } from '../../service/index.ts'
import type { Context } from '../command.ts'
import type { ExitCode } from '../exit-codes.ts'

export interface JoinInit {
  readonly attachment: Attachment
  readonly context: Pick<Context, 'stdin' | 'stdout' | 'stderr' | 'signal'>
  /** Whether our stdin goes there. */
  readonly hasInput: boolean
}

/**
 * Joins an object's console with ours, until it has said all. The end of stdin ends our direction alone.
 *
 * @returns what the object exited with, if it said so
 * @throws the error that it ended with; the signal's reason
 */
export async function join ({ attachment, context, hasInput }: JoinInit): Promise<ExitCode> {
  const over = new AbortController()
  const signal = AbortSignal.any([context.signal, over.signal])
  const fed = hasInput ? feed(attachment, context.stdin, signal) : leave(attachment)

  // what it says counts: whoever reads no more takes nothing more either
  fed.catch(() => {})

  try {
    return await (attachment.att == null ? printMessages(attachment, context) : printBytes(attachment.att, attachment, context))
  } finally {
    over.abort(new Error('the object has said all'))
    attachment.output.cancel()
    attachment.input?.close().catch(() => {})
  }
}

async function printBytes (att: ByteStream, { args: [mediaType] }: Attachment, { stdout, stderr, signal }: JoinInit['context']): Promise<ExitCode> {
  try {
    if (mediaType === MULTIPLEXED) {
      for await (const { isStderr, bytes } of readFrames(att, signal)) {
        await raceSignal((isStderr ? stderr : stdout).write(bytes), signal)
      }
    } else {
      await print(att, stdout, signal)
    }

    return EXIT.ok
  } catch (thrown) {
    att.reset(toError(thrown))
    throw thrown
  }
}

async function printMessages ({ output }: Attachment, context: JoinInit['context']): Promise<ExitCode> {
  const files = new Set<Promise<void>>()
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  let code: ExitCode = EXIT.ok

  for await (const message of readMessages(output, signal)) {
    const exit = exitStatusOf(message)

    if (exit != null) {
      code = exit.code
    } else if (message.att != null) {
      const file = printFile(message, context)

      files.add(file)
      file.then(() => { files.delete(file) }, (error: unknown) => { failed.abort(error) }) // one that fails ends the rest
    } else if (message.verb === VERBS.log) {
      await raceSignal(context.stdout.write(`${message.args[1] ?? ''}\n`), signal)
    }
  }

  await Promise.all(files)

  return code
}

/** Streams of one object go on side by side. */
async function printFile ({ args: [name], att }: Message, { stdout, stderr, signal }: JoinInit['context']): Promise<void> {
  await print(att as ByteStream, name === 'stderr' ? stderr : stdout, signal)
}

async function print (att: ByteStream, sink: Context['stdout'], signal: AbortSignal): Promise<void> {
  for (let chunk = await att.read({ signal }); chunk != null; chunk = await att.read({ signal })) {
    await raceSignal(sink.write(chunk), signal)
  }
}

async function feed (attachment: Attachment, stdin: Context['stdin'], signal: AbortSignal): Promise<void> {
  const stream = attachment.att ?? await openInput(attachment)

  if (stream == null) {
    return
  }

  try {
    const chunks = stdin[Symbol.asyncIterator]()

    for (;;) {
      const { done, value } = await raceSignal(chunks.next(), signal)

      if (done === true) {
        break
      }

      await stream.write(value, { signal })
    }

    await stream.closeWrite()
    await attachment.input?.close()
  } catch (thrown) {
    if (attachment.att == null) {
      stream.reset(toError(thrown))
    }

    throw thrown
  }
}

/** A task takes bytes as its left neighbour in a pipeline would give them. */
async function openInput ({ input }: Attachment): Promise<ByteStream | undefined> {
  if (input == null) {
    return undefined
  }

  const [near, far] = byteStreamPair()

  await far.closeWrite()
  await input.target.send({ verb: VERBS.file, args: ['stdout'], att: far })

  return near
}

async function leave ({ att, input }: Attachment): Promise<void> {
  await att?.closeWrite()
  await input?.close()
}
