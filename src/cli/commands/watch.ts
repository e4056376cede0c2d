import { readMessages } from '../attach/read-messages.ts'
import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'
import { printable } from '../style.ts'
import type { Message } from '../../service/index.ts'

export const watch = defineCommand({
  name: 'watch',
  summary: 'Print what happens in a service, as it happens',
  usage: '<path> [what] [arg...]',
  description: [
    'Prints a line for each thing that happens, until that ends or Ctrl-C. What there is to watch is up to the service: events of a Docker engine, exit of a container. --timeout holds for the first answer.',
    PATH_DESCRIPTION
  ],
  examples: ['swarmd watch alice/docker events', 'swarmd watch --json alice/docker/web exit'],
  options: PEER_OPTIONS,

  async run (context) {
    const { operands: [word = '', ...args], output, signal } = context

    await reach(context, word, async ({ object, options }) => {
      for await (const message of readMessages(await object.watch(args, options), signal)) {
        await output.result('happened', toFacts(message), printable(message.args.join(' ')))
      }
    })

    return EXIT.ok
  }
})

/** Most of what happens is told as JSON, which programs want as it is. */
function toFacts ({ verb, args }: Message): { verb: number, args: unknown[] } {
  return { verb, args: args.map(parsed) }
}

function parsed (text: string): unknown {
  try {
    return /^[[{]/.test(text) ? JSON.parse(text) : text
  } catch {
    return text
  }
}
