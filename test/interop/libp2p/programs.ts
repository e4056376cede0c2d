import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildGo, goMissing } from '../support/go.ts'
import type { Launch } from './remote-peer.ts'

const run = promisify(execFile)

/** A program that is a peer. */
export interface Program {
  readonly name: 'go-libp2p' | 'js-libp2p' | 'py-libp2p'
  /** Why it cannot run here; undefined if it can. */
  missing(): string | undefined
  /** Makes it ready; what is up to date is not made again. */
  prepare(): Promise<Launch>
}

const CACHE = fileURLToPath(new URL('../../../.tmp/interop/', import.meta.url))

function source (path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

function canCompile (source: string): boolean {
  return spawnSync('cc', ['-E', '-x', 'c', '-'], { input: source, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
}

function answers (file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0
}

const go: Program = {
  name: 'go-libp2p',
  missing: goMissing,

  async prepare () {
    const file = `${CACHE}go-libp2p-peer`

    await buildGo('libp2p', file)

    return { name: this.name, file, args: [] }
  }
}

const js: Program = {
  name: 'js-libp2p',
  missing: () => undefined,
  prepare: async () => ({ name: 'js-libp2p', file: process.execPath, args: [source('js/peer.ts')] })
}

const py: Program = {
  name: 'py-libp2p',

  missing () {
    if (!answers('python3', ['-m', 'venv', '--help'])) {
      return 'Python is not installed, or has no venv (apt-get install python3-venv)'
    }

    // one of its packages comes as C
    return canCompile('#include <gmp.h>') ? undefined : 'there is no C compiler with GMP, which py-libp2p is built with (apt-get install gcc libgmp-dev python3-dev)'
  },

  async prepare () {
    const requirements = readFileSync(source('py/requirements.txt'))
    const folder = `${CACHE}py-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`
    const done = `${folder}/installed`

    if (!existsSync(done)) {
      await rm(folder, { recursive: true, force: true })
      await mkdir(CACHE, { recursive: true })
      await run('python3', ['-m', 'venv', folder])
      await run(`${folder}/bin/pip`, ['install', '--quiet', '--disable-pip-version-check', '-r', source('py/requirements.txt')])
      await writeFile(done, '')
    }

    return { name: this.name, file: `${folder}/bin/python`, args: ['-B', source('py/peer.py')] }
  }
}

export const PROGRAMS: Readonly<Record<Program['name'], Program>> = { 'go-libp2p': go, 'js-libp2p': js, 'py-libp2p': py }

/** What a program is made of, by its own account. */
export async function versionsOf (program: Program): Promise<Record<string, string>> {
  const { file, args } = await program.prepare()
  const { stdout } = await run(file, [...args, '-versions'])

  return JSON.parse(stdout) as Record<string, string>
}
