import { seededRandom } from '../seeded-random.ts'
import { atMost, ComplianceError, same } from './assert.ts'
import { ByteFlood, openBytes } from './steps.ts'
import type { Cases } from './cases.ts'

/** No power of two, so that pieces and pattern never fall into step. */
const PATTERN_BYTES = 65_521

/** Compares with an endless repetition of `pattern`, from the byte at `from`. */
function check (bytes: Uint8Array, pattern: Uint8Array, from: number): void {
  let at = from % pattern.length

  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] !== pattern[at]) {
      throw new ComplianceError(`byte ${from + index} is ${bytes[index]}, wanted ${pattern[at]}`)
    }

    at = at + 1 === pattern.length ? 0 : at + 1
  }
}

export const bulk: Cases = {
  async 'carries a large byte stream whole, through bounded buffers' (stage) {
    const { near, far } = await stage.pair()
    const [local, remote] = await openBytes(near, far)
    const random = seededRandom(2)
    const pattern = Uint8Array.from({ length: PATTERN_BYTES }, () => Math.floor(256 * random()))
    const { bytes } = stage.sizes
    const flood = new ByteFlood(local, pattern, bytes)

    await flood.stalled()
    atMost(flood.taken, stage.stalledBytes, 'bytes that were taken before anything was read')

    const ending = flood.ended.then((error) => error == null ? local.closeWrite() : local.reset())
    let received = 0
    let ahead = 0

    for (let piece = await remote.read(); piece != null; piece = await remote.read()) {
      check(piece, pattern, received)
      received += piece.length
      ahead = Math.max(ahead, flood.taken - received)
    }

    await ending
    same(received, bytes, 'the number of bytes')
    atMost(ahead, stage.slowBytes, 'bytes that the writer was ahead')
  }
}
