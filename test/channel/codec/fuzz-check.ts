import { expect } from 'vitest'
import { isCoded } from '../../../src/base/index.ts'
import { context, End } from './codec-scene.ts'
import type { Codec, MessageLimits, MessageScanner } from '../../../src/channel/contract/index.ts'

export const SMALL_LIMITS: MessageLimits = { maxMessageBytes: 256, maxDepth: 6, maxReferences: 4 }
export const NO_LIMITS: MessageLimits = { maxMessageBytes: Infinity, maxDepth: Infinity, maxReferences: Infinity }

const REFUSALS = ['InvalidMessage', 'MessageTooLarge', 'MessageTooDeep', 'TooManyReferences']
const KEYS_OF_OBJECT = Reflect.ownKeys(Object.prototype).length

type Outcome = { readonly value: unknown } | { readonly error: unknown }

function outcomeOf (call: () => unknown): Outcome {
  try {
    return { value: call() }
  } catch (error) {
    return { error }
  }
}

/** Fails unless decoding and scanning these bytes end in a value that fits them, or in a refusal with a code. */
export function checkHostile (codec: Codec, bytes: Uint8Array, limits: MessageLimits): void {
  const copy = bytes.slice()
  const decoded = outcomeOf(() => codec.decode(bytes, context(limits)))

  if ('error' in decoded) {
    checkRefusal(decoded.error)
  } else {
    checkValue(codec, bytes, decoded.value)
  }

  checkScanner(codec, bytes, limits, 'value' in decoded)
  expect(Buffer.compare(bytes, copy)).toBe(0)
  expect(Reflect.ownKeys(Object.prototype)).toHaveLength(KEYS_OF_OBJECT)
}

function checkRefusal (error: unknown): void {
  if (!isCoded(error) || !REFUSALS.includes(error.code)) {
    throw new Error('something else than a refusal was thrown', { cause: error })
  }

  // what a peer has sent does not flood the log
  expect(error.message.length).toBeLessThan(600)
}

function checkValue (codec: Codec, bytes: Uint8Array, value: unknown): void {
  const { nodes, size } = measure(value)

  expect(nodes).toBeLessThanOrEqual(bytes.length)
  expect(size).toBeLessThanOrEqual(bytes.length)
  expect(codec.decode(codec.encode(value, context(NO_LIMITS)), context(NO_LIMITS))).toEqual(value)
}

/** How many values there are, and how many characters and bytes they have: what the memory of a message depends on. */
function measure (value: unknown): { nodes: number, size: number } {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    return { nodes: 1, size: value.length }
  }

  if (typeof value !== 'object' || value === null || value instanceof End || value instanceof Date) {
    return { nodes: 1, size: 0 }
  }

  expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(value))

  return Object.entries(value).map(([key, inner]) => ({ key: Array.isArray(value) ? '' : key, ...measure(inner) })).reduce(
    (sum, { key, nodes, size }) => ({ nodes: sum.nodes + nodes, size: sum.size + size + key.length }),
    { nodes: 1, size: 0 }
  )
}

/** Scanning agrees with itself however the bytes are cut, and finds the end of what can be decoded. */
function checkScanner (codec: Codec, bytes: Uint8Array, limits: MessageLimits, isValid: boolean): void {
  if (codec.createScanner == null) {
    return
  }

  const whole = scanIn(codec.createScanner(limits), bytes, Math.max(1, bytes.length))

  for (const size of [1, 3]) {
    expect(scanIn(codec.createScanner(limits), bytes, size)).toBe(whole)
  }

  if (isValid) {
    expect(whole).toBe(bytes.length)
  }
}

/** Where the first message ends, -1 if it does not, or the code of the refusal. */
function scanIn (scanner: MessageScanner, bytes: Uint8Array, size: number): number | string {
  for (let begin = 0; begin < bytes.length; begin += size) {
    const chunk = bytes.subarray(begin, begin + size)
    const outcome = outcomeOf(() => scanner.scan(chunk, 0))

    if ('error' in outcome) {
      checkRefusal(outcome.error)

      return isCoded(outcome.error) ? outcome.error.code : ''
    }

    if (outcome.value !== -1) {
      return begin + Number(outcome.value)
    }
  }

  return -1
}
