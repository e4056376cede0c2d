/*
 * Runs the tests against programs that npm does not bring, each group where its program is there:
 *
 *     npm run test:interop              all groups; one line for each that cannot run
 *     npm run test:interop -- go proxy  these
 *
 * Fails if a test fails. If no group could run, exits with 77 and the reason in its last line.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dockerMissing } from '../support/docker-engine.ts'

interface Group {
  readonly folders: readonly string[]
  /** Why it cannot run; undefined if it can. */
  missing(): string | undefined
}

const NOT_RUN = 77

const GROUPS: Readonly<Record<string, Group>> = {
  go: { folders: ['test/interop/go', 'test/interop/libchan'], missing: () => answers('go', ['version']) ? undefined : 'Go is not installed (https://go.dev/dl)' },
  proxy: { folders: ['test/proxy'], missing: () => answers('nginx', ['-v']) ? undefined : 'nginx is not installed (apt-get install nginx)' },
  browser: { folders: ['test/browser'], missing: () => existsSync('/usr/bin/chromium') ? undefined : 'there is no /usr/bin/chromium (apt-get install chromium)' },
  docker: { folders: ['test/interop/docker'], missing: dockerMissing }
}

function answers (program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

function say (line: string): void {
  process.stdout.write(`${line}\n`)
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(GROUPS)
const folders: string[] = []

for (const name of names) {
  const group = GROUPS[name]

  if (group == null) {
    throw new TypeError(`there is no group ${name}; there are ${Object.keys(GROUPS).join(', ')}`)
  }

  const why = group.missing()

  if (why == null) {
    folders.push(...group.folders)
  } else {
    say(`not run: ${name}: ${why}`)
  }
}

process.exitCode = folders.length === 0
  ? NOT_RUN
  : spawnSync('vitest', ['run', '--project', 'interop', ...folders], { stdio: 'inherit' }).status ?? 1
