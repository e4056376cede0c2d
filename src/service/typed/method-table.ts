import { isName, SEPARATOR } from './method-names.ts'
import { Method } from './method.ts'
import { describeSchema } from './schema.ts'
import type { MethodHandler, Methods } from './method.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A method as the service finds it by its name. */
export interface MethodEntry {
  /** With the groups that it is in: `users.get`. */
  readonly name: string
  readonly input: StandardSchemaV1 | undefined
  readonly output: StandardSchemaV1 | undefined
  readonly description: string | undefined
  readonly handler: MethodHandler
  /** What the handler finds as `this`: the group it was written in. */
  readonly group: Methods
}

/** Names are looked up here only: what objects inherit is no method. */
export type MethodTable = ReadonlyMap<string, MethodEntry>

/** Groups within each other. */
const MAX_DEPTH = 8

/** @throws TypeError for a name that could not be called, and what is neither a function, a `method` nor a group of those */
export function toMethodTable (methods: Methods): MethodTable {
  const table = new Map<string, MethodEntry>()

  addGroup(table, methods, [])

  if (table.size === 0) {
    throw new TypeError('a service must have methods of its own, those of its prototype do not count: received an object without')
  }

  return table
}

/** What `get` tells of a method. */
export interface MethodDescription {
  readonly name: string
  readonly description?: string
  /** JSON Schema, or the `vendor` of a schema that cannot be written so; absent where nothing is checked. */
  readonly input?: unknown
  readonly output?: unknown
}

export function describeMethod ({ name, description, input, output }: MethodEntry): MethodDescription {
  return {
    name,
    ...(description == null ? {} : { description }),
    ...(input == null ? {} : { input: describeSchema(input, 'input') }),
    ...(output == null ? {} : { output: describeSchema(output, 'output') })
  }
}

function addGroup (table: Map<string, MethodEntry>, group: Methods, path: readonly string[]): void {
  if (typeof group !== 'object' || group == null || path.length > MAX_DEPTH) {
    throw new TypeError(`${nameOf(path)} must be a function, a method(...), or an object of those at most ${MAX_DEPTH} deep, received ${String(group)}`)
  }

  for (const [key, value] of Object.entries(group)) {
    const here = [...path, key]

    if (!isName(key)) {
      throw new TypeError(`a method must have a name of letters, digits, - and _ that objects have no other use for, received ${JSON.stringify(nameOf(here))}`)
    }

    if (value instanceof Method) {
      table.set(nameOf(here), { name: nameOf(here), input: value.input, output: value.output, description: value.description, handler: value.handler, group })
    } else if (typeof value === 'function') {
      table.set(nameOf(here), { name: nameOf(here), input: undefined, output: undefined, description: undefined, handler: value, group })
    } else {
      addGroup(table, value, here)
    }
  }
}

function nameOf (path: readonly string[]): string {
  return path.length === 0 ? 'a service' : path.join(SEPARATOR)
}
