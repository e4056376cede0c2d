import fc from 'fast-check'
import { REFERENCE } from '../../../src/channel/contract/index.ts'
import { End } from './codec-scene.ts'

/** Numbers around which forms change. */
const EDGES = [4, 5, 7, 8, 15, 16, 31, 32, 52, 53].flatMap((power) => [2 ** power - 1, 2 ** power, 2 ** power + 1]).flatMap((edge) => [edge, -edge])

const UNSAFE = 2n ** 53n

export const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc.constantFrom('\uFEFF', '$', '$ref', '"', '\\', '\0', '\u2028', 'toString', 'valueOf')
)

/** Without `constructor`, by which vitest takes the class of an object; a vector has it. */
export const key = text.filter((name) => name !== '__proto__' && name !== 'constructor')

export const number = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.integer({ min: -70_000, max: 70_000 }), fc.constantFrom(...EDGES))

const bigint = fc.oneof(fc.bigInt({ min: UNSAFE, max: 2n ** 64n - 1n }), fc.bigInt({ min: -(2n ** 63n), max: -UNSAFE }))

const plainLeaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  number.map((value) => value + 0), // which makes 0 of -0, as other implementations do
  text,
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes))
)

const end = fc.tuple(fc.constantFrom(...Object.values(REFERENCE)), fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 53 - 1 })))
  .map(([kind, ref]) => new End(kind, ref))

const leaf = fc.oneof(plainLeaf, fc.constant(-0), bigint, fc.date({ noInvalidDate: true }), end)

function tree (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6, withCrossShrink: true }, values, tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 20 }),
    map: fc.dictionary(key, tie('value'), { maxKeys: 20, noNullPrototype: true })
  })).value
}

/** Whatever comes back as it was. */
export const message = tree(leaf)

/** The same without references, times and bigints, for which other implementations have ways of their own. */
export const plainMessage = tree(plainLeaf)
