import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { adoptByteStream, byteStreamPair, joinByteStreams } from '../../../src/channel/bytes/index.ts'
import { failure, pattern, readPattern, writePattern } from './support.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'
import type { ChildProcess, StdioOptions } from 'node:child_process'

const CHILD = fileURLToPath(new URL('./stdio-child.ts', import.meta.url))

interface Far {
  far: ByteStream
  joined: Promise<Error | undefined>
}

function connect (value: object | null): Far {
  const adopted = value == null ? undefined : adoptByteStream(value)
  const [far, near] = byteStreamPair()

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return { far, joined: joinByteStreams(adopted.stream, near, adopted.direction) }
}

function start (command: string, args: string[] = [], stdio: StdioOptions = 'pipe'): ChildProcess {
  const child = spawn(command, args, { stdio })

  onTestFinished(async () => {
    if (child.exitCode == null && child.signalCode == null) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  })

  return child
}

describe('the streams of a child process', () => {
  it('carry a pipeline through it', async () => {
    const cat = start('cat')
    const input = connect(cat.stdin)
    const output = connect(cat.stdout)
    const exit = once(cat, 'close')

    void writePattern(input.far, 3_000_000)

    expect(await readPattern(output.far)).toBe(3_000_000)
    expect(await input.joined).toBe(undefined)
    expect(await exit).toEqual([0, null])
  })

  it('end at the other side without anybody there doing so', async () => {
    const echo = start('echo', ['that is all'])
    const { far, joined } = connect(echo.stdout)

    expect(await far.text()).toBe('that is all\n')
    await joined
    expect(await far.closed).toMatchObject({ code: 'StreamReset', reason: { code: 3 } })
  })

  it('fail the writer when the process has gone', async () => {
    const gone = start('true')
    const { far, joined } = connect(gone.stdin)

    await once(gone, 'close')
    await failure((async () => {
      for (;;) {
        await far.write(new Uint8Array(1000))
      }
    })())

    expect(await joined).toMatchObject({ code: 'StreamReset', reason: { code: 1 } })
  })

  it('tell the process that nobody reads', async () => {
    const endless = start('yes')
    const { far } = connect(endless.stdout)
    const exit = once(endless, 'close')

    await far.read()
    far.reset({ code: 3 })

    // by the signal, or by the error of its next write where the signal is ignored
    expect((await exit)[0]).not.toBe(0)
  })
})

describe('the streams of this process', () => {
  it('are copied through pipes, and stdout stays open', async () => {
    const child = start(process.execPath, [CHILD, 'cat'])
    const output = connect(child.stdout)
    const input = connect(child.stdin)

    await input.far.end('through pipes')

    expect(await output.far.text()).toBe('through pipes done')
  })

  it('are copied through files, and stdout stays open', async () => {
    const path = await mkdtemp(join(tmpdir(), 'swarmd-stdio-'))
    const bytes = pattern(300_000)

    onTestFinished(async () => { await rm(path, { recursive: true }) })
    await writeFile(join(path, 'in'), bytes)

    const input = await open(join(path, 'in'))
    const output = await open(join(path, 'out'), 'w')
    const child = start(process.execPath, [CHILD, 'cat'], [input.fd, output.fd, 'inherit'])

    expect(await once(child, 'close')).toEqual([0, null])
    await Promise.all([input.close(), output.close()])
    expect(await readFile(join(path, 'out'))).toEqual(Buffer.concat([bytes, Buffer.from(' done')]))
  })

  it('let the process end by itself when its input is read no longer', async () => {
    const child = start(process.execPath, [CHILD, 'head'])
    const exit = once(child, 'close')
    const output = connect(child.stdout)

    child.stdin?.write('first line\n')

    expect(await output.far.text()).toBe('first line\n done')
    expect(await exit).toEqual([0, null])
  })

  it('stay open through a reset', async () => {
    const child = start(process.execPath, [CHILD, 'fail'])
    const exit = once(child, 'close')
    const output = connect(child.stdout)

    expect(await output.far.text()).toBe(' done')
    expect(await exit).toEqual([0, null])
  })
})
