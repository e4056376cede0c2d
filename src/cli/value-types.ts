/** What the value of an option must look like, and what becomes of it. */
export interface ValueType<T> {
  /** Completes "--option wants ...". */
  readonly wanted: string
  /** All that it may be, if that can be listed: for completion. */
  readonly words?: readonly string[]
  /** Undefined for text that is not of this type. */
  parse(text: string): T | undefined
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The longest duration that makes sense on a command line: a year of 366 days. */
const MAX_DURATION_MS = 366 * 24 * 3_600_000

/** A file, there or not. */
export const file: ValueType<string> = {
  wanted: 'a file',
  parse: (word) => word === '' ? undefined : word
}

export const text: ValueType<string> = {
  wanted: 'a value',
  parse: (word) => word === '' ? undefined : word
}

/** Milliseconds, from a number with a unit or a number of `unit`s. */
export function duration (unit: 'ms' | 's'): ValueType<number> {
  return {
    wanted: unit === 'ms' ? 'milliseconds or a duration, as 1500, 10s or 2m' : 'seconds or a duration, as 0.5, 200ms or 2m',
    parse (word) {
      const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(word)
      const ms = Number(match?.[1] ?? NaN) * (UNIT_MS[match?.[2] ?? unit] ?? NaN)

      return ms > 0 && ms <= MAX_DURATION_MS ? ms : undefined
    }
  }
}

export function wholeNumber (min: number, max: number): ValueType<number> {
  return {
    wanted: `a whole number from ${min} to ${max}`,
    parse (word) {
      const number = /^\d{1,15}$/.test(word) ? Number(word) : NaN

      return number >= min && number <= max ? number : undefined
    }
  }
}

/** One of some words, in any case. */
export function oneOf<T extends string> (...words: readonly T[]): ValueType<T> {
  return {
    wanted: words.join(' or '),
    words,
    parse: (word) => words.find((candidate) => candidate.toLowerCase() === word.toLowerCase())
  }
}

export const protocolName: ValueType<string> = {
  wanted: 'the name of a protocol, as /echo/1.0.0',
  parse: (word) => /^\/\S+$/.test(word) ? word : undefined
}
