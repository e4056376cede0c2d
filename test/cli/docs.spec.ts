import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXIT, EXIT_MEANINGS } from '../../src/cli/exit-codes.ts'
import { splitWords } from '../../src/service/index.ts'
import { readSections, readTable } from '../support/markdown.ts'
import { readTopFile } from '../support/source-tree.ts'
import { tryCommand } from './support/memory-context.ts'
import { runCli } from './support/run-cli.ts'

const page = readTopFile('docs/cli.md')

/** What the page says that `swarmd <args>` prints. */
const quoted = new Map([...page.matchAll(/^```text\n\$ swarmd (.+)\n([^]*?)^```$/gm)].map(([, args = '', text = '']) => [args, text]))

async function print (args: string): Promise<string> {
  return (await tryCommand(args.split(' '))).stdout
}

describe('docs/cli.md', () => {
  it.each(['--help', ...COMMANDS.map(({ name }) => `${name} --help`)])('quotes what swarmd %s prints', async (args) => {
    expect(quoted.get(args)).toBe(await print(args))
  })

  it('quotes nothing else', () => {
    expect([...quoted.keys()].sort()).toEqual(['--help', ...COMMANDS.map(({ name }) => `${name} --help`)].sort())
  })

  it('shows a pipeline that fails as it is', async () => {
    const [, line = '', shown] = /^```console\n\$ swarmd (.+)\n([^]*?)^```$/m.exec(page) ?? []
    const { code, stdout, stderr } = await runCli(splitWords(line))

    expect(stdout + stderr).toBe(shown)
    expect(code).toBe(3)
  })

  it('has a row for each exit code', () => {
    const section = readSections(page).find(({ heading }) => heading === 'Exit codes')
    const rows = section == null ? [] : readTable(section)

    expect(rows).toEqual(EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]))
    expect(EXIT_MEANINGS.map(([code]) => code)).toEqual(Object.values(EXIT))
  })

  it('has a section for each command', () => {
    const headings = readSections(page).map(({ heading }) => heading)

    expect(COMMANDS.map(({ name }) => `swarmd ${name}`).filter((heading) => !headings.includes(heading))).toEqual([])
  })
})

describe('help', () => {
  it('fits into 80 columns, examples and usage aside', async () => {
    const texts = await Promise.all(COMMANDS.map(({ name }) => print(`${name} --help`)))
    const long = [...texts, await print('--help')].flatMap((text) => text.split('\n')).filter((line) => line.length > 80 && !line.startsWith('  swarmd '))

    expect(long).toEqual([])
  })
})
