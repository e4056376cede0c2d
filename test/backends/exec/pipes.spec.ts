import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { execBackend } from '../../../src/backends/exec/exec.ts'
import { runStage, textOf } from '../stage.ts'

/** An empty folder, as the value of a variable of this process. */
async function useFolderFor (variable: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pipes-'))
  const before = process.env[variable]

  process.env[variable] = folder
  onTestFinished(async () => {
    await rm(folder, { recursive: true })

    if (before == null) {
      delete process.env[variable]
    } else {
      process.env[variable] = before
    }
  })

  return folder
}

async function countOpenFiles (): Promise<number> {
  return (await readdir('/proc/self/fd')).length
}

describe('the pipes of exec', () => {
  it('leave no file behind, open or named', async () => {
    const folder = await useFolderFor('TMPDIR')

    await runStage(execBackend, ['true'])
    const before = await countOpenFiles()

    for (let run = 0; run < 10; run++) {
      await runStage(execBackend, ['echo', 'x'])
      await runStage(execBackend, ['no-such-command'])
    }

    expect(await countOpenFiles()).toBe(before)
    expect(await readdir(folder)).toEqual([])
  })

  it('are sockets where there is no mkfifo', async () => {
    const env = { ...process.env }

    await useFolderFor('PATH')
    const { files, exit } = await runStage(execBackend, ['sh', '-c', 'echo out; echo err >&2; exit 3'], { host: { env } })

    expect(textOf(files.stdout)).toBe('out\n')
    expect(textOf(files.stderr)).toBe('err\n')
    expect(exit).toEqual({ code: 3 })
  })
})
