import { defineCommand } from '../command.ts'
import { ConfigError } from '../config/config-error.ts'
import { EXIT } from '../exit-codes.ts'
import { file } from '../value-types.ts'

/** What `up` and `check` read if nobody says otherwise. */
export const DEFAULT_CONFIG = 'swarmd.yml'

export const check = defineCommand({
  name: 'check',
  summary: 'Say what is wrong in a swarmd.yml',
  usage: '',
  description: [
    `Reads the file as 'swarmd up' would, ${DEFAULT_CONFIG} in this folder unless named, and runs nothing. Prints a line for each thing that is wrong, with the line and the column where it stands. docs/swarmd-yml.md says what the file may hold.`
  ],
  examples: ['swarmd check', 'swarmd check -c /etc/swarmd.yml --json'],
  options: {
    config: { kind: 'one', short: 'c', value: '<file>', type: file, help: `the file; ${DEFAULT_CONFIG} if not given` }
  },

  async run ({ options: { config = DEFAULT_CONFIG }, output }) {
    const { readConfig } = await import('../config/read-config.ts')

    try {
      const { services, backends, peers, listen } = await readConfig(config)
      const facts = { file: config, services: services.map(({ name }) => name), backends: backends.map(({ name }) => name), peers: Object.keys(peers), listen }

      await output.result('checked', facts, `${config} is well: ${count(services, 'service')}, ${count(backends, 'backend')} for peers, ${count(facts.peers, 'peer')}`)

      return EXIT.ok
    } catch (error) {
      if (!(error instanceof ConfigError)) {
        throw error
      }

      for (const problem of error.problems) {
        await output.result('problem', { file: config, ...problem }, error.line(problem))
      }

      return EXIT.config
    }
  }
})

function count (list: readonly unknown[], noun: string): string {
  return `${list.length === 0 ? 'no' : list.length} ${noun}${list.length === 1 ? '' : 's'}`
}
