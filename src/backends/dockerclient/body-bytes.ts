import { toError } from '../../base/index.ts'
import { byteStreamPair } from '../../channel/index.ts'
import type { EngineStream } from './engine-stream.ts'
import type { ByteStream } from '../../channel/index.ts'

/** The body of an answer as a byte stream that one can only read. A body that is cut off is no end, but a reset. */
export async function toByteStream (stream: EngineStream): Promise<ByteStream> {
  const [near, far] = byteStreamPair()

  void near.closed.then((error) => {
    if (error != null) {
      stream.destroy() // nobody reads, perhaps for a long time before there is something to read
    }
  })

  await far.closeWrite()
  void pump(stream, near)

  return far
}

async function pump (stream: EngineStream, near: ByteStream): Promise<void> {
  try {
    for await (const chunk of stream.chunks()) {
      await near.write(chunk)
    }

    await near.end()
  } catch (thrown) {
    near.reset(toError(thrown).message)
  }
}
