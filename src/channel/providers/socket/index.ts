/*
 * Sessions over sockets, and over whatever else carries bytes both ways.
 *
 * - `node-link`: a socket, any Duplex, or a Readable and a Writable as a link; `web-link`: WHATWG streams
 * - `connect-socket`, `listen-sockets`, `socket-address`, `connect-failure`, `unix-path`: sockets, whatever speaks over them
 * - `socket-transports`: `tcp:`, `tls:` and `unix:`
 */
export { connectSocket } from './connect-socket.ts'
export { listenSockets } from './listen-sockets.ts'
export { NodeLink } from './node-link.ts'
export { tcpTransport, tlsTransport, unixTransport } from './socket-transports.ts'
export { WebLink } from './web-link.ts'
export type { ConnectSocketOptions } from './connect-socket.ts'
export type { ListenSocketsOptions, TakeSocket } from './listen-sockets.ts'
export type { WebStreamPair } from './web-link.ts'
