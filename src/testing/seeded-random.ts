import type { Random } from '../base/index.ts'

/** Numbers in [0, 1) that a seed decides (mulberry32). Print the seed when a test fails. */
export function seededRandom (seed: number): Random {
  let state = seed >>> 0

  return () => {
    state = (state + 0x6D2B79F5) >>> 0
    let t = state

    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)

    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
