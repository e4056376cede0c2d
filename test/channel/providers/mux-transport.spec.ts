import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it } from 'vitest'
import { LinkTransport } from '../../../src/channel/providers/mux/link-transport.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import type { ByteLink } from '../../../src/channel/index.ts'

function written (...lengths: number[]): number[] {
  const pieces: Uint8Array[] = []
  const link: ByteLink = {
    attach: () => {},
    pause: () => {},
    resume: () => {},
    end: () => {},
    reset: () => {},
    write: (bytes) => {
      pieces.push(bytes)
      return true
    }
  }
  const transport = new LinkTransport(link, { clock: new FakeClock(), isInitiator: true, onGone: () => {} })
  const sent = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))

  transport.send(new Uint8ArrayList(...sent))
  expect(Buffer.concat(pieces).equals(Buffer.concat(sent))).toBe(true)

  return pieces.map(({ byteLength }) => byteLength)
}

describe('the transport of a session over a link', () => {
  it('writes a header in one piece with what it is of', () => {
    expect(written(12, 9_000)).toEqual([9_012])
  })

  it('copies nothing of what is long', () => {
    expect(written(12, 32 * 1024)).toEqual([12, 32 * 1024])
  })
})
