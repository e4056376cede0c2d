import { isMap, isScalar, isSeq } from 'yaml'
import { nearest } from '../../base/index.ts'
import type { Place } from './place.ts'

/** Reads what stands at a place, or notes there what is wrong and gives undefined. */
export type Check<T> = (place: Place) => T | undefined

/** What the keys of a map hold. */
export type Fields = Readonly<Record<string, Check<unknown>>>

/** Keys that are missing or wrong are undefined. */
export type FieldValues<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Check<infer T> ? T | undefined : never }

/** Text that a person wrote as such: not a number, a truth value or nothing. */
export function text (wanted: string): Check<string> {
  return (place) => {
    const value = scalarOf(place)

    return typeof value === 'string' && value !== '' ? value : place.unwanted(wanted)
  }
}

/** One of some words. */
export function word<T extends string> (words: readonly T[]): Check<T> {
  return (place) => {
    const value = scalarOf(place)
    const found = words.find((candidate) => candidate === value)

    if (found != null) {
      return found
    }

    const meant = typeof value === 'string' ? nearest(value, words) : undefined

    return place.unwanted(`${words.join(' or ')}${meant == null ? '' : ` (did you mean ${meant}?)`}`)
  }
}

/** A list; entries that are wrong are left out. */
export function listOf<T> (check: Check<T>, wanted: string): Check<T[]> {
  return (place) => {
    if (!isSeq(place.node)) {
      return place.unwanted(wanted)
    }

    return place.node.items
      .map((item, index) => check(place.item(index, item)))
      .filter((value): value is T & {} => value !== undefined)
  }
}

/** One, or a list of them. */
export function oneOrMore<T> (check: Check<T>, wanted: string, { min = 1 }: { min?: number } = {}): Check<T[]> {
  const list = listOf(check, wanted)

  return (place) => {
    if (isSeq(place.node)) {
      return place.node.items.length < min ? place.unwanted(wanted) : list(place)
    }

    const value = isScalar(place.node) ? check(place) : place.unwanted(wanted)

    return value === undefined ? undefined : [value]
  }
}

/** A map from names that the person chose; `checkName` says what is wrong with one. Empty if nothing is there. */
export function mapOf<T> (check: (place: Place, name: string) => T | undefined, { wanted, checkName }: { wanted: string, checkName (name: string): string | undefined }): Check<Map<string, T>> {
  return (place) => {
    const values = new Map<string, T>()

    for (const { name, key, value } of entriesOf(place, wanted)) {
      const trouble = checkName(name)

      if (trouble != null) {
        key.problem(trouble)
      }

      const read = check(value, name)

      if (read !== undefined) {
        values.set(name, read)
      }
    }

    return values
  }
}

/** A map with keys of ours. They are read in the order of `fields`, whatever that of the file is. */
export function record<F extends Fields> (fields: F, wanted: string): Check<FieldValues<F>> {
  return (place) => {
    const known = Object.keys(fields)
    const places = new Map<string, Place>()
    const values: Record<string, unknown> = {}

    for (const { name, key, value } of entriesOf(place, wanted)) {
      if (!known.includes(name)) {
        key.problem(unknownKey(name, known))
      } else {
        places.set(name, value)
      }
    }

    for (const [name, check] of Object.entries(fields)) {
      const found = places.get(name)

      // a key without a value is as no key: people comment out what stood beneath
      values[name] = found == null || found.isEmpty ? undefined : check(found)
    }

    return values as FieldValues<F>
  }
}

/** Notes that a key is missing, unless it was there and wrong. */
export function required (place: Place, key: string, wanted: string): void {
  const found = isMap(place.node) ? place.node.items.find((pair) => keyOf(pair.key) === key) : undefined

  if (found == null) {
    place.problem(`wanted ${key}: ${wanted}, and there is none`)
  } else {
    const value = place.child(key, found.value, found.key)

    if (value.isEmpty) {
      value.unwanted(wanted)
    }
  }
}

interface Entry {
  readonly name: string
  readonly key: Place
  readonly value: Place
}

/** The entries of a map, each key once. */
function entriesOf (place: Place, wanted: string): Entry[] {
  const entries = new Map<string, Entry>()

  if (place.isEmpty) {
    return []
  }

  if (!isMap(place.node)) {
    place.unwanted(wanted)
    return []
  }

  for (const { key, value } of place.node.items) {
    const name = keyOf(key)

    if (name == null) {
      place.problem('wanted each key to be a word')
    } else if (entries.has(name)) {
      place.key(name, key).problem(`${name} is there twice`)
    } else {
      entries.set(name, { name, key: place.key(name, key), value: place.child(name, value, key) })
    }
  }

  return Array.from(entries.values())
}

function unknownKey (name: string, known: readonly string[]): string {
  const meant = nearest(name, known)

  return `there is no key ${JSON.stringify(name)} here; ${meant == null ? `there are ${known.join(', ')}` : `did you mean ${meant}?`}`
}

function keyOf (key: unknown): string | undefined {
  return isScalar(key) && key.value != null ? String(key.value) : undefined
}

function scalarOf ({ node }: Place): unknown {
  return isScalar(node) ? node.value : undefined
}
