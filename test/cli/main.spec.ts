import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { Folder, runCli } from './support/run-cli.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url)

const ADVICE = /^swarmd: wants Node\.js 22\.12 or newer, and this is [\d.]+: install one .*\n$/

/** A Node that says it is another. */
function pretend (version: string): string[] {
  return ['--import', `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`]
}

/** A Node on this machine that is too old for us, if there is one. */
function findOldNode (): string | undefined {
  return ['/usr/bin/node', '/usr/local/bin/node', '/opt/homebrew/bin/node'].find((candidate) => {
    const { stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' })
    const [, major = 'none'] = /^v(\d+)\./.exec(stdout ?? '') ?? []

    return Number(major) >= 18 && Number(major) < 22
  })
}

/** What is published: types taken out, nothing else changed. */
async function build (): Promise<string> {
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, rewriteRelativeImportExtensions: true, verbatimModuleSyntax: true }

  return ts.transpileModule(await readFile(MAIN, 'utf8'), { compilerOptions: options, fileName: 'main.mts' }).outputText
}

describe('main', () => {
  it.each(['18.20.4', '20.20.2', '21.0.0', '22.11.0'])('says in one line what to do on Node %s', async (version) => {
    const { code, stdout, stderr } = await runCli(['id'], { execArgv: pretend(version) })

    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(ADVICE)
    expect(stderr).toContain(version)
  })

  it.each(['22.12.0', '23.0.0', '100.0.0'])('runs on Node %s', async (version) => {
    const { code, stdout } = await runCli(['--version'], { execArgv: pretend(version) })

    expect(code).toBe(0)
    expect(stdout).toMatch(/^swarmd \d/)
  })

  it('says so on a Node that really is too old, once built', async (context) => {
    const node = findOldNode()

    context.skip(node == null, 'no Node from 18 to 21 is installed here')

    await using folder = await Folder.create()
    const program = folder.file('main.mjs')

    await writeFile(program, await build())

    const { code, stderr } = await runCli(['id'], { program, ...(node == null ? {} : { node }) })

    expect(code).toBe(1)
    expect(stderr).toMatch(ADVICE)
  })

  it('begins with the line that makes it a program', async () => {
    expect(await readFile(fileURLToPath(MAIN), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(await build()).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})
