import { join } from '../attach/join.ts'
import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'

export const attach = defineCommand({
  name: 'attach',
  summary: 'Join stdin and stdout with the console of a service',
  usage: '<path> [arg...]',
  description: [
    'Stdin goes there and what it says comes out, byte for byte; the end of stdin ends that direction alone. Ends when the service has said all, with its exit code if it has one. Ctrl-C leaves: a container goes on without us; a stage ends when the last that had its stdin leaves, as in a pipeline.',
    'What a container prints is taken apart into stdout and stderr.',
    PATH_DESCRIPTION
  ],
  examples: ['swarmd attach alice/docker/web', 'echo help | swarmd attach alice/shell', 'swarmd attach --no-stdin alice/backup'],
  options: {
    ...PEER_OPTIONS,
    'no-stdin': { kind: 'flag', help: 'send nothing: our direction ends at once' }
  },

  async run (context) {
    const { operands: [word = '', ...args], output, options: { 'no-stdin': isMute } } = context

    output.giveUpStdout()

    return reach(context, word, async ({ object, options }) => join({ attachment: await object.attach(['', ...args], options), context, hasInput: !isMute }))
  }
})
