import { after, systemClock } from '../base/index.ts'
import { REASON_CODE } from '../channel/index.ts'
import { toErrorArgs } from './service-error.ts'
import { VERBS } from './verb.ts'
import type { Message } from './message.ts'
import type { Clock } from '../base/index.ts'
import type { Sender } from '../channel/index.ts'

/** How long a last message waits for a caller who does not read; then its channel is aborted. */
export const LAST_WORD_MS = 30_000

/**
 * Says a last thing on a channel of answers, and closes it. Resolves when that has been taken, when the caller has
 * gone, or after `LAST_WORD_MS`; never rejects.
 */
export async function lastWord (ret: Sender<Message>, message: Message, clock: Clock = systemClock): Promise<void> {
  try {
    if (ret.trySend(message)) {
      await ret.close()

      return
    }

    await sayInTime(ret, message, clock)
  } catch {
    ret.abort({ code: REASON_CODE.failed, message: message.args[1] ?? '' }) // it has gone, or the message cannot be sent
  }
}

/** Answers what is not handled otherwise. `ret` may be anything that has arrived as such. */
export function tellError (ret: unknown, thrown: unknown, clock?: Clock): void {
  if (isSender(ret)) {
    void lastWord(ret, { verb: VERBS.error, args: toErrorArgs(thrown) }, clock)
  }
}

async function sayInTime (ret: Sender<Message>, message: Message, clock: Clock): Promise<void> {
  const timer = after(clock, LAST_WORD_MS, () => {
    ret.abort({ code: REASON_CODE.cancelled, message: `the answer was not taken within ${LAST_WORD_MS} ms` })
  }, { background: true })

  try {
    await ret.send(message)
    await ret.close()
  } finally {
    timer[Symbol.dispose]()
  }
}

function isSender (value: unknown): value is Sender<Message> {
  return value != null && typeof (value as Partial<Sender<Message>>).trySend === 'function'
}
