import { CodedError } from '../../base/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import type { ByteStream, CallOptions } from '../contract/index.ts'

/** What `bytes` and `text` take at most, unless told otherwise. */
const MAX_COLLECTED_BYTES = 1024 * 1024

const FIRST_BYTES = 1024

/** All that comes from a stream, in memory that grows with the bytes and not with the chunks. */
export async function collect (stream: ByteStream, { signal, maxBytes = MAX_COLLECTED_BYTES }: CallOptions & { maxBytes?: number } = {}): Promise<Uint8Array> {
  if (!(maxBytes >= 0)) {
    throw new RangeError(`maxBytes must be a number of 0 or more, received ${String(maxBytes)}`)
  }

  let all = new Uint8Array(0)
  let total = 0

  for (let chunk = await stream.read({ signal }); chunk != null; chunk = await stream.read({ signal })) {
    const end = total + chunk.byteLength

    if (end > maxBytes) {
      stream.reset({ code: REASON_CODE.refused, message: `more than ${maxBytes} bytes` })
      throw new CodedError('ResourceLimit', `the other side sent more than ${maxBytes} bytes (maxBytes)`)
    }

    if (end > all.byteLength) {
      all = grown(all.subarray(0, total), end)
    }

    all.set(chunk, total)
    total = end
  }

  return total === all.byteLength ? all : all.slice(0, total)
}

function grown (bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(FIRST_BYTES, needed, bytes.byteLength * 2))

  larger.set(bytes)

  return larger
}
