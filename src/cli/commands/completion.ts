import { defineCommand } from '../command.ts'
import { bashScript } from '../completion/bash.ts'
import { fishScript } from '../completion/fish.ts'
import { SHELLS, wordsOf } from '../completion/words.ts'
import { zshScript } from '../completion/zsh.ts'
import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import type { Shell, Words } from '../completion/words.ts'

const SCRIPTS: Readonly<Record<Shell, (words: Words) => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript }

export const completion = defineCommand({
  name: 'completion',
  summary: 'Print a script that lets a shell complete swarmd',
  usage: '<shell>',
  description: [`<shell> is ${SHELLS.join(', ')}. The script knows the commands, the backends and their options of this version: make it anew when swarmd is updated, or at the start of each shell.`],
  examples: [
    'source <(swarmd completion bash)',
    "swarmd completion zsh > '/usr/local/share/zsh/site-functions/_swarmd'",
    'swarmd completion fish | source'
  ],
  options: {},

  async run ({ operands: [word = ''], commands, output }) {
    const shell = SHELLS.find((candidate) => candidate === word)

    if (shell == null) {
      throw new UsageError(`completion wants ${SHELLS.join(', ')}, received '${word}'`, 'completion')
    }

    const { BACKENDS } = await import('../../backends/index.ts')

    await output.plain(SCRIPTS[shell](wordsOf(commands, BACKENDS)).trimEnd())

    return EXIT.ok
  }
})
