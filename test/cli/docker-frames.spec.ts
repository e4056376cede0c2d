import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFrames } from '../../src/cli/attach/docker-frames.ts'

const { signal } = new AbortController()

function frame (stream: number, text: string): Uint8Array {
  const body = Buffer.from(text)
  const header = Buffer.alloc(8)

  header.writeUInt8(stream, 0)
  header.writeUInt32BE(body.byteLength, 4)

  return Buffer.concat([header, body])
}

/** Bytes that come in pieces, which end where these say. */
function source (bytes: Uint8Array, cuts: readonly number[]): { read(): Promise<Uint8Array | null> } {
  const ends = [...new Set(cuts.map((cut) => cut % bytes.byteLength)), bytes.byteLength].sort((a, b) => a - b)
  let start = 0

  return {
    async read () {
      const end = ends.shift()

      if (end == null) {
        return null
      }

      const part = bytes.subarray(start, end)

      start = end

      return part
    }
  }
}

async function readAll (bytes: Uint8Array, cuts: readonly number[] = []): Promise<{ stdout: string, stderr: string }> {
  const text = { stdout: '', stderr: '' }

  for await (const { isStderr, bytes: part } of readFrames(source(bytes, cuts), signal)) {
    text[isStderr ? 'stderr' : 'stdout'] += Buffer.from(part).toString('latin1')
  }

  return text
}

describe('readFrames', () => {
  it('takes stdout and stderr apart, however the bytes are cut', async () => {
    const bytes = Buffer.concat([frame(1, 'one '), frame(2, 'oops'), frame(1, ''), frame(0, 'in'), frame(1, 'two')])

    await fc.assert(fc.asyncProperty(fc.array(fc.nat(100)), async (cuts) => {
      expect(await readAll(bytes, cuts)).toEqual({ stdout: 'one intwo', stderr: 'oops' })
    }))
  })

  it('does not take a cut for an end', async () => {
    await expect(readAll(frame(1, 'hello').subarray(0, 11))).rejects.toThrow('ended within a frame: 2 bytes are missing')
    await expect(readAll(frame(1, 'hello').subarray(0, 5))).rejects.toThrow('its header is not whole')
  })
})
