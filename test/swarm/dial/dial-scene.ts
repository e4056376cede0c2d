import { DialBackoff } from '../../../src/swarm/dial/dial-backoff.ts'
import { DialLimiter } from '../../../src/swarm/dial/dial-limiter.ts'
import { DialSync } from '../../../src/swarm/dial/dial-sync.ts'
import { DIAL_DEFAULTS } from '../../../src/swarm/options.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { addrs, PEER } from './fixtures.ts'
import type { Connection } from '../../../src/swarm/contract/connection.ts'
import type { DialAddressOptions, DialRequestOptions, DialTarget, DialWorkerComponents } from '../../../src/swarm/dial/dial-components.ts'
import type { DialRanker } from '../../../src/swarm/dial/dial-ranker.ts'
import type { DialSettings } from '../../../src/swarm/options.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Public TCP, public UDP, private TCP, by number. */
export const tcp = (n: number): string => `/ip4/1.2.3.${n}/tcp/4001`
export const quic = (n: number): string => `/ip4/1.2.3.${n}/udp/4001/quic-v1`
export const local = (n: number): string => `/ip4/192.168.0.${n}/tcp/4001`

export const TARGET: DialTarget = { key: PEER.toString(), peer: PEER }

/** As much of a connection as dialling touches. */
export class FakeConnection {
  readonly remoteAddr: Multiaddr
  readonly limits: object | undefined
  status: 'open' | 'closed' = 'open'
  aborted: unknown
  /** What `close` fails with, if anything. */
  closeError: Error | undefined

  constructor (address: Multiaddr, { limited = false } = {}) {
    this.remoteAddr = address
    this.limits = limited ? {} : undefined
  }

  async close (): Promise<void> {
    if (this.closeError != null) {
      throw this.closeError
    }

    this.status = 'closed'
  }

  abort (reason: unknown): void {
    this.status = 'closed'
    this.aborted = reason
  }

  as (): Connection {
    return this as unknown as Connection
  }
}

/** One call of `dialAddress`, whose end the test decides. */
export class ScriptedDial {
  readonly address: string
  /** Milliseconds since the scene began. */
  readonly atMs: number
  readonly signal: AbortSignal
  readonly result: Promise<Connection>
  readonly #address: Multiaddr
  readonly #options: DialAddressOptions
  readonly #settled = Promise.withResolvers<Connection>()
  readonly #scene: DialScene

  constructor (scene: DialScene, address: Multiaddr, options: DialAddressOptions) {
    this.address = address.toString()
    this.atMs = scene.elapsedMs
    this.signal = options.signal
    this.result = this.#settled.promise
    this.#scene = scene
    this.#address = address
    this.#options = options

    if (!scene.deaf) {
      options.signal.addEventListener('abort', () => { this.#settled.reject(options.signal.reason) }, { once: true })
    }
  }

  connected (): void {
    this.#options.onConnected()
  }

  /** Ends with a connection, which the swarm knows from now on. */
  succeed (options: { limited?: boolean } = {}): FakeConnection {
    const connection = new FakeConnection(this.#address, options)

    this.#scene.open.push(connection)
    this.#settled.resolve(connection.as())

    return connection
  }

  fail (error: unknown = new Error('connection refused')): void {
    this.#settled.reject(error)
  }
}

export interface SceneInit {
  settings?: Partial<DialSettings>
  /** Of addresses; 0 where there is none. */
  delays?: Record<string, number>
  rank?: DialRanker
  addressesFor?: DialWorkerComponents['addressesFor']
  /** Whether `dialAddress` ignores its signal. */
  deaf?: boolean
}

/** A DialSync on a fake clock, with the real limiter and backoff, amid a network that the test plays. */
export class DialScene {
  readonly clock = new FakeClock()
  readonly startedAt = this.clock.now()
  readonly dials: ScriptedDial[] = []
  readonly records: Array<[string, boolean]> = []
  /** Connections of the swarm, oldest first. */
  readonly open: FakeConnection[] = []
  readonly deaf: boolean
  readonly settings: DialSettings
  readonly backoff: DialBackoff
  readonly limiter: DialLimiter
  readonly components: DialWorkerComponents
  readonly sync: DialSync

  constructor ({ settings = {}, delays = {}, rank, addressesFor, deaf = false }: SceneInit = {}) {
    this.deaf = deaf
    this.settings = { ...DIAL_DEFAULTS, ...settings }
    this.backoff = new DialBackoff(this.settings, this.clock)
    this.limiter = new DialLimiter(this.settings)
    this.components = {
      clock: this.clock,
      settings: this.settings,
      backoff: this.backoff,
      limiter: this.limiter,
      rank: rank ?? ranker(delays),
      acceptable: (_peer, request) => this.#acceptable(request),
      addressesFor: addressesFor ?? (async (_peer, { addresses = [] }) => ({ good: addresses, refused: [] })),
      dialAddress: async (_peer, address, options) => this.#dial(address, options),
      record: (address, success) => { this.records.push([address.toString(), success]) }
    }
    this.sync = new DialSync(this.components)
  }

  get elapsedMs (): number {
    return this.clock.now() - this.startedAt
  }

  /** The order and times of all dials so far. */
  get schedule (): Array<[number, string]> {
    return this.dials.map(({ atMs, address }) => [atMs, address])
  }

  async dial (addresses: string[], request: Omit<DialRequestOptions, 'addresses'> = {}, signal?: AbortSignal): Promise<Connection> {
    return this.sync.dial(TARGET, { ...request, addresses: addrs(...addresses) }, signal)
  }

  /** The latest dial of an address. */
  at (address: string): ScriptedDial {
    const dial = this.dials.findLast((candidate) => candidate.address === address)

    if (dial == null) {
      throw new Error(`${address} has not been dialled`)
    }

    return dial
  }

  /** What is left when all has settled; backoff, which sweeps later and is forgotten here, not counted. */
  async leftovers (): Promise<object> {
    this.backoff[Symbol.dispose]()
    await settle()

    return { timers: this.clock.pending, sync: this.sync.stat(), limiter: this.limiter.stat() }
  }

  #acceptable ({ forceDirect = false }: DialRequestOptions): Connection | undefined {
    return this.open.find(({ status, limits }) => status === 'open' && !(forceDirect && limits != null))?.as()
  }

  async #dial (address: Multiaddr, options: DialAddressOptions): Promise<Connection> {
    const dial = new ScriptedDial(this, address, options)

    this.dials.push(dial)

    return dial.result
  }
}

/** What `leftovers` gives when there are none. */
export const NOTHING_LEFT = {
  timers: 0,
  sync: { active: 0, waiting: 0 },
  limiter: { active: 0, waiting: 0, fdInUse: 0, fdWaiting: 0, peers: 0 }
}

/** What a promise rejects with. */
export async function rejection (promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => { throw new Error('it resolved') }, (error: unknown) => error)
}

function ranker (delays: Record<string, number>): DialRanker {
  return (addresses) => addresses
    .map((address) => ({ address, delayMs: delays[address.toString()] ?? 0 }))
    .sort((a, b) => a.delayMs - b.delayMs)
}
