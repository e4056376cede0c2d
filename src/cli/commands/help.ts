import { nearest } from '../../base/index.ts'
import { backendNames, stageHelp } from '../backend-list.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { commandHelp, programHelp } from '../help-text.ts'
import { UsageError } from '../usage-error.ts'

export const help = defineCommand({
  name: 'help',
  summary: 'Explain a command, or a backend',
  usage: '[command]',
  description: ["Prints what 'swarmd <command> --help' or 'swarmd <backend> --help' prints, or the list of commands. 'swarmd' alone lists the backends."],
  examples: ['swarmd help dial', 'swarmd help exec'],
  options: {},

  async run ({ operands: [word], commands, output }) {
    if (word == null) {
      await output.plain(programHelp(commands))
      return EXIT.ok
    }

    const found = commands.find(({ name }) => name === word)

    const backends = found == null ? await backendNames() : []

    if (backends.includes(word)) {
      await output.plain(await stageHelp(word))
      return EXIT.ok
    }

    if (found == null) {
      const meant = nearest(word, [...commands.map(({ name }) => name), ...backends])

      throw new UsageError(`there is no command '${word}'${meant == null ? '' : `; did you mean '${meant}'?`}`)
    }

    await output.plain(commandHelp(found))

    return EXIT.ok
  }
})
