import { describe, expect, it } from 'vitest'
import { stdioBackend } from '../../src/backends/stdio.ts'
import { byteStreamPair } from '../../src/channel/index.ts'
import { bytesOf, hear, nextFile, runStage, sendFile, spawnStage, textOf } from './stage.ts'
import type { BackendHost } from '../../src/service/index.ts'

interface TestStdio {
  readonly host: { stdio: NonNullable<BackendHost['stdio']> }
  /** What was written. */
  text (): string
}

async function * from (...parts: string[]): AsyncGenerator<Uint8Array> {
  yield * parts.map((part) => new TextEncoder().encode(part))
}

/** An input that nobody types anything into. */
async function * silent (onEnd: () => void): AsyncGenerator<Uint8Array> {
  try {
    await new Promise(() => {})
    yield Uint8Array.of()
  } finally {
    onEnd()
  }
}

function createStdio (stdin: AsyncIterable<Uint8Array> = from(), error?: Error): TestStdio {
  const parts: Uint8Array[] = []

  return {
    host: {
      stdio: {
        stdin,
        async write (bytes) {
          if (error != null) {
            throw error
          }

          parts.push(Buffer.from(bytes))
        }
      }
    },
    text: () => Buffer.concat(parts).toString()
  }
}

describe('stdio', () => {
  it('gives the standard input when there is no stage before it', async () => {
    const { host } = createStdio(from('a', 'bc'))
    const { files, exit } = await runStage(stdioBackend, [], { host })

    expect(textOf(files.stdout)).toBe('abc')
    expect(exit).toEqual({ code: 0 })
  })

  it('writes what comes to the standard output, in order', async () => {
    const { host, text } = createStdio(from('not this'))
    const { files, exit } = await runStage(stdioBackend, [], {
      host,
      async feed (input) {
        await sendFile(input, bytesOf('a', 'b'))
        await input.log('info', 'line')
        await sendFile(input, bytesOf('c'))
      }
    })

    expect(text()).toBe('abline\nc')
    expect(files).toEqual({})
    expect(exit).toEqual({ code: 0 })
  })

  it('does what it is told to, whatever comes', async () => {
    const reading = createStdio(from('typed'))
    const writing = createStdio(from('typed'))
    const read = await runStage(stdioBackend, ['in'], { host: reading.host })
    const written = await runStage(stdioBackend, ['out'], { host: writing.host })

    expect(textOf(read.files.stdout)).toBe('typed')
    expect(written.files).toEqual({})
  })

  it('ends as by SIGPIPE when whoever reads its output has gone', async () => {
    const { host } = createStdio(from(), Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    const [near, far] = byteStreamPair()
    const { exit, errors } = await runStage(stdioBackend, [], {
      host,
      async feed (input) {
        await sendFile(input, far)
        await near.write('x')
      }
    })

    expect(exit).toEqual({ code: 141, signal: 'SIGPIPE' })
    expect(errors).toEqual([])
    expect(await near.closed).toMatchObject({ code: 'StreamReset' })
  })

  it('fails when the standard output does', async () => {
    const { host } = createStdio(from(), new Error('the disk is full'))
    const { exit, errors } = await runStage(stdioBackend, [], { host, feed: async (input) => input.log('info', 'x') })

    expect(exit).toEqual({ code: 1 })
    expect(errors).toEqual([expect.objectContaining({ message: 'the disk is full' })])
  })

  it('ends as by SIGPIPE when nobody reads its input any more, though nobody types', async () => {
    const { host } = createStdio(silent(() => {}))

    await using stage = await spawnStage(stdioBackend, ['in'], host)

    await stage.object.start()
    const bytes = await nextFile(stage.output)

    bytes.closeRead()

    expect((await hear(stage.output)).exit).toEqual({ code: 141, signal: 'SIGPIPE' })
  })

  it('cuts its bytes off when it is stopped', async () => {
    const { host } = createStdio(silent(() => {}))

    await using stage = await spawnStage(stdioBackend, ['in'], host)

    await stage.object.start()
    const bytes = await nextFile(stage.output)

    await stage.object.stop()

    await expect(bytes.read()).rejects.toMatchObject({ code: 'StreamReset' })
    expect((await hear(stage.output)).exit).toEqual({ code: 143, signal: 'SIGTERM' })
  })

  it('lets one stage read at a time', async () => {
    const { host } = createStdio(silent(() => {}))

    await using first = await spawnStage(stdioBackend, ['in'], host)

    await first.object.start()
    await nextFile(first.output)
    const { errors } = await runStage(stdioBackend, ['in'], { host })

    expect(errors).toEqual([expect.objectContaining({ code: 'FailedPrecondition' })])
  })

  it('refuses where there is no standard input and output', async () => {
    await expect(spawnStage(stdioBackend, [])).rejects.toMatchObject({ code: 'FailedPrecondition' })
  })

  it.each([[['up']], [['in', 'out']]])('refuses %j', async (args) => {
    await expect(spawnStage(stdioBackend, args, createStdio().host)).rejects.toMatchObject({ code: 'InvalidArgument' })
  })
})
