import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { BACKENDS } from '../../src/backends/index.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { SHELLS } from '../../src/cli/completion/words.ts'
import { tryCommand } from './support/memory-context.ts'

const COMMAND_NAMES = COMMANDS.map(({ name }) => name)
const BACKEND_NAMES = BACKENDS.map(({ name }) => name)

async function script (shell: string): Promise<string> {
  return (await tryCommand(['completion', shell])).stdout
}

function isThere (shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0
}

/** What bash offers behind these words, the last of which is being written. */
async function offered (...words: string[]): Promise<string[]> {
  const line = `COMP_WORDS=(swarmd ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _swarmd; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${await script('bash')}\n${line}`], { encoding: 'utf8' })

  expect(stderr).toBe('')

  return stdout.split('\n').filter((word) => word !== '')
}

describe('swarmd completion', () => {
  it.each(SHELLS)('names all commands, backends and options for %s', async (shell) => {
    const text = await script(shell)
    const options = COMMANDS.flatMap(({ options }) => Object.keys(options))

    expect([...COMMAND_NAMES, ...BACKEND_NAMES, ...options].filter((word) => !text.includes(word))).toEqual([])
  })

  it.each(SHELLS)('gives %s a script that it can read', async (shell) => {
    const { status, stderr } = isThere(shell) ? spawnSync(shell, ['-n'], { input: await script(shell), encoding: 'utf8' }) : { status: 0, stderr: '' }

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('knows three shells', async () => {
    const { code, stderr } = await tryCommand(['completion', 'basch'])

    expect(code).toBe(2)
    expect(stderr).toContain("completion wants bash, zsh, fish, received 'basch'")
  })
})

describe.runIf(isThere('bash'))('completion in bash', () => {
  it('offers commands and backends first, then what the command takes', async () => {
    expect((await offered('')).sort()).toEqual(expect.arrayContaining([...COMMAND_NAMES, ...BACKEND_NAMES]))
    expect(await offered('ru')).toEqual(['run'])
    expect(await offered('completion', '')).toEqual(expect.arrayContaining([...SHELLS]))
    expect(await offered('run', '--std')).toEqual(['--stderr'])
    expect(await offered('run', 'simu')).toEqual(['simulator'])
    expect(await offered('help', 'che')).toEqual(['check'])
  })

  it('offers the values of an option, files where it takes one, and nothing where nobody knows', async () => {
    expect(await offered('run', '--stderr', '')).toEqual(['prefix', 'raw', 'none'])
    expect(await offered('up', '--config', 'package.j')).toEqual(['package.json'])
    expect(await offered('up', '-c', 'package.j')).toEqual(['package.json'])
    expect(await offered('run', '--timeout', '')).toEqual([])
  })

  it('finds the command behind options and their values', async () => {
    expect(await offered('--key', 'dial', '--json', 'run', '--qui')).toEqual(['--quiet'])
    expect(await offered('exec ls', '--qui')).toEqual(['--quiet'])
  })
})
