import { bound, countAll, read, readUint64, uint64, write, writeZeros } from './streams.ts'
import type { Libp2p, Stream } from '@libp2p/interface'

export const ECHO = '/echo/1.0.0'
export const SINK = '/test/sink/1.0.0'
export const GIVE = '/test/give/1.0.0'
export const RESET = '/test/reset/1.0.0'
export const PERF = '/perf/1.0.0'

/** No stream takes longer. */
export const LIMIT_MS = 30_000

async function echo (stream: Stream): Promise<void> {
  for await (const chunk of read(stream)) {
    await write(stream, chunk)
  }

  await stream.close()
}

/** Answers when the other side has ended its direction. */
async function sink (stream: Stream): Promise<void> {
  await write(stream, uint64(await countAll(stream)))
  await stream.close()
}

/** Ends its own direction first, and reads on. */
async function give (stream: Stream): Promise<void> {
  await write(stream, Buffer.from('given'))
  await stream.close()
  await countAll(stream)
}

async function reset (stream: Stream): Promise<void> {
  await read(stream).next()
  stream.abort(new Error('reset, as was asked for'))
}

/** As the specification of perf says: a count, what is uploaded, its end; then as many bytes as were asked for. */
async function perf (stream: Stream): Promise<void> {
  let head = Buffer.alloc(0)

  for await (const chunk of read(stream)) {
    if (head.byteLength < 8) {
      head = Buffer.concat([head, chunk])
    }
  }

  await writeZeros(stream, readUint64(head))
  await stream.close()
}

/** Answers the protocols that the tests use; those of identify and ping are services. */
export async function serve (node: Libp2p): Promise<void> {
  for (const [protocol, handler] of Object.entries({ [ECHO]: echo, [SINK]: sink, [GIVE]: give, [RESET]: reset, [PERF]: perf })) {
    const handle = async (stream: Stream): Promise<void> => {
      try {
        await handler(bound(stream, AbortSignal.timeout(LIMIT_MS)))
      } catch (error) {
        stream.abort(error as Error)
      }
    }

    await node.handle(protocol, handle, { runOnLimitedConnection: true })
  }
}
