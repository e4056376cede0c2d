import { PIPE_DEFAULTS } from '../contract/index.ts'
import { ChannelReceiver } from './channel-receiver.ts'
import { ChannelSender } from './channel-sender.ts'
import { MemoryChannel } from './memory-channel.ts'
import type { PipeOptions, Receiver, Sender } from '../contract/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/**
 * A channel within this process. Messages are passed on as they are: the receiver gets the object that was sent.
 *
 * With a schema each message is checked as it is sent, and what the schema makes of it goes on.
 *
 * @example
 * ```ts
 * const [receiver, sender] = pipe<number>({ capacity: 16 })
 * ```
 *
 * @throws RangeError when `capacity` is no whole number from 0
 */
export function pipe<S extends StandardSchemaV1> (options: Omit<PipeOptions<never>, 'schema'> & { schema: S }):
[receiver: Receiver<StandardSchemaV1.InferOutput<S>>, sender: Sender<StandardSchemaV1.InferInput<S>>]
export function pipe<T = unknown> (options?: PipeOptions<T>): [receiver: Receiver<T>, sender: Sender<T>]
export function pipe<T> ({ capacity = PIPE_DEFAULTS.capacity, schema }: PipeOptions<T> = {}): [receiver: Receiver<T>, sender: Sender<T>] {
  const channel = new MemoryChannel<T>(capacity)

  return [new ChannelReceiver(channel.receivePort), new ChannelSender(channel.sendPort, { schema })]
}
