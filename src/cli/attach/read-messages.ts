import { raceSignal, toError } from '../../base/index.ts'
import { fromErrorArgs, VERBS } from '../../service/index.ts'
import type { Receiver } from '../../channel/index.ts'
import type { Message } from '../../service/index.ts'

/**
 * What an object says, up to its end. It is cancelled when nobody reads on.
 *
 * @throws the error that it ended with; the signal's reason
 */
export async function * readMessages (output: Receiver<Message>, signal: AbortSignal): AsyncGenerator<Message, void> {
  let failure: Error | undefined

  try {
    for (;;) {
      const { done, value } = await raceSignal(output.receive(), signal)

      if (done === true) {
        break
      }

      // it ends nothing by itself: only as the last word it is why it ended
      failure = value.verb === VERBS.error ? fromErrorArgs(value.args) : undefined

      if (failure == null) {
        yield value
      }
    }
  } catch (thrown) {
    output.cancel(toError(thrown))
    throw thrown
  } finally {
    output.cancel()
  }

  if (failure != null) {
    throw failure
  }
}
