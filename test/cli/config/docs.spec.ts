import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/cli/config/config-error.ts'
import { parseConfig } from '../../../src/cli/config/read-config.ts'
import { defineBackend, Server } from '../../../src/service/index.ts'
import { readSections, readTable } from '../../support/markdown.ts'
import { readTopFile } from '../../support/source-tree.ts'

const page = readTopFile('docs/swarmd-yml.md')
const example = /^```yaml\n([^]*?)^```$/m.exec(page)?.[1] ?? ''

const BACKENDS = ['exec', 'simulator', 'dockerclient'].map((name) => defineBackend({ name, summary: 'is', usage: '', isPrivileged: name !== 'simulator', spawn: () => new Server() }))

/** The keys that a place knows, as its complaint about another lists them. */
async function knownKeys (before: string): Promise<string[]> {
  try {
    await parseConfig(`${before}qqqqqqqqqq: 1`, { file: 'swarmd.yml', backends: BACKENDS })
  } catch (error) {
    const [, list = ''] = error instanceof ConfigError ? /there are (.*)/.exec(error.message) ?? [] : []

    return list.split(', ')
  }

  throw new Error('there is a key qqqqqqqqqq')
}

describe('docs/swarmd-yml.md', () => {
  it('shows a file that is well', async () => {
    const { services, backends, peers, listen } = await parseConfig(example, { file: 'swarmd.yml', backends: BACKENDS })

    expect([services, backends, Object.keys(peers), listen].map(({ length }) => length)).toEqual([3, 1, 2, 2])
  })

  it('has a row for every key, in the order of the program', async () => {
    const section = readSections(page).find(({ heading }) => heading === 'Keys')
    const rows = section == null ? [] : readTable(section).map(([key = '']) => key.replaceAll('`', ''))

    expect(rows.filter((key) => !key.includes('.'))).toEqual(await knownKeys(''))
    expect(rows.filter((key) => key.startsWith('backends.NAME'))).toEqual((await knownKeys('backends:\n  exec:\n    ')).map((key) => `backends.NAME.${key}`))
    expect(rows.filter((key) => key.startsWith('services.NAME')).sort()).toEqual((await knownKeys('services:\n  s:\n    ')).map((key) => `services.NAME.${key}`).sort())
  })

  it('quotes what the program says of mistakes', async () => {
    const [, quoted = ''] = /^```text\n([^]*?)^```$/m.exec(page) ?? []
    const text = 'services:\n  docker:\n    run: simulator\n    allow: 7\n    restrat: never'

    await expect(parseConfig(text, { file: 'swarmd.yml', backends: BACKENDS })).rejects.toThrow(quoted.trimEnd())
  })
})
