import { toError } from '../../base/index.ts'
import { toSequenceReason } from './sequence-error.ts'
import type { Sender } from '../../channel/index.ts'

export interface FeedOptions {
  /** What goes on in the place of an element; what it throws ends the sequence. */
  toItem? (item: unknown): unknown
  /** The reader wants no more, or is gone. */
  onGone (reason: Error): void
}

/**
 * Sends what an iterable gives, each element when there is room for it. When the reader stops, so does the
 * iterable, and runs its `finally`. Resolves when that has ended; never rejects.
 */
export async function feedSequence (items: AsyncIterable<unknown>, sender: Sender<unknown>, { toItem, onGone }: FeedOptions): Promise<void> {
  let iterator: AsyncIterator<unknown> | undefined

  void sender.closed.then((end) => {
    if (end.how === 'cancelled' || end.how === 'lost') {
      onGone('error' in end ? end.error : new Error(end.reason.message))
      // a generator in the middle of waiting ends when that does: its signal can end the wait
      void stop(iterator)
    }
  })

  try {
    iterator = items[Symbol.asyncIterator]()

    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      await sender.send(toItem == null ? next.value : await toItem(next.value))
    }

    await sender.close()
  } catch (thrown) {
    sender.abort(toSequenceReason(toError(thrown)))
    await stop(iterator)
  }
}

async function stop (iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.()
  } catch {
    // nobody is there to be told how badly it ended
  }
}
