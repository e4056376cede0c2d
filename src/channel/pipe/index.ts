/**
 * Channels within one process, and what all channels have in common, whatever is behind them.
 *
 * An end that users hold (`ChannelSender`, `ChannelReceiver`) is a thin face over a port. A port deals in
 * tickets, one for each call that has to wait; `select` hands in several of which one is claimed.
 *
 * - `memory-channel`: the port of a channel in memory; `pipe` makes the two ends of one
 * - `channel-sender`, `channel-receiver`, `calls`: the ends, and the calls that wait
 * - `ticket-desk`, `shared-send-port`: ends that move, ends that are shared
 * - `checked-send-port`, `checked-receive-port`: messages that have to pass a schema
 * - `copy`, `select`, `with-schema`: what is done with ends
 */
export { ChannelReceiver, isReceiver, takeReceivePort } from './channel-receiver.ts'
export { ChannelSender, isSender, takeSendPort } from './channel-sender.ts'
export { copy } from './copy.ts'
export { MemoryChannel } from './memory-channel.ts'
export { pipe } from './pipe.ts'
export { MessageRejectedError } from './schema-check.ts'
export { select } from './select.ts'
export { refuse, TicketQueue } from './ticket-queue.ts'
export { withSchema } from './with-schema.ts'
export type { SelectBranch, SelectBranches, SelectOptions, SelectResult } from './select-types.ts'
