import { join } from '../attach/join.ts'
import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'
import type { Client, RequestOptions } from '../../service/index.ts'

export const spawn = defineCommand({
  name: 'spawn',
  summary: 'Make something new in a service',
  usage: '<path> [arg...]',
  description: [
    "Prints what the new object says about itself, as JSON, if it does. What a service makes for one caller alone, as a backend does, ends when that leaves: with --attach it is started, and joined with stdin and stdout as by 'swarmd attach'.",
    "Arguments that begin with a dash go behind '--'.",
    PATH_DESCRIPTION
  ],
  examples: ["swarmd spawn alice/docker '{\"Image\": \"busybox\", \"Cmd\": [\"date\"]}' name=clock", 'swarmd spawn --attach alice/exec -- ls -l /'],
  options: {
    ...PEER_OPTIONS,
    attach: { kind: 'flag', help: 'start it, and join it with stdin and stdout until it ends' }
  },

  async run (context) {
    const { operands: [word = '', ...args], output, options: { attach } } = context

    if (attach) {
      output.giveUpStdout()
    }

    return reach(context, word, async ({ object, options }) => {
      await using made = await object.spawn(args, options)

      if (attach) {
        const attachment = await made.attach('', options)

        await made.start([], options)

        return await join({ attachment, context, hasInput: true })
      }

      const value = await describe(made, options)

      await output.result('spawned', { value }, value === undefined ? undefined : JSON.stringify(value, null, context.stdout.isTerminal ? 2 : undefined))

      return EXIT.ok
    })
  }
})

const SILENT = ['NotImplemented', 'FailedPrecondition', 'DeadlineExceeded'] as const

/** For a new object to say something about itself. */
const DESCRIBE_MS = 2_000

/** Not everything that can be made can be asked: a stage that does not run yet lets its questions wait. */
async function describe (made: Client, options: RequestOptions): Promise<unknown> {
  const { isCoded } = await import('../../base/index.ts')

  try {
    return await made.get([], { ...options, timeoutMs: Math.min(DESCRIBE_MS, options.timeoutMs ?? Infinity) })
  } catch (error) {
    if (SILENT.some((code) => isCoded(error, code))) {
      return undefined
    }

    throw error
  }
}
