import fc from 'fast-check'
import { describe, it } from 'vitest'
import { CODECS } from '../../../src/channel/codec/index.ts'
import { readTopFile } from '../../support/source-tree.ts'
import { fromVector } from './codec-scene.ts'
import { checkHostile, NO_LIMITS, SMALL_LIMITS } from './fuzz-check.ts'
import { hostileBytes } from './fuzz-input.ts'

/** Of all codecs together; `SWARMD_FUZZ_SECONDS=300 npx vitest run test/channel/codec/fuzz.spec.ts` is a long run. */
const SECONDS = Number(process.env['SWARMD_FUZZ_SECONDS'] ?? 2)

const RUNS_OF_A_SEED = 300
const TIMEOUT_MS = 60_000

/** Seeds and inputs that once found something, or are the worst that one can think of. */
const { seeds, inputs } = JSON.parse(readTopFile('test/vectors/channel/fuzz-seeds.json')) as {
  readonly seeds: readonly number[]
  readonly inputs: Readonly<Record<string, readonly string[]>>
}

/** `3*[` stands for three brackets. */
function unfold (input: string): string {
  return input.replace(/(\d+)\*(\S+) ?/g, (_, count: string, part: string) => part.repeat(Number(count)))
}

describe.each([...CODECS.values()])('whatever is decoded as $name', (codec) => {
  const hostile = fc.property(hostileBytes(codec), (bytes) => {
    checkHostile(codec, bytes, SMALL_LIMITS)
  })

  it('ends in a value or a refusal', () => {
    fc.assert(hostile, {
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: SECONDS * 1000 / CODECS.size,
      markInterruptAsFailure: false
    })
  }, TIMEOUT_MS + SECONDS * 1000)

  it.each(seeds)('does so from the seed %i', (seed) => {
    fc.assert(hostile, { seed, numRuns: RUNS_OF_A_SEED })
  }, TIMEOUT_MS)

  it.each(inputs[codec.name] ?? [])('does so for %s', (input) => {
    const bytes = fromVector(codec.name, unfold(input))

    checkHostile(codec, bytes, SMALL_LIMITS)
    checkHostile(codec, bytes, NO_LIMITS)
  })
})
