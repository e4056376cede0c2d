import { getEventListeners } from 'node:events'
import { ChannelReceiver } from '../../../src/channel/pipe/channel-receiver.ts'
import { ChannelSender } from '../../../src/channel/pipe/channel-sender.ts'
import { MemoryChannel } from '../../../src/channel/pipe/memory-channel.ts'
import { settle } from '../../support/fake-clock.ts'
import type { Receiver } from '../../../src/channel/contract/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

export interface Scene<T> {
  channel: MemoryChannel<T>
  receiver: ChannelReceiver<T>
  sender: ChannelSender<T>
}

/** A channel in memory, its two ends, and what is inside. */
export function scene<T = number> (capacity = 0): Scene<T> {
  const channel = new MemoryChannel<T>(capacity)

  return { channel, receiver: new ChannelReceiver(channel.receivePort), sender: new ChannelSender(channel.sendPort) }
}

/** What became of a promise by now. */
export async function stateOf (promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending'

  promise.then(() => { state = 'resolved' }, () => { state = 'rejected' })
  await settle()

  return state
}

/** All messages up to the end. */
export async function drain<T> (receiver: Receiver<T>): Promise<T[]> {
  const messages: T[] = []

  for await (const message of receiver) {
    messages.push(message)
  }

  return messages
}

export function listenersOf (signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}

export function message<T> (value: T): IteratorYieldResult<T> {
  return { done: false, value }
}

export const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** A schema of the test's own: `check` throws what is wrong. */
export function schemaOf<T> (check: (value: unknown) => T | Promise<T>): StandardSchemaV1<unknown, T> {
  const toFailure = (thrown: unknown): StandardSchemaV1.FailureResult => ({ issues: [{ message: String(thrown), path: ['value'] }] })

  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        try {
          const checked = check(value)

          return checked instanceof Promise ? checked.then((made) => ({ value: made }), toFailure) : { value: checked }
        } catch (thrown) {
          return toFailure(thrown)
        }
      }
    }
  }
}
