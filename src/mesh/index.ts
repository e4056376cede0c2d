/**
 * Where the columns meet: channels and services with the peers of a swarm.
 *
 * ```
 * createMesh -> root (what a peer sees) -> exports (who may use what) -> grant (what it holds, until that ends)
 *     |
 * createChannels -> connection-sessions -> swarm-link -> a stream of a connection
 * ```
 *
 * - `mesh`: one session for each connection; each side speaks to the other's root
 * - `caller-codecs`: messages of a peer are marked with it where they are decoded
 * - `peer-names`: names for peers, of this node's own
 * - `channels`: one session for each connection, of any protocol
 * - `connection-sessions`: each is a multiplexer over one stream; which one counts when both sides begin
 * - `swarm-link`, `link-reader`, `link-writer`: that stream, its waiting reads and writes made calls
 */
export { createChannels, LIBCHAN_PROTOCOL } from './channels.ts'
export { createMesh, MESH_DEFAULTS, SERVICES_PROTOCOL } from './mesh.ts'
export type { ChannelsInit, SwarmChannels } from './channels.ts'
export type { Exported, ExportOptions, Refusal } from './exports.ts'
export type { Mesh, MeshInit, MeshStat } from './mesh.ts'
