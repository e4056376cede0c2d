import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'

export const set = defineCommand({
  name: 'set',
  summary: 'Change something of a service',
  usage: '<path> <what> [value...]',
  description: ['What can be set, and to what, is up to the service.', PATH_DESCRIPTION],
  examples: ['swarmd set alice/docker/web name website', 'swarmd set alice/backup signal SIGHUP'],
  options: PEER_OPTIONS,

  async run (context) {
    const { operands: [word = '', ...args], output } = context

    await reach(context, word, async ({ object, options }) => object.set(args, options))
    await output.result('done', { verb: 'set', args })

    return EXIT.ok
  }
})
