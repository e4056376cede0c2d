import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Folder, Running } from '../cli/support/run-cli.ts'
import { readTopFile } from '../support/source-tree.ts'

const TUTORIAL = readTopFile('docs/tutorial.md')
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'src/cli/main.ts')

const run = promisify(execFile)

interface Command {
  line: string
  output: string
}

function blocks (language: string): string[] {
  return [...TUTORIAL.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, body = '']) => body)
}

function commands (block: string): Command[] {
  return block.split(/^\$ /m).slice(1).map((text) => {
    const [line = '', ...output] = text.split('\n')

    return { line, output: output.join('\n') }
  })
}

/** A folder as `npm install` leaves it, with this repository for the package. */
async function install (folder: Folder): Promise<void> {
  const modules = folder.file('node_modules')

  await mkdir(join(modules, 'swarmd'), { recursive: true })
  await mkdir(join(modules, '.bin'))
  await symlink(join(ROOT, 'src'), join(modules, 'swarmd/src'))
  await symlink(join(ROOT, 'node_modules/zod'), join(modules, 'zod'))
  await writeFile(join(modules, 'swarmd/package.json'), JSON.stringify({ type: 'module', exports: { './service': './src/service/index.ts' } }))
  await writeFile(join(modules, '.bin/swarmd'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 })
  await writeFile(folder.file('package.json'), '{ "type": "module" }')
}

/** All files that the tutorial shows, under the names that it gives them. */
async function writeFiles (folder: Folder): Promise<void> {
  for (const block of [...blocks('ts'), ...blocks('yaml')]) {
    const [, name = ''] = /^(?:\/\/|#) (\S+)\n/.exec(block) ?? []

    await writeFile(folder.file(name), block)
  }
}

async function sh (line: string, folder: Folder): Promise<string> {
  const PATH = `${folder.file('node_modules/.bin')}:${join(process.execPath, '..')}:${String(process.env['PATH'])}`
  const { stdout } = await run('sh', ['-c', line], { cwd: folder.path, env: { PATH, HOME: folder.path, NODE_NO_WARNINGS: '1' }, timeout: 50_000 })

  return stdout
}

async function idOf (key: string, folder: Folder): Promise<string> {
  return (JSON.parse(await sh(`swarmd id --json --key ${key}`, folder)) as { peer: string }).peer
}

describe('docs/tutorial.md', () => {
  const [backend = '', greet = '', buy = '', keys = '', up = '', calls = ''] = blocks('console')

  it('keeps a backend to ten lines', () => {
    const [block = ''] = blocks('ts')

    expect(block.trimEnd().split('\n').filter((line) => line !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(10)
  })

  it.each([...commands(backend), ...commands(greet), ...commands(buy)])('shows what is printed by: $line', async ({ line, output }) => {
    await using folder = await Folder.create()

    await install(folder)
    await writeFiles(folder)

    expect(await sh(line, folder)).toBe(output)
  })

  it('has a node run the service for a peer, who calls it', async () => {
    await using folder = await Folder.create()

    await install(folder)
    await writeFiles(folder)

    for (const { line } of commands(keys)) {
      expect(await sh(line, folder)).toContain('peer ID')
    }

    const bob = await idOf('bob.key', folder)
    const [config = ''] = blocks('yaml')

    await writeFile(folder.file('swarmd.yml'), config.replace('<the peer ID of Bob>', bob))
    expect(commands(up).map(({ line }) => line)).toEqual(['swarmd up'])

    await using node = new Running(['-c', `cd '${folder.path}' && exec '${process.execPath}' '${MAIN}' up`], { node: '/bin/sh', execArgv: [], program: '-e' })
    const [, address = ''] = await node.line(/^listening\s+(\S+)$/)

    await node.line(/^ready/)

    for (const { line, output } of commands(calls)) {
      expect(await sh(line.replace('<the address of Alice>', address), folder)).toBe(output)
    }
  })
})
