import { toError } from '../../base/index.ts'
import { fromErrorArgs, VERBS } from '../../service/index.ts'
import type { Exchange } from './exchange.ts'
import type { Answer } from './remote.ts'

/**
 * The JSON of each `set` that follows an answer. An error among them is logged and ends nothing, as of one engine of
 * several; one that comes last is why it ended.
 *
 * @throws ServiceError as that error says; as `Answer.following`
 */
export async function * following (exchange: Exchange, answer: Answer): AsyncGenerator<string, void> {
  let failure: Error | undefined

  for await (const { verb, args } of answer.following(exchange.signal)) {
    if (verb === VERBS.set) {
      failure = undefined
      yield args[0] ?? 'null'
    } else if (verb === VERBS.error) {
      failure = fromErrorArgs(args)
      exchange.log(`${exchange.method} ${exchange.path}: ${failure.message}`, 'warn')
    }
  }

  if (failure != null) {
    throw failure
  }
}

/** Answers with one line of JSON for each `set`, as they come. @throws as `following` */
export async function answerLines (exchange: Exchange, answer: Answer, lineEnd = '\n'): Promise<void> {
  exchange.begin(200, { 'Content-Type': 'application/json' })

  for await (const json of following(exchange, answer)) {
    await exchange.add(json.trimEnd() + lineEnd)
  }

  exchange.response.end()
}

/** As engines tell of errors in an answer that has begun. */
export function errorLine (thrown: unknown): string {
  const { message } = toError(thrown)

  return `${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`
}
