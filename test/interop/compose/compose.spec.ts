import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inRounds, NAME, removeAll } from '../docker/support/compare.ts'
import { useHosts } from '../docker/support/hosts.ts'
import { normalise } from '../docker/support/normalise.ts'
import { compose } from './compose.ts'
import type { Outcome } from '../docker/support/cli.ts'
import type { Normal } from '../docker/support/normalise.ts'

/** Networks are not for dockerserver to change: each service has none. */
const PROJECT = `
version: '2.4'
services:
  once:
    image: busybox:latest
    network_mode: none
    command: sh -c 'echo out; echo err >&2; exit 3'
  web:
    image: busybox:latest
    network_mode: none
    depends_on: [once]
    environment: { GREETING: hello }
    labels: { part: web }
    stop_signal: SIGKILL
    command: sh -c 'echo "$$GREETING"; exec sleep 60'
`

const made: { folder?: string } = {}

function fileOf (): string {
  return join(made.folder ?? '', 'compose.yml')
}

/** Lines of containers side by side come in any order. */
function sorted ({ code, stdout, stderr }: Normal): Normal {
  const sort = (text: string): string => text.split('\n').sort().join('\n')

  return { code, stdout: sort(stdout), stderr: sort(stderr) }
}

describe('docker-compose at dockerserver, as at the engine', () => {
  const hosts = useHosts()

  beforeAll(async () => {
    made.folder = await mkdtemp(join(tmpdir(), 'compose-'))
    await writeFile(fileOf(), PROJECT)
  })

  afterAll(async () => {
    await rm(made.folder ?? '', { recursive: true, force: true })
  })

  async function run (host: string, commands: ReadonlyArray<readonly string[]>): Promise<Normal[]> {
    const outcomes: Outcome[] = []

    try {
      for (const args of commands) {
        outcomes.push(await compose(host, { file: fileOf(), name: NAME }, args))
      }
    } finally {
      await removeAll(hosts.direct)
    }

    return normalise(outcomes).map(sorted)
  }

  it.each<[string, ReadonlyArray<readonly string[]>, number[]]>([
    ['up, ps and down', [['up', '-d'], ['ps', '-a'], ['ps', '-q', 'web'], ['down']], [0, 0, 0, 0]],
    ['logs', [['up', '-d'], ['logs', '--no-color'], ['logs', '--no-color', '--tail', '1', 'web']], [0, 0, 0]],
    ['exec', [['up', '-d'], ['exec', '-T', 'web', 'sh', '-c', 'echo $GREETING; exit 5'], ['top', 'once']], [0, 5, 0]],
    ['stop, start, restart and kill', [['up', '-d'], ['stop', '-t', '1', 'web'], ['start', 'web'], ['restart', '-t', '1', 'web'], ['kill', 'web'], ['ps', '-a']], [0, 0, 0, 0, 0, 0]],
    ['run', [['run', '--rm', '-T', 'once'], ['run', '--rm', '-T', '-e', 'A=b', 'once', 'sh', '-c', 'echo $A'], ['ps', '-a']], [3, 0, 0]],
    ['up in the foreground', [['up', '--no-color', '--exit-code-from', 'once', 'once']], [3]],
    ['rm and images', [['up', '-d'], ['kill'], ['images'], ['rm', '-f'], ['ps', '-a']], [0, 0, 0, 0, 0]],
    ['up again with a service that changed', [['up', '-d'], ['up', '-d', '--force-recreate', 'web'], ['ps', '-a']], [0, 0, 0]]
  ])('says the same for %s', async (_, commands, codes) => {
    const outcomes = await inRounds(async () => [await run(hosts.direct, commands), await run(hosts.piped, commands)])

    expect(outcomes.map(({ code }) => code)).toEqual(codes)
  })
})
