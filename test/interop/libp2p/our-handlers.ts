import { PROTOCOLS } from './peer.ts'
import type { Stream, StreamHandler, Swarm } from '../../../src/index.ts'

const CHUNK = new Uint8Array(64 * 1024)

/** A number as 8 bytes, big-endian. */
export function uint64 (value: number): Uint8Array {
  const bytes = Buffer.alloc(8)

  bytes.writeBigUInt64BE(BigInt(value))

  return bytes
}

export function readUint64 (bytes: Uint8Array): number {
  return Number(Buffer.from(bytes).readBigUInt64BE())
}

/** How many bytes come up to the end. */
export async function countAll (stream: Stream): Promise<number> {
  let count = 0

  for await (const chunk of stream) {
    count += chunk.byteLength
  }

  return count
}

export async function writeZeros (stream: Stream, count: number): Promise<void> {
  for (let left = count; left > 0; left -= CHUNK.byteLength) {
    await stream.write(CHUNK.subarray(0, left))
  }
}

const echo: StreamHandler = async (stream) => { await stream.pipeTo(stream) }

const sink: StreamHandler = async (stream) => stream.end(uint64(await countAll(stream)))

const give: StreamHandler = async (stream) => {
  await stream.end('given')
  await countAll(stream)
}

const reset: StreamHandler = async (stream) => {
  await stream.read()
  stream.reset(new Error('as was asked for'))
}

/** https://github.com/libp2p/specs/blob/master/perf/perf.md */
const perf: StreamHandler = async (stream) => {
  let head = Buffer.alloc(0)

  for await (const chunk of stream) {
    if (head.byteLength < 8) {
      head = Buffer.concat([head, chunk])
    }
  }

  await writeZeros(stream, readUint64(head))
  await stream.end()
}

export function serve (swarm: Swarm): void {
  for (const [name, handler] of Object.entries({ echo, sink, give, reset, perf })) {
    swarm.handle(PROTOCOLS[name as keyof typeof PROTOCOLS], handler, { limited: true })
  }
}
