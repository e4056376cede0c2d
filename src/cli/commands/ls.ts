import { defineCommand } from '../command.ts'
import { PEER_OPTIONS } from '../config-options.ts'
import { EXIT } from '../exit-codes.ts'
import { PATH_DESCRIPTION, reach } from '../reach.ts'
import { printable } from '../style.ts'

export const ls = defineCommand({
  name: 'ls',
  summary: 'List the services of a peer, or what is in one',
  usage: '<path> [arg...]',
  description: [
    'Prints a name a line. Of a peer alone, as alice or alice/, the services that it lets this node use.',
    PATH_DESCRIPTION
  ],
  examples: ['swarmd ls -c swarmd.yml alice', 'swarmd ls /ip4/192.0.2.7/tcp/4001/p2p/12D3KooWExample/docker', 'swarmd ls alice/docker all=1'],
  options: PEER_OPTIONS,

  async run (context) {
    const { operands: [word = '', ...args], output } = context
    const names = await reach(context, word, async ({ object, options }) => object.ls(args, options))

    await output.result('list', { names }, names.length === 0 ? undefined : names.map(printable).join('\n'))

    return EXIT.ok
  }
})
