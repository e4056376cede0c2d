/*
 * What a system offers to the questions. A system is a folder or a file beside this one whose default
 * export is a `System`; a server end and a client end of it run in processes of their own. A client
 * offers the methods that its system has an honest counterpart for, and no others.
 */

/** Bytes of each write of a bulk transfer. */
export const BULK_WRITE_BYTES = 64 * 1024
/** Bytes of each one-way message, request and response. */
export const MESSAGE_BYTES = 100

/** Thrown by what a system has no honest counterpart for in this case only: four streams on a connection that is one. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered'
}

export interface System {
  /** As it stands in the tables. */
  readonly name: string
  /** What the name leaves open: security, multiplexer, settings. */
  readonly about: string
  /** Packages whose versions the report names. */
  readonly packages: readonly string[]
  /** Why it cannot run here, if it cannot. */
  missing? (): Promise<string | undefined>
  serve (): Promise<ServerEnd>
  connect (address: string): Promise<ClientEnd>
  /** One node with `peers` peers, all in this process and connected over memory. */
  crowd? (peers: number): Promise<Crowd>
}

export interface Crowd {
  /** Opens a stream to a peer for MESSAGE_BYTES, reads them back, closes both ways; the peers take turns, one at a time. */
  operations (amount: Amount): Promise<Done>
  close (): Promise<void>
}

export interface ServerEnd {
  /** Whatever `connect` needs: host and port, a multiaddr with a peer ID, keys, as text. */
  readonly address: string
  /** Processes that belong to this end but are not this process: a broker, a program in Go. */
  readonly pids?: readonly number[]
  close (): Promise<void>
}

/** How much work to do: until `seconds` have gone, or `count` times, whichever comes first. */
export interface Amount {
  seconds: number
  count?: number
}

/** What was done, and how long it took, from the first byte to the last confirmation of the server. */
export interface Done {
  /** Bytes, messages, round trips, streams or connections. */
  units: number
  seconds: number
  /** Of single operations, where the question asks for them. */
  latenciesMs?: number[]
  /** Of the transfer that ran beside. */
  bulkBytesPerSecond?: number
}

export interface ClientEnd {
  /** As those of a server. */
  readonly pids?: readonly number[]
  /** Writes of BULK_WRITE_BYTES on `streams` streams at once, heeding backpressure; done when the server has said that it has read all. */
  bulk? (amount: Amount, streams: number): Promise<Done>
  /** One-way messages of MESSAGE_BYTES, heeding backpressure; done when the server has said that it has got all. */
  messages? (amount: Amount): Promise<Done>
  /** MESSAGE_BYTES there and back, `outstanding` at a time on one connection; answers are told apart where they can overtake each other. */
  requests? (amount: Amount, outstanding: number): Promise<Done>
  /** Opens a stream of its own for MESSAGE_BYTES, reads them back, closes both ways; `parallel` at a time. */
  streams? (amount: Amount, parallel: number): Promise<Done>
  /** New connections with full handshakes of both ends, one MESSAGE_BYTES echo each, then closed; `parallel` at a time. */
  connections? (amount: Amount, parallel: number): Promise<Done>
  /** As `connections`, resuming a session with what an earlier connection left. */
  resumptions? (amount: Amount, parallel: number): Promise<Done>
  /** Requests one at a time while a bulk transfer runs on another stream of the same connection; `latenciesMs` has each. */
  requestsDuringBulk? (amount: Amount): Promise<Done>
  /** Makes what `count` idle connections need and what is none of theirs: identities, nodes. The baseline is taken after it. */
  prepareIdle? (count: number): Promise<void>
  /** Opens `count` connections and keeps them, each with its handshake and multiplexer up, until `close`. */
  idleConnections? (count: number): Promise<void>
  /** Opens `count` streams on one connection and keeps them until `close`; each has carried a message. */
  idleStreams? (count: number): Promise<void>
  /** `callers` ask at once for a connection to a peer that has none yet, then each echoes; how long until all are served. */
  fanIn? (callers: number): Promise<Done>
  close (): Promise<void>
}
