import { Permits, toError } from '../../base/index.ts'
import { ServiceError, verbName } from '../../service/index.ts'
import { discard } from './ask.ts'
import { isDown } from './down.ts'
import { AGGREGATE_DEFAULTS } from './options.ts'
import type { Answer } from './ask.ts'
import type { Engine, QuestionOptions } from './engine.ts'
import type { Call, Verb } from '../../service/index.ts'

/** What became of a question to one engine. */
export type Outcome<T> =
  | { readonly engine: Engine, readonly value: T, readonly error?: undefined }
  | { readonly engine: Engine, readonly error: Error }

/** Asks engines side by side, a bounded number at a time. One promise for each, in their order; none rejects. */
export function askEach (engines: readonly Engine[], call: Call, options: QuestionOptions = {}): Array<Promise<Outcome<Answer>>> {
  return forEach(engines, async (engine) => engine.ask(call, options))
}

/** As `askEach`, where the strings of the first answer are all that is wanted. */
export function askArgs (engines: readonly Engine[], call: Call, options: QuestionOptions = {}): Array<Promise<Outcome<readonly string[]>>> {
  return forEach(engines, async (engine) => {
    const answer = await engine.ask(call, options)

    discard(answer)

    return answer.message.args
  })
}

/** As `askEach`, for anything that one does with an engine. */
export function forEach<T> (engines: readonly Engine[], work: (engine: Engine) => Promise<T>): Array<Promise<Outcome<T>>> {
  const permits = new Permits(AGGREGATE_DEFAULTS.maxParallel)

  return engines.map(async (engine) => {
    const permit = await permits.acquire()

    try {
      return { engine, value: await work(engine) }
    } catch (thrown) {
      return { engine, error: toError(thrown) }
    } finally {
      permit[Symbol.dispose]()
    }
  })
}

export function succeeded<T> (outcomes: ReadonlyArray<Outcome<T>>): Array<{ readonly engine: Engine, readonly value: T }> {
  return outcomes.flatMap((outcome) => outcome.error == null ? [outcome] : [])
}

/**
 * The error for a question that no engine answered well: what those say that are there, if they say the same;
 * what they say beyond not knowing it; or that none can be asked. Names the engines that could not be asked.
 */
export function failure (verb: Verb, outcomes: ReadonlyArray<Outcome<unknown>>): Error {
  const failed = outcomes.flatMap(({ engine, error }) => error == null ? [] : [{ engine, error }])
  const down = failed.filter(({ error }) => isDown(error))
  const refused = failed.filter(({ error }) => !isDown(error))

  if (refused.length === 0) {
    return new ServiceError('Unavailable', `none of the engines can be asked to ${verbName(verb)}: ${describe(down)}`)
  }

  const telling = refused.filter(({ error }) => !isBland(error))
  const [{ error: first }, ...others] = (telling.length === 0 ? refused : telling) as [typeof refused[number], ...typeof refused]
  const isOne = others.every(({ error }) => error.message === first.message)
  const said = isOne ? first.message : describe(telling.length === 0 ? refused : telling)
  const missing = down.length === 0 ? '' : ` (not asked: ${describe(down)})`

  return copyOf(first, `${said}${missing}`)
}

/** Whether an engine says that it does not know of it, which says less than what others say. */
export function isBland (error: unknown): boolean {
  return error instanceof ServiceError && (error.code === 'NotFound' || error.code === 'NotImplemented')
}

function describe (failed: ReadonlyArray<{ engine: Engine, error: Error }>): string {
  return failed.map(({ engine, error }) => `${engine.name}: ${isDown(error) && !engine.isUp ? engine.whyDown.message : error.message}`).join('; ')
}

/** The same error, with the data that a protocol behind it may need, and another message. */
function copyOf (error: Error, message: string): Error {
  if (!(error instanceof ServiceError)) {
    return error
  }

  const { code, remoteCode, data } = error

  return new ServiceError(code, message, { remoteCode, data, cause: error })
}
