import { isCoded } from '../../base/index.ts'
import { join } from '../attach/join.ts'
import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'
import { wholeNumber } from '../value-types.ts'

export const logs = defineCommand({
  name: 'logs',
  summary: 'Print what a container or a service has said',
  usage: '<path>',
  description: [
    'Asks for the logs as Docker does, and prints what was written to stdout there on stdout, and to stderr on stderr.',
    PATH_DESCRIPTION
  ],
  examples: ['swarmd logs alice/docker/web', 'swarmd logs -f --tail 10 alice/docker/web'],
  options: {
    ...PEER_OPTIONS,
    follow: { kind: 'flag', short: 'f', help: 'go on with what comes, until Ctrl-C' },
    tail: { kind: 'one', value: '<n>', type: wholeNumber(0, 1e9), help: 'only the last so many lines of what was said' },
    timestamps: { kind: 'flag', help: 'with the time of each line' }
  },

  async run (context) {
    const { operands: [word = ''], output, options: { follow, tail, timestamps } } = context
    const query = new URLSearchParams({
      stdout: '1',
      stderr: '1',
      ...(follow ? { follow: '1' } : {}),
      ...(tail == null ? {} : { tail: String(tail) }),
      ...(timestamps ? { timestamps: '1' } : {})
    })

    output.giveUpStdout()

    return reach(context, word, async ({ object, options }) => {
      const attachment = await object.attach(['logs', query.toString()], options).catch((error: unknown) => explain(error, word))

      return join({ attachment, context, hasInput: false })
    })
  }
})

/** Most services say things and keep none of them. */
async function explain (error: unknown, word: string): Promise<never> {
  if (isCoded(error) && error.code === 'NotImplemented') {
    const { ServiceError } = await import('../../service/index.ts')

    throw new ServiceError('NotImplemented', `${word} keeps no logs, as containers do; for what it says from now on: swarmd attach --no-stdin ${word}`)
  }

  throw error
}
