/* Programs in Go, whose modules are pinned in benchmarks/go. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GoProgram {
  /** Built, and up to date once `missing` has resolved to undefined. */
  readonly file: string
  missing (): Promise<string | undefined>
  /** Of a module that the program is made of. */
  version (module: string): string
}

/** The program `program` of the module in `benchmarks/go/<folder>`. */
export function goProgram (folder: string, program: string): GoProgram {
  const module = fileURLToPath(new URL(`../go/${folder}/`, import.meta.url))
  const file = fileURLToPath(new URL(`../../.tmp/benchmarks/${folder}`, import.meta.url))

  return {
    file,

    async missing () {
      if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) {
        return 'Go is not installed (https://go.dev/dl)'
      }

      if (isUpToDate(file, module)) {
        return undefined
      }

      try {
        await run('go', ['build', '-mod=readonly', '-buildvcs=false', '-o', file, program], { cwd: module })
      } catch (err) {
        return `go build failed: ${(err as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? String(err)}`
      }

      return undefined
    },

    version (path) {
      return readFileSync(`${module}go.mod`, 'utf8').split(`${path} `)[1]?.split(/\s/)[0] ?? 'unknown'
    }
  }
}

/** Both ends of all its systems ask for a program, and one build is enough. */
function isUpToDate (file: string, module: string): boolean {
  const builtAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

  return readdirSync(module).every((source) => statSync(`${module}${source}`).mtimeMs < builtAt)
}
