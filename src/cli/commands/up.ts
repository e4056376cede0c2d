import { raceSignal } from '../../base/index.ts'
import { defineCommand, Stopped } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { startNode } from '../up/start-node.ts'
import { file } from '../value-types.ts'
import { DEFAULT_CONFIG } from './check.ts'

export const up = defineCommand({
  name: 'up',
  summary: 'Run a node with the services of a swarmd.yml',
  usage: '',
  description: [
    `Reads the file, ${DEFAULT_CONFIG} in this folder unless named, starts its services, listens, and prints the addresses and the services when it is ready. 'swarmd check' says what is wrong in a file; docs/swarmd-yml.md says what it may hold.`,
    'Peers reach only what the file allows them. The log on stderr tells who comes and goes, who was refused what, and how stages end. A service that cannot start, or ends, is told of, and the others go on; with restart: on-failure it is started again, after a second, then two, four and so on up to a minute.',
    'Runs until a signal comes. To take up a changed file, start it again.'
  ],
  examples: ['swarmd up', 'swarmd up -c /etc/swarmd.yml --json 2>> swarmd.log', 'swarmd up --strict'],
  options: {
    config: { kind: 'one', short: 'c', value: '<file>', type: file, help: `the file; ${DEFAULT_CONFIG} if not given` },
    strict: { kind: 'flag', help: 'end if a service cannot start' }
  },

  async run (context) {
    const { options: { config = DEFAULT_CONFIG }, signal } = context
    const { readConfig } = await import('../config/read-config.ts')

    await using node = await startNode(await readConfig(config), context)

    await node.ready()

    try {
      return await raceSignal(new Promise<never>(() => {}), signal)
    } catch (error) {
      // a service that is asked to end, and does, has not failed
      if (error instanceof Stopped && error.exitCode === EXIT.terminated) {
        return EXIT.ok
      }

      throw error
    }
  }
})
