import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildGo } from '../support/go.ts'

const run = promisify(execFile)

/** A program that takes part in a test, and how it is started. */
export interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

export const OURS = typeScriptProgram('swarmd', 'main.ts')
export const JS = typeScriptProgram('js-libp2p', 'js-libp2p.ts')

function typeScriptProgram (name: string, file: string): Program {
  return { name, command: process.execPath, args: [fileURLToPath(new URL(file, import.meta.url))] }
}

/** go-libp2p's part, built from `test/interop/go/unified`. Disposing it removes it. */
export class GoProgram implements Program, AsyncDisposable {
  readonly name = 'go-libp2p'
  readonly command: string
  readonly args = []
  readonly #folder: string

  private constructor (folder: string) {
    this.#folder = folder
    this.command = join(folder, 'unified')
  }

  static async build (): Promise<GoProgram> {
    const program = new GoProgram(await mkdtemp(join(tmpdir(), 'unified-peer-')))

    await buildGo('unified', program.command)

    return program
  }

  async version (): Promise<string> {
    const { stdout } = await run(this.command, ['-version'])

    return stdout.trim()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}
