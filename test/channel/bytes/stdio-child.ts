import { adoptByteStream, byteStreamPair, joinByteStreams } from '../../../src/channel/bytes/index.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'

/**
 * Started by processes.spec.ts. `cat` copies the standard input to the standard output, `head` only the first
 * line of it, and `fail` resets the output; then each writes ` done`, to show that it still can.
 */

function connected (value: object): { far: ByteStream, joined: Promise<Error | undefined> } {
  const adopted = adoptByteStream(value)
  const [far, near] = byteStreamPair()

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return { far, joined: joinByteStreams(adopted.stream, near, adopted.direction) }
}

const input = connected(process.stdin)
const output = connected(process.stdout)

switch (process.argv[2]) {
  case 'cat':
    await joinByteStreams(input.far, output.far, 'readable')
    await Promise.all([input.joined, output.joined])
    process.stdout.write(' done')
    break
  case 'head':
    await output.far.end(await input.far.read() ?? 'nothing came')
    input.far.reset({ code: 3 })
    await Promise.all([input.joined, output.joined])
    process.stdout.write(' done')
    break
  default:
    output.far.reset('no output')
    input.far.reset('no input')
    await Promise.all([input.joined, output.joined])
    process.stdout.write(' done')
}
