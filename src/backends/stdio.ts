import { raceSignal, toError } from '../base/index.ts'
import { byteStreamPair } from '../channel/index.ts'
import { defineBackend, EXIT_UNHEARD, Server, ServiceError, task, VERBS } from '../service/index.ts'
import { chunksOf, handleInput } from './handle-input.ts'
import { PARTIAL } from './line-splitter.ts'
import { untilUnheard } from './until-unheard.ts'
import type { ByteStream } from '../channel/index.ts'
import type { BackendHost, ExitStatus, TaskContext } from '../service/index.ts'

type Stdio = NonNullable<BackendHost['stdio']>
type Direction = 'in' | 'out'

/** Inputs that a stage reads: two would each get some of the bytes. */
const taken = new WeakSet<AsyncIterable<Uint8Array>>()

/** The standard input and output of this process, as a stage. */
export const stdioBackend = defineBackend({
  name: 'stdio',
  summary: 'reads the standard input of swarmd, or writes to its standard output',
  usage: '[in | out]',
  description: [
    'As the first stage, or with in, it gives the standard input of swarmd to the next stage as bytes. Elsewhere, or with out, it writes what comes to the standard output: bytes as they are, and each log as a line.',
    'Without an argument it writes if anything comes from the stage before, and reads if that has ended without a word. When whoever reads the standard output has gone, it ends as by SIGPIPE, and so do the stages before.'
  ],
  examples: ["swarmd stdio 'exec sort' stdio < names > sorted"],
  isPrivileged: true,
  spawn (args, { host }) {
    const direction = toDirection(args)
    const { stdio } = host

    if (stdio == null) {
      throw new ServiceError('FailedPrecondition', 'there is no standard input and output to use here: stdio works where swarmd was started with a pipeline, not in a daemon')
    }

    return task(async (context) => run(context, stdio, direction), { name: 'stdio', clock: host.clock })
  }
})

function toDirection (args: readonly string[]): Direction | undefined {
  const [word] = args

  if (args.length > 1 || (word != null && word !== 'in' && word !== 'out')) {
    throw new ServiceError('InvalidArgument', `stdio wanted in, out or nothing, received ${args.join(' ')}; usage: stdio ${stdioBackend.usage}`)
  }

  return word
}

async function run (context: TaskContext, stdio: Stdio, direction: Direction | undefined): Promise<ExitStatus> {
  try {
    return await untilUnheard(context, async (signal) => {
      if (direction === 'in') {
        context.input.cancel('stdio in takes no input')
      }

      const hasInput = direction !== 'in' && await writeAll(context, stdio, signal)

      if (direction !== 'out' && !hasInput) {
        await readAll(context, stdio.stdin, signal)
      }
    })
  } catch (thrown) {
    if (isBrokenPipe(thrown)) {
      return EXIT_UNHEARD
    }

    throw thrown
  }
}

/** Whether there was anything. */
async function writeAll ({ input, clock }: TaskContext, stdio: Stdio, signal: AbortSignal): Promise<boolean> {
  let hasInput = false

  await handleInput(input, {
    server: new Server('stdio'),
    clock,
    signal,
    async onBytes (bytes) {
      hasInput = true

      for await (const chunk of chunksOf(bytes)) {
        await stdio.write(chunk)
      }
    },
    async onText (text, args) {
      hasInput = true
      await stdio.write(args[2] === PARTIAL ? text : `${text}\n`)
    }
  })

  return hasInput
}

async function readAll ({ output }: TaskContext, stdin: Stdio['stdin'], signal: AbortSignal): Promise<void> {
  if (taken.has(stdin)) {
    throw new ServiceError('FailedPrecondition', 'another stage reads the standard input already: let one read it, and a tee share it out')
  }

  const [near, far] = byteStreamPair()

  taken.add(stdin)

  try {
    await far.closeWrite()
    await output.send({ verb: VERBS.file, args: ['stdout'], att: far }, { signal })
    await pump(stdin, near, signal)
  } catch (thrown) {
    near.reset(toError(thrown))
    throw thrown
  } finally {
    taken.delete(stdin)
  }
}

async function pump (stdin: Stdio['stdin'], near: ByteStream, stop: AbortSignal): Promise<void> {
  const unread = new AbortController()
  const signal = AbortSignal.any([stop, unread.signal])
  const iterator = stdin[Symbol.asyncIterator]()

  void near.closed.then((error) => { unread.abort(error) })

  try {
    for (;;) {
      // nobody may type anything for a long time
      const { done, value } = await raceSignal(iterator.next(), signal)

      if (done === true) {
        break
      }

      await near.write(value, { signal })
    }

    await near.end(undefined, { signal })
  } catch (thrown) {
    iterator.return?.().catch(() => {}) // not awaited: it waits for the read that nobody wants any more
    throw unread.signal.aborted && !stop.aborted ? brokenPipe(thrown) : thrown
  }
}

function brokenPipe (cause: unknown): Error {
  return Object.assign(new Error('nobody reads the standard input any more', { cause }), { code: 'EPIPE' })
}

function isBrokenPipe (thrown: unknown): boolean {
  const { code } = toError(thrown) as NodeJS.ErrnoException

  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
}
