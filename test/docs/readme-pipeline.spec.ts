import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { splitWords } from '../../src/service/index.ts'
import { Folder, runCli } from '../cli/support/run-cli.ts'
import { makeKey, startNode } from '../cli/support/run-node.ts'
import { readTopFile } from '../support/source-tree.ts'

const README = readTopFile('README.md')
const [SECTION = ''] = /^## A pipeline across peers$.*?(?=^## )/ms.exec(README) ?? []
const [THEIRS = '', OURS = ''] = [...SECTION.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, body = '']) => body)
const SESSION = /^```console\n(.*?)^```/ms.exec(SECTION)?.[1] ?? ''

/** The commands that are typed on our machine, with what the README says they print. */
function typed (): Array<{ args: string[], printed: string }> {
  return [...SESSION.matchAll(/^you\$ swarmd (.*)\n((?:(?!\w+\$ ).*\n)*)/gm)].map(([, line = '', printed = '']) => ({
    args: splitWords(line.replace(/; echo \$\?$/, '')),
    printed: line.endsWith('; echo $?') ? printed : `${printed}0\n`
  }))
}

describe('the pipeline of the README', () => {
  it('prints what the README says, on three nodes that have the files that it shows', async () => {
    await using folder = await Folder.create()
    const us = await makeKey(folder, 'you')
    const theirs = THEIRS.split('\n').filter((line) => !line.startsWith('listen')).map((line) => line.replace(/12D3\w+/, us))

    await using one = await startNode(folder, 'one', theirs)
    await using two = await startNode(folder, 'two', theirs)
    await using three = await startNode(folder, 'three', theirs)

    const nodes: Readonly<Record<string, string>> = { one: one.address, two: two.address, three: three.address }
    const ours = OURS.replace(/^( {2}(\w+): ).*$/gm, (line, start: string, name: string) => `${start}${nodes[name] ?? line}`)

    await writeFile(folder.file('swarmd.yml'), `key: you.key\n${ours}`)

    const seen = []

    for (const { args } of typed()) {
      const { code, stdout, stderr } = await runCli(args.map((arg) => arg === 'swarmd.yml' ? folder.file(arg) : arg))

      seen.push(`${stdout}${stderr}${String(code)}\n`)
    }

    expect(typed()).toHaveLength(2)
    expect(seen).toEqual(typed().map(({ printed }) => printed))
  })
})
