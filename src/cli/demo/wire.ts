import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** A peer and where it is. */
export interface Acquaintance {
  peer: string
  addresses: string[]
}

export interface Dialled {
  address: string
  encryption: string
  multiplexer: string
  durationMs: number
  /** Time spent until the backoff had ended. */
  waitedMs: number
}

/** How a pipeline ended. */
export interface PipelineEnd {
  /** What the last stage printed. */
  output: string
  code: number
  /** The code of each stage. */
  stages: number[]
}

/** What the demo asks its nodes to do. Each is done by the swarm of the node and by nobody else. */
export interface NodeApi {
  /** Dials an address, leaves ours there, and learns the addresses that its peer knows. */
  meet(params: { address: string }): Promise<Acquaintance[]>
  /** Dials a peer by its ID; if `patient`, only when its backoff is over. */
  dial(params: { peer: string, patient?: boolean }): Promise<Dialled>
  echo(params: { peer: string, text: string }): Promise<{ protocol: string, text: string }>
  ask(params: { peer: string, protocols: string[], request: unknown }): Promise<{ protocol: string, response: unknown }>
  /** Lets these peers, and nobody else, have a backend spawned there. */
  offer(params: { backend: string, peers: string[] }): Promise<void>
  /** Runs a pipeline whose stages say where they are to be. */
  run(params: { lines: string[] }): Promise<PipelineEnd>
  close(params: Record<string, never>): Promise<void>
}

export type Method = keyof NodeApi
export type Params<M extends Method> = Parameters<NodeApi[M]>[0]
export type Result<M extends Method> = Awaited<ReturnType<NodeApi[M]>>

/** An error that happened in a node, without its stack. */
export interface Failure {
  name: string
  message: string
  code?: string
  retryAt?: number
}

export interface Call {
  call: number
  method: Method
  params: unknown
}

export interface Answer {
  call: number
  result?: unknown
  error?: Failure
}

/** What a node tells unasked. */
export type Told =
  | { event: 'ready', peer: string, address: string }
  | { event: 'disconnected', peer: string, reason: string }

export type FromNode = Answer | Told

/** One JSON value a line; ends with the stream. */
export async function * readLines (source: Readable): AsyncGenerator<unknown> {
  for await (const line of createInterface({ input: source, crlfDelay: Infinity })) {
    yield JSON.parse(line)
  }
}

export function writeLine (sink: Writable, value: Call | FromNode): void {
  sink.write(`${JSON.stringify(value)}\n`)
}
