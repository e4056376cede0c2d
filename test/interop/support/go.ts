import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Why Go programs cannot be built here; undefined if they can. */
export function goMissing (): string | undefined {
  return spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0 ? undefined : 'Go is not installed (https://go.dev/dl)'
}

/** Builds the program in `test/interop/go/<name>` as `file`. */
export async function buildGo (name: string, file: string): Promise<void> {
  await run('go', ['build', '-mod=readonly', '-buildvcs=false', '-o', file, '.'], { cwd: fileURLToPath(new URL(`../go/${name}`, import.meta.url)) })
}
