import { ChannelReceiver, takeReceivePort } from './channel-receiver.ts'
import { ChannelSender, takeSendPort } from './channel-sender.ts'
import { assertSchema } from './schema-check.ts'
import type { Receiver, Sender } from '../contract/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/**
 * The same end of a channel, whose messages have to pass a schema from now on. The end that was given has moved:
 * go on with the one returned.
 *
 * @throws CodedError ChannelMoved
 * @throws TypeError for what is no end of a channel of this package, or no Standard Schema
 */
export function withSchema<S extends StandardSchemaV1> (end: Receiver<unknown>, schema: S): Receiver<StandardSchemaV1.InferOutput<S>>
export function withSchema<S extends StandardSchemaV1> (end: Sender<StandardSchemaV1.InferOutput<S>>, schema: S): Sender<StandardSchemaV1.InferInput<S>>
export function withSchema (end: unknown, schema: StandardSchemaV1): Receiver<unknown> | Sender<unknown> {
  assertSchema(schema)

  const receivePort = takeReceivePort(end)

  if (receivePort != null) {
    return new ChannelReceiver(receivePort, { schema })
  }

  const sendPort = takeSendPort(end)

  if (sendPort != null) {
    return new ChannelSender(sendPort, { schema })
  }

  throw new TypeError(`withSchema takes a sender or a receiver of a channel, received ${String(end)}`)
}
