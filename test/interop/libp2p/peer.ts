/** A node that does what it is told, in this process or in another: see PEER.md. */
export interface Peer extends AsyncDisposable {
  /** For the names of tests. */
  readonly name: string
  /** Its peer ID. */
  readonly peer: string
  /** Where it listens, each with its peer ID at the end. */
  readonly addrs: readonly string[]
  /** @throws Error with what it said went wrong */
  do<V extends keyof Verbs>(verb: V, args: Verbs[V]['args']): Promise<Verbs[V]['value']>
}

/** What is known of a connection. */
export interface ConnectionFacts {
  readonly peer: string
  readonly security: string
  readonly muxer: string
  readonly transport: string
  /** Whether the muxer was agreed on within the handshake; null where it is not told. */
  readonly early: boolean | null
  readonly limited: boolean
  readonly keyType: string
}

export interface IdentifyFacts {
  readonly protocols: readonly string[]
  readonly agent: string
  readonly version: string
  readonly addrs: readonly string[]
}

interface AtPeer {
  readonly peer: string
}

interface Verb<Args, Value> {
  readonly args: Args
  readonly value: Value
}

/** What peers can be told; PEER.md says what each means. */
export interface Verbs {
  connect: Verb<{ readonly addr: string }, ConnectionFacts>
  connection: Verb<AtPeer, ConnectionFacts>
  disconnect: Verb<AtPeer, null>
  ping: Verb<AtPeer, null>
  echo: Verb<AtPeer & { readonly bytes: number }, { readonly sha256: string }>
  sink: Verb<AtPeer & { readonly bytes: number }, { readonly count: number }>
  give: Verb<AtPeer, { readonly text: string }>
  reset: Verb<AtPeer, { readonly remote: boolean }>
  perf: Verb<AtPeer & { readonly upload: number, readonly download: number }, { readonly count: number }>
  identify: Verb<AtPeer & { readonly protocol: string }, IdentifyFacts>
  'add-protocol': Verb<{ readonly protocol: string }, null>
  refused: Verb<AtPeer & { readonly protocol: string }, { readonly error: string }>
  lazy: Verb<AtPeer & { readonly protocol: string }, { readonly text?: string, readonly error?: string }>
  reserve: Verb<{ readonly addr: string }, unknown>
  provide: Verb<{ readonly text: string }, unknown>
  find: Verb<{ readonly text: string }, { readonly peers: readonly string[] }>
  join: Verb<{ readonly topic: string }, null>
  publish: Verb<{ readonly topic: string, readonly text: string }, null>
  next: Verb<{ readonly topic: string }, { readonly text: string, readonly from: string }>
}

export const PROTOCOLS = {
  echo: '/echo/1.0.0',
  sink: '/test/sink/1.0.0',
  give: '/test/give/1.0.0',
  reset: '/test/reset/1.0.0',
  perf: '/perf/1.0.0'
} as const
