import { parseArgs } from 'node:util'
import { toError } from '../base/index.ts'
import { defineBackend, Server, ServiceError, task, VERBS } from '../service/index.ts'
import { chunksOf, handleInput } from './handle-input.ts'
import { LineSplitter, PARTIAL } from './line-splitter.ts'
import { untilUnheard } from './until-unheard.ts'
import type { Line } from './line-splitter.ts'
import type { ByteStream } from '../channel/index.ts'
import type { ExitStatus, TaskContext } from '../service/index.ts'

interface LogOptions {
  readonly prefix: string
  readonly isJson: boolean
}

/** Bytes as lines of a log. */
export const logBackend = defineBackend({
  name: 'log',
  summary: 'turns bytes into lines of a log, and passes lines on',
  usage: '[--prefix TEXT] [--json]',
  description: [
    'Each line of the bytes that come in is a log of the stream that they came from, as stdout, without its line feed; so is what is behind the last one. Logs of the stage before are passed on in between, in order. As the last stage it shows text.',
    'Bytes that are no UTF-8 are shown as U+FFFD and are lost: it is for text. A line of more than 65,536 characters comes in pieces, marked partial but the last; exec and stdio put them together again.'
  ],
  options: {
    '--prefix TEXT': 'put this before each line',
    '--json': 'make each line an object of time, stream, text, and partial or prefix where there is one'
  },
  examples: ["swarmd 'exec make' 'log --prefix \"build: \"'"],
  spawn (args, { host }) {
    const options = parseLogArgs(args)

    return task(async (context) => logAll(context, options), { name: 'log', clock: host.clock })
  }
})

/** @throws ServiceError InvalidArgument */
function parseLogArgs (args: readonly string[]): LogOptions {
  try {
    const { values } = parseArgs({ args: [...args], options: { prefix: { type: 'string', default: '' }, json: { type: 'boolean', default: false } } })

    return { prefix: values.prefix, isJson: values.json }
  } catch (thrown) {
    throw new ServiceError('InvalidArgument', `${toError(thrown).message}; usage: log ${logBackend.usage}`, { cause: thrown })
  }
}

async function logAll (context: TaskContext, options: LogOptions): Promise<ExitStatus> {
  const { input, output, clock } = context

  return untilUnheard(context, async (signal) => {
    let isWithinLine = false

    const say = async (stream: string, { text, isPartial }: Line): Promise<void> => {
      const shown = options.isJson
        ? toJson(stream, { text, isPartial }, options, clock.now())
        : `${isWithinLine ? '' : options.prefix}${text}`

      isWithinLine = isPartial
      await output.send({ verb: VERBS.log, args: [stream, shown, ...isPartial && !options.isJson ? [PARTIAL] : []] }, { signal })
    }

    await handleInput(input, {
      server: new Server('log'),
      clock,
      signal,
      onBytes: async (bytes, [stream = 'stdout']) => readLines(bytes, async (line) => say(stream, line)),
      onText: async (text, [stream = 'info', , mark]) => say(stream, { text, isPartial: mark === PARTIAL })
    })
  })
}

async function readLines (bytes: ByteStream, onLine: (line: Line) => Promise<void>): Promise<void> {
  const splitter = new LineSplitter()

  for await (const chunk of chunksOf(bytes)) {
    for (const line of splitter.push(chunk)) {
      await onLine(line)
    }
  }

  for (const line of splitter.end()) {
    await onLine(line)
  }
}

function toJson (stream: string, { text, isPartial }: Line, { prefix }: LogOptions, now: number): string {
  return JSON.stringify({
    time: new Date(now).toISOString(),
    stream,
    ...prefix === '' ? {} : { prefix },
    text,
    ...isPartial ? { partial: true } : {}
  })
}
