import { checksum, pattern } from '../support/libchan-messages.ts'
import type { Command, CommandStreams } from './exec.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'

/** The programs of the pod. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  /** Standard input comes back. */
  async cat (streams) {
    const stdout = need(streams, 'stdout')

    for await (const bytes of need(streams, 'stdin')) {
      await stdout.write(bytes)
    }

    return 0
  },

  /** Writes so many bytes to each output at once. */
  async both (streams, [toStdout, toStderr]) {
    await Promise.all([pour(need(streams, 'stdout'), Number(toStdout)), pour(need(streams, 'stderr'), Number(toStderr))])

    return 0
  },

  async exit (_, [code]) {
    return Number(code)
  },

  /** Says what standard input was when it has ended. */
  async sum (streams) {
    const { N, Sum } = await checksum(need(streams, 'stdin'))

    await need(streams, 'stdout').write(`${N} ${Sum}`)

    return 0
  },

  /** Ends with the first line, whether or not standard input does. */
  async line (streams) {
    const stdin = need(streams, 'stdin')

    await need(streams, 'stdout').write(await lines(stdin, 1))
    await stdin.close()

    return 0
  },

  /** Standard output ends, and the error output goes on. */
  async late (streams) {
    await need(streams, 'stdout').end('first')
    await need(streams, 'stderr').write(await need(streams, 'stdin').text())

    return 0
  },

  /** Says so many sizes of the terminal. */
  async sizes (streams, [count]) {
    const text = await lines(need(streams, 'resize'), Number(count))
    const sizes = text.trim().split('\n').map((line) => JSON.parse(line) as { Width: number, Height: number })

    await need(streams, 'stdout').write(sizes.map(({ Width, Height }) => `${Width}x${Height}\n`).join(''))

    return 0
  },

  /** Begins, and ends with its output. */
  async wait (streams) {
    const stdout = need(streams, 'stdout')

    await stdout.write('waiting')
    await need(streams, 'stdin').bytes()
    await stdout.write(' done')

    return 0
  },

  /** Writes for ever. */
  async yes (streams) {
    const stdout = need(streams, 'stdout')

    for (;;) {
      await pour(stdout, 1024 * 1024)
    }
  },

  /** Breaks standard output off when standard input has ended. */
  async break (streams) {
    const stdout = need(streams, 'stdout')

    await stdout.write('before')
    await need(streams, 'stdin').bytes()
    stdout.reset('it broke')
    await need(streams, 'stderr').write('after')

    return 3
  }
}

function need (streams: CommandStreams, name: keyof CommandStreams): ByteStream {
  const stream = streams[name]

  if (stream == null) {
    throw new TypeError(`the program needs ${name}`)
  }

  return stream
}

async function pour (stream: ByteStream, length: number): Promise<void> {
  for (const bytes of pattern(length)) {
    await stream.write(bytes)
  }
}

/** Reads until so many lines have come. */
async function lines (stream: ByteStream, count: number): Promise<string> {
  let text = ''

  while (text.split('\n').length <= count) {
    const bytes = await stream.read()

    if (bytes == null) {
      throw new Error(`the end came instead of ${count} lines, after ${JSON.stringify(text)}`)
    }

    text += Buffer.from(bytes).toString()
  }

  return text
}
