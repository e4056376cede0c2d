import { toError } from '../../base/index.ts'
import { ChannelError, REASON_CODE } from '../contract/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

type Issues = readonly StandardSchemaV1.Issue[]

/** Issues that the text of an error has; `issues` has all. */
const MAX_ISSUES_SHOWN = 5

/** A message that does not fit the schema of its channel. */
export class MessageRejectedError extends ChannelError {
  /** As the schema lists them. */
  readonly issues: Issues

  constructor (issues: Issues, options: ErrorOptions = {}) {
    const message = `the message does not fit the schema of the channel: ${describe(issues)}`

    super('MessageRejected', message, { ...options, reason: { code: REASON_CODE.messageRejected, message } })
    this.issues = issues
  }
}

/** What a schema made of a message. */
export type Verdict<T> =
  | { readonly value: T, readonly error?: undefined }
  | { readonly error: MessageRejectedError }

/** Never throws or rejects: a schema that does has rejected the message. Only if the schema has to wait, a promise. */
export function checkMessage<T> (schema: StandardSchemaV1<unknown, T>, message: unknown): Verdict<T> | Promise<Verdict<T>> {
  try {
    const result = schema['~standard'].validate(message)

    return 'then' in result ? Promise.resolve(result).then(toVerdict<T>).catch(toRejection) : toVerdict(result)
  } catch (thrown) {
    return toRejection(thrown)
  }
}

/** @throws TypeError for what is no Standard Schema */
export function assertSchema (schema: StandardSchemaV1): void {
  const standard: unknown = (schema as Partial<StandardSchemaV1> | null | undefined)?.['~standard']

  if (standard == null || typeof (standard as { validate?: unknown }).validate !== 'function') {
    throw new TypeError(`schema must be a Standard Schema, as zod, valibot and arktype make them, received ${String(schema)}`)
  }
}

function toVerdict<T> (result: StandardSchemaV1.Result<T>): Verdict<T> {
  return result.issues == null ? { value: result.value } : { error: new MessageRejectedError(result.issues) }
}

function toRejection (thrown: unknown): { error: MessageRejectedError } {
  return { error: new MessageRejectedError([{ message: toError(thrown).message }], { cause: thrown }) }
}

function describe (issues: Issues): string {
  const shown = issues.slice(0, MAX_ISSUES_SHOWN).map(({ path = [], message }) => {
    const place = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.')

    return place === '' ? message : `${place}: ${message}`
  })
  const more = issues.length - shown.length

  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}
