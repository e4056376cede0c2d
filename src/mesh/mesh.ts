import { isCoded, Permits, systemClock } from '../base/index.ts'
import { REASON_CODE } from '../channel/index.ts'
import { serve, ServiceError } from '../service/index.ts'
import { callerCodecs } from './caller-codecs.ts'
import { createChannels } from './channels.ts'
import { Exports } from './exports.ts'
import { PeerNames } from './peer-names.ts'
import { createRoot } from './root.ts'
import type { SwarmChannels } from './channels.ts'
import type { Exported, ExportOptions, Refusal } from './exports.ts'
import type { Clock } from '../base/index.ts'
import type { Session, SessionLimits } from '../channel/index.ts'
import type { Message, Reference, ServiceLike } from '../service/index.ts'
import type { CallOptions, Connection, DialOptions, DialTarget, Swarm } from '../swarm/index.ts'

/** Spec-service 8. */
export const SERVICES_PROTOCOL = '/swarmd/services/1.0.0'

export const MESH_DEFAULTS = Object.freeze({
  maxReferencesPerPeer: 1024,
  maxStreamsPerConnection: 2048
})

export interface MeshInit {
  /** Names for peers, of use wherever one is wanted. */
  peers?: Readonly<Record<string, DialTarget>> | undefined
  /** A peer was refused something: to be logged. What it throws is lost. */
  onRefused?(refusal: Refusal): void
  /** References to services, and to what they gave out, that one peer may hold. @default 1024 */
  maxReferencesPerPeer?: number | undefined
  /** Channels and byte streams that each side may have open, on one connection. @default 2048 */
  maxStreamsPerConnection?: number | undefined
  /** Further limits of the sessions. */
  limits?: Partial<Omit<SessionLimits, 'maxOpenStreams'>> | undefined
  /** @default systemClock */
  clock?: Clock | undefined
}

export interface MeshStat {
  /** That are open. */
  readonly sessions: number
  /** To services, and to what they gave out, that peers hold. */
  readonly references: number
  /** Pairs of a service and a peer that has something of it, or asks for it. */
  readonly grants: number
}

/** Services with the peers of a swarm. */
export interface Mesh extends AsyncDisposable {
  readonly swarm: Swarm
  /**
   * Lets peers use an object, under a name: nobody, unless `allow` says who. They come and go without closing it. Under a name
   * that is taken it takes the place of what was there, whose references end; with the same object, those of peers that may not use it any more.
   *
   * @throws ServiceError InvalidArgument for a name that is empty or has a slash; InvalidConfig for an entry of `allow` that is no peer,
   * or when everybody is allowed what is privileged
   */
  export(name: string, object: ServiceLike, options?: ExportOptions): void
  /** Ends the use of a service, and all references to it and to what it gave out. Whether there was one. */
  withdraw(name: string): boolean
  exports(): Exported[]
  /**
   * A reference to what a peer exports to this one, a tree: `ls` lists it, `attach` gives a service. It is the caller's, to be closed.
   * When the connection is lost, what is asked of it fails, and the next call here connects again.
   *
   * @throws as `swarm.dial`; ServiceError Unavailable when the mesh was closed
   */
  peer(target: DialTarget, options?: DialOptions): Promise<Reference>
  /** Sessions that are open. */
  sessions(): Session[]
  stat(): MeshStat
  /** Withdraws everything and ends all sessions. Connections live on. @throws the signal's reason */
  close(options?: CallOptions): Promise<void>
}

/**
 * Lets the peers of a swarm use each other's services; spec-service 8.
 *
 * @throws CodedError DuplicateHandler when the swarm has a mesh already
 */
export function createMesh (swarm: Swarm, init: MeshInit = {}): Mesh {
  return new MeshOfSwarm(swarm, init)
}

class MeshOfSwarm implements Mesh {
  readonly swarm: Swarm

  readonly #init: MeshInit
  readonly #clock: Clock
  readonly #names: PeerNames
  readonly #exports: Exports
  readonly #channels: SwarmChannels
  /** Our references to the roots of others. */
  readonly #roots = new Map<Session, Reference>()
  /** What peers with a session may hold. */
  readonly #allowances = new Map<string, { readonly references: Permits, sessions: number }>()
  #isClosed = false

  constructor (swarm: Swarm, init: MeshInit) {
    const { clock = systemClock, peers, limits, maxStreamsPerConnection: maxOpenStreams = MESH_DEFAULTS.maxStreamsPerConnection } = init

    this.swarm = swarm
    this.#init = init
    this.#clock = clock
    this.#names = new PeerNames(peers)
    this.#exports = new Exports({ names: this.#names, clock, onRefused: (refusal) => { this.#onRefused(refusal) } })
    this.#channels = createChannels(swarm, {
      protocol: SERVICES_PROTOCOL,
      limits: { ...limits, maxOpenStreams },
      clock,
      forConnection: ({ remotePeer }) => callerCodecs({ peer: remotePeer.toString() }),
      onSession: (session, connection) => this.#onSession(session, connection)
    })
  }

  export (name: string, object: ServiceLike, options: ExportOptions = {}): void {
    this.#assertOpen()
    this.#exports.set(name, object, options)
  }

  withdraw (name: string): boolean {
    return this.#exports.delete(name)
  }

  exports (): Exported[] {
    return this.#exports.list()
  }

  async peer (target: DialTarget, options?: DialOptions): Promise<Reference> {
    this.#assertOpen()

    const session = await this.#channels.connect(this.#names.resolve(target), options)

    this.#assertOpen()

    return this.#rootOf(session).dup()
  }

  sessions (): Session[] {
    return this.#channels.sessions()
  }

  stat (): MeshStat {
    const held = Array.from(this.#allowances.values(), ({ references }) => references.used)

    return { sessions: this.sessions().length, references: held.reduce((sum, used) => sum + used, 0), grants: this.#exports.grants }
  }

  async close (options?: CallOptions): Promise<void> {
    this.#isClosed = true
    this.#exports.clear()
    await this.#channels.close(options)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }

  #assertOpen (): void {
    if (this.#isClosed) {
      throw new ServiceError('Unavailable', 'this mesh was closed')
    }
  }

  /** One a session: whoever asks for it gets a handle on it. */
  #rootOf (session: Session): Reference {
    const known = this.#roots.get(session)

    if (known != null) {
      return known
    }

    const root = session.newSendChannel<Message>()

    this.#roots.set(session, root)
    void root.closed.then(async () => {
      this.#roots.delete(session)
      await session.close() // the other side takes no second root: the next one comes with the next session
    }).catch(() => {})

    return root
  }

  async #onSession (session: Session, { remotePeer }: Connection): Promise<void> {
    const peer = remotePeer.toString()
    const references = this.#allow(peer, session)

    try {
      const receiver = await session.waitReceiveChannel<Message>()
      const root = createRoot({
        exports: this.#exports,
        peer,
        references,
        clock: this.#clock,
        onRefused: (service, verb) => { this.#onRefused({ peer, service, verb }) }
      })

      void serve(root, receiver, { caller: { peer }, clock: this.#clock })

      for await (const other of session) {
        other.cancel({ code: REASON_CODE.refused, message: 'a side opens one channel, for the root of the other; others come in messages' })
      }
    } catch (error) {
      if (!isCoded(error)) {
        throw error
      }
    }
  }

  /** Of all sessions of a peer together, while it has one. */
  #allow (peer: string, session: Session): Permits {
    const known = this.#allowances.get(peer)
    const allowance = known ?? { references: new Permits(this.#init.maxReferencesPerPeer ?? MESH_DEFAULTS.maxReferencesPerPeer), sessions: 0 }

    this.#allowances.set(peer, allowance)
    allowance.sessions++
    void session.closed.then(() => {
      if (--allowance.sessions === 0) {
        this.#allowances.delete(peer)
      }
    })

    return allowance.references
  }

  #onRefused (refusal: Refusal): void {
    try {
      this.#init.onRefused?.(refusal)
    } catch {
      // who is refused is so whether that can be told or not
    }
  }
}
