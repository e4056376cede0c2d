/**
 * Where the columns meet: channels with the peers of a swarm.
 *
 * - `channels`: one session for each connection
 * - `swarm-provider`: the streams of a connection, as a session needs them
 * - `swarm-link`, `link-reader`, `link-writer`: one such stream, its waiting reads and writes made calls
 */
export { createChannels } from './channels.ts'
export { LIBCHAN_PROTOCOL } from './swarm-provider.ts'
export type { ChannelsInit, SwarmChannels } from './channels.ts'
