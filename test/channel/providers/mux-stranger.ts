import { createMuxProvider, encodeHeaderBlock, PREAMBLE } from '../../../src/channel/providers/mux/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { turns } from '../../support/settle.ts'
import { decode, encode } from '../../support/yamux-scene.ts'
import { muxInit, ProviderEnd } from './mux-pair.ts'
import { linkPair } from './mux-pipe.ts'
import type { PipeLink } from './mux-pipe.ts'
import type { StreamHeaders } from '../../../src/channel/contract/index.ts'

/** A provider that was connected to, and an initiator that is played by the test, frame by frame. */
export interface Stranger {
  clock: FakeClock
  /** Of the provider. */
  end: ProviderEnd
  /** Of the stranger. */
  link: PipeLink
  theirs: PipeLink
  /** Sends frames, as text or bytes, and lets them arrive. */
  send (...frames: Array<string | Uint8Array>): Promise<void>
  /** The frames that came since the last call, but for pings, as text. */
  received (): string[]
}

export async function stranger (): Promise<Stranger> {
  const clock = new FakeClock()
  const [link, theirs] = linkPair()

  link.write(PREAMBLE)

  const end = new ProviderEnd(await createMuxProvider(theirs, muxInit(false, { clock })))
  let seen = PREAMBLE.byteLength

  return {
    clock,
    end,
    link,
    theirs,
    async send (...frames) {
      link.write(Buffer.concat(frames.map((frame) => typeof frame === 'string' ? encode(frame) : frame)))
      await turns(3)
    },
    received () {
      const all = Buffer.concat(theirs.written)
      const fresh = all.subarray(seen)

      seen = all.byteLength

      return decode(fresh).map(({ text }) => text).filter((frame) => !frame.startsWith('ping'))
    }
  }
}

/** A data frame with SYN on a stream, with these headers and what follows. */
export function opening (id: number, headers: StreamHeaders, rest = ''): Uint8Array {
  return encode(`data ${id} SYN`, Buffer.concat([encodeHeaderBlock(headers), Buffer.from(rest)]))
}
