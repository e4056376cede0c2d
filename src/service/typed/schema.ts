import { toError } from '../../base/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** What a schema made of a value, or what it has against it. */
export type Checked =
  | { readonly value: unknown, readonly problem?: undefined }
  | { readonly problem: Problem }

export interface Problem {
  /** One line: where, and what is wrong there. */
  readonly text: string
  readonly issues: ReadonlyArray<{ readonly path: string, readonly message: string }>
}

/** Issues that are told; there may be one for each element of a list. */
const MAX_ISSUES = 8

/** Never throws or rejects: a schema that does has refused the value. Only if the schema has to wait, a promise. */
export function check (schema: StandardSchemaV1, value: unknown): Checked | Promise<Checked> {
  try {
    const result = schema['~standard'].validate(value)

    return 'then' in result ? Promise.resolve(result).then(toChecked).catch(toRefusal) : toChecked(result)
  } catch (thrown) {
    return toRefusal(thrown)
  }
}

/** @throws TypeError for what is no Standard Schema */
export function assertSchema (schema: StandardSchemaV1, place: string): void {
  const standard: unknown = (schema as Partial<StandardSchemaV1> | null | undefined)?.['~standard']

  if (standard == null || typeof (standard as { validate?: unknown }).validate !== 'function') {
    throw new TypeError(`${place} must be a Standard Schema, as zod, valibot and arktype make them, received ${String(schema)}`)
  }
}

/** A schema as JSON Schema, if whoever made it can say so, else who that was. */
export function describeSchema (schema: StandardSchemaV1, side: 'input' | 'output'): unknown {
  const standard = schema['~standard'] as StandardSchemaV1['~standard'] & { jsonSchema?: Record<'input' | 'output', ((options: { target: string }) => unknown) | undefined> }

  try {
    return standard.jsonSchema?.[side]?.({ target: 'draft-2020-12' }) ?? { vendor: standard.vendor }
  } catch {
    return { vendor: standard.vendor } // not everything that can be checked can be said in JSON Schema
  }
}

function toChecked (result: StandardSchemaV1.Result<unknown>): Checked {
  return result.issues == null ? { value: result.value } : { problem: toProblem(result.issues) }
}

function toRefusal (thrown: unknown): Checked {
  return { problem: toProblem([{ message: toError(thrown).message }]) }
}

function toProblem (all: readonly StandardSchemaV1.Issue[]): Problem {
  const issues = all.slice(0, MAX_ISSUES).map(({ path = [], message }) => ({
    path: path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.'),
    message
  }))
  const more = all.length - issues.length
  const lines = issues.map(({ path, message }) => path === '' ? message : `${path}: ${message}`)

  return { text: `${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`, issues }
}
