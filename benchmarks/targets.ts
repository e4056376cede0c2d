/* How fast swarmd is to be, beside whom. What is missed is explained in `limits.md`, under the key of the target. */

/** A figure: of a system, in a measure. */
export interface Place {
  measure: string
  system: string
}

export interface Target {
  /** Of this target alone. */
  key: string
  title: string
  ours: Place
  theirs: Place
  /** Of ours divided by theirs. */
  atLeast?: number
  atMost?: number
}

interface Row {
  title: string
  measure: string
  ours: string
  /** By system: how many times its figure ours is to be. */
  atLeast?: Record<string, number>
  atMost?: Record<string, number>
}

const ROWS: readonly Row[] = [
  {
    title: 'bulk, one stream, Noise',
    measure: 'bulk-1',
    ours: 'swarmd Noise',
    atLeast: { 'js-libp2p Noise': 1.8, 'grpc-js TLS': 1.5, protomux: 1.05, 'node:tls ChaCha20': 0.6 }
  },
  {
    title: 'bulk, one stream, TLS',
    measure: 'bulk-1',
    ours: 'swarmd TLS',
    atLeast: { 'js-libp2p TLS': 1.5, 'node:tls': 0.5 }
  },
  {
    title: 'one-way messages of 100 B on a channel over a swarm connection',
    measure: 'messages',
    ours: 'swarmd channels',
    atLeast: { 'js-libp2p Noise': 12, NATS: 1 }
  },
  {
    title: 'request/response ×256, typed service client over a channel',
    measure: 'requests-256',
    ours: 'swarmd typed service',
    atLeast: { 'js-libp2p Noise': 6, moleculer: 1.5, capnweb: 1.5, protomux: 1.5, 'grpc-js bidi': 3 }
  },
  {
    title: 'request/response ×256, each with a fresh nested reply channel',
    measure: 'requests-256',
    ours: 'swarmd channels',
    atLeast: { 'grpc-js TLS': 3, 'HTTP/2 TLS': 1 }
  },
  {
    title: 'request/response ×1',
    measure: 'requests-1',
    ours: 'swarmd Noise',
    atLeast: { 'js-libp2p Noise': 1.2, protomux: 1 }
  },
  {
    title: 'request/response ×1, typed service client over a channel',
    measure: 'requests-1',
    ours: 'swarmd typed service',
    atLeast: { capnweb: 1 }
  },
  {
    title: 'stream open, echo, close ×64',
    measure: 'streams-64',
    ours: 'swarmd Noise',
    atLeast: { 'js-libp2p Noise': 7, 'HTTP/2 TLS': 0.9 }
  },
  {
    title: 'new connections ×32, Noise',
    measure: 'connections-32',
    ours: 'swarmd Noise',
    atLeast: { 'js-libp2p Noise': 4, 'node:tls mutual': 1 }
  },
  {
    title: 'memory per idle connection, both ends',
    measure: 'idle-connections',
    ours: 'swarmd Noise',
    atMost: { 'js-libp2p Noise': 0.6 }
  },
  {
    title: 'p99 of a small request during bulk on the same connection',
    measure: 'p99-during-bulk',
    ours: 'swarmd Noise',
    atMost: { 'js-libp2p Noise': 0.25 }
  }
]

/** The only one that compares us with ourselves. */
const GROWTH: Target = {
  key: 'peers-1000/peers-10',
  title: 'cost per operation at 1,000 peers against 10',
  ours: { measure: 'peers-1000', system: 'swarmd Noise' },
  theirs: { measure: 'peers-10', system: 'swarmd Noise' },
  atMost: 1.3
}

export const TARGETS: readonly Target[] = [...ROWS.flatMap(targetsOf), GROWTH]

function targetsOf ({ title, measure, ours, atLeast = {}, atMost = {} }: Row): Target[] {
  const targetOf = (system: string, bound: Pick<Target, 'atLeast' | 'atMost'>): Target => ({
    key: `${measure}/${ours}/${system}`,
    title,
    ours: { measure, system: ours },
    theirs: { measure, system },
    ...bound
  })

  return [
    ...Object.entries(atLeast).map(([system, times]) => targetOf(system, { atLeast: times })),
    ...Object.entries(atMost).map(([system, times]) => targetOf(system, { atMost: times }))
  ]
}
