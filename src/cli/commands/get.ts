import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'

export const get = defineCommand({
  name: 'get',
  summary: 'Print what a service says about something, as JSON',
  usage: '<path> [arg...]',
  description: [
    'On a terminal the JSON is laid out for people; elsewhere it is one line. Many services answer to status.',
    PATH_DESCRIPTION
  ],
  examples: ['swarmd get alice/docker/web', 'swarmd get alice/backup status', 'swarmd get alice/docker/web | jq -r .State.Status'],
  options: PEER_OPTIONS,

  async run (context) {
    const { operands: [word = '', ...args], output, stdout } = context
    const value = await reach(context, word, async ({ object, options }) => object.get(args, options))

    // JSON escapes what a terminal would obey
    await output.result('value', { value }, JSON.stringify(value, null, stdout.isTerminal ? 2 : undefined))

    return EXIT.ok
  }
})
