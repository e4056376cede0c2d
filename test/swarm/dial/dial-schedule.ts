import fc from 'fast-check'
import { DialScene, quic } from './dial-scene.ts'

/** What happens to the address of number i, if it is dialled. */
export interface Fate {
  delayMs: number
  /** From its start to its end. */
  takesMs: number
  succeeds: boolean
}

export interface Run {
  fates: Fate[]
  /** When each address was dialled, by number. */
  starts: Map<number, number>
}

/**
 * Delays are whole, and each address takes a fraction of its own, so that no two things ever happen
 * at the same moment by accident.
 */
export const fatesOf: fc.Arbitrary<Fate[]> = fc.array(
  fc.record({
    delayMs: fc.integer({ min: 0, max: 8 }).map((n) => n * 50),
    takesMs: fc.integer({ min: 1, max: 300 }),
    succeeds: fc.boolean()
  }),
  { minLength: 1, maxLength: 12 }
).map((fates) => fates.map((fate, i) => ({ ...fate, takesMs: fate.takesMs + 2 ** -(i + 2) })))

/** Dials addresses of these fates, and notes when. */
export async function play (fates: Fate[]): Promise<Run & { leftovers: object }> {
  const delays = Object.fromEntries(fates.map(({ delayMs }, i) => [quic(i), delayMs]))
  const scene = new DialScene({ delays, settings: { maxDialsPerPeer: 100 } })
  const starts = new Map<number, number>()
  const original = scene.components.dialAddress

  scene.components.dialAddress = (peer, address, options) => {
    const i = fates.findIndex((_, n) => quic(n) === address.toString())
    const fate = fates[i]
    const result = original(peer, address, options)
    const dial = scene.at(address.toString())

    starts.set(i, scene.elapsedMs)
    scene.clock.at(scene.clock.now() + (fate?.takesMs ?? 0), () => { fate?.succeeds === true ? dial.succeed() : dial.fail() })

    return result
  }

  const caller = scene.dial(fates.map((_, i) => quic(i))).catch(() => {})

  await scene.clock.advance(10_000)
  await caller

  return { fates, starts, leftovers: await scene.leftovers() }
}

/** One line for each breach of the rules of pacing; none if all is well. */
export function breachesOf ({ fates, starts }: Run): string[] {
  const endOf = (i: number): number => (starts.get(i) ?? Infinity) + (fates[i]?.takesMs ?? 0)
  const connectedAt = Math.min(...fates.map(({ succeeds }, i) => succeeds ? endOf(i) : Infinity))
  const breaches: string[] = []

  fates.forEach(({ delayMs }, i) => {
    const start = starts.get(i)
    const earlier = [...fates.keys()].filter((n) => (fates[n]?.delayMs ?? 0) < delayMs)
    // at its delay, or when all that went before it have failed
    const turn = Math.min(delayMs, Math.max(...earlier.map(endOf), 0))

    if (start == null && turn < connectedAt) {
      breaches.push(`${i} was not dialled, and its turn came at ${turn}`)
    }

    if (start != null && start !== turn) {
      breaches.push(`${i} was dialled at ${start}, and its turn came at ${turn}`)
    }

    if (start != null && start > connectedAt) {
      breaches.push(`${i} was dialled at ${start}, after the success at ${connectedAt}`)
    }
  })

  return breaches
}
