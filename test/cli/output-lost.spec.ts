import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { run } from '../../src/cli/run.ts'
import { memoryContext } from './support/memory-context.ts'

describe('output', () => {
  it.skipIf(process.platform !== 'linux')('that cannot be written is a failure', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, ['src/cli/main.ts', '--version'], { stdio: ['ignore', full, 'ignore'] })

    closeSync(full)

    expect(await once(child, 'exit')).toEqual([1, null])
  }, 30_000)

  it('has the form that options before -- ask for', async () => {
    const plain = memoryContext()
    const json = memoryContext()

    await run(['dial', 'alice', '--', '--json'], COMMANDS, plain)
    await run(['dial', 'alice', '--json', '--'], COMMANDS, json)

    expect(plain.stderr.text).toMatch(/^swarmd: /)
    expect(JSON.parse(json.stderr.lines[0] ?? '')).toMatchObject({ event: 'error' })
  })
})
