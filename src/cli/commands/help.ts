import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { commandHelp, programHelp } from '../help-text.ts'
import { nearest } from '../suggest.ts'
import { UsageError } from '../usage-error.ts'

export const help = defineCommand({
  name: 'help',
  summary: 'Explain a command',
  usage: '[command]',
  description: ["Prints what 'swarmd <command> --help' prints, or the list of commands."],
  examples: ['swarmd help dial'],
  options: {},

  async run ({ operands: [word], commands, output }) {
    if (word == null) {
      await output.plain(programHelp(commands))
      return EXIT.ok
    }

    const found = commands.find(({ name }) => name === word)

    if (found == null) {
      const meant = nearest(word, commands.map(({ name }) => name))

      throw new UsageError(`there is no command '${word}'${meant == null ? '' : `; did you mean '${meant}'?`}`)
    }

    await output.plain(commandHelp(found))

    return EXIT.ok
  }
})
