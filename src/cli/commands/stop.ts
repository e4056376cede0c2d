import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'

export const stop = defineCommand({
  name: 'stop',
  summary: 'Stop a service, or something in one',
  usage: '<path> [arg...]',
  description: ['Waits until it is done.', PATH_DESCRIPTION],
  examples: ['swarmd stop alice/docker/web'],
  options: PEER_OPTIONS,

  async run (context) {
    const { operands: [word = '', ...args], output } = context

    await reach(context, word, async ({ object, options }) => object.stop(args, options))
    await output.result('done', { verb: 'stop', args })

    return EXIT.ok
  }
})
