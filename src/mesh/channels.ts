import { raceSignal, systemClock } from '../base/index.ts'
import { ConnectionSessions, MAX_SESSIONS_PER_CONNECTION } from './connection-sessions.ts'
import type { SessionHooks } from './connection-sessions.ts'
import type { Session, SessionInit } from '../channel/index.ts'
import type { CallOptions, Connection, DialOptions, DialTarget, Swarm } from '../swarm/index.ts'

/** Spec-channel 12.5. */
export const LIBCHAN_PROTOCOL = '/libchan/1.0.0'

export interface ChannelsInit extends SessionInit, SessionHooks {
  /** Sessions of another protocol of the same kind are apart from these. @default LIBCHAN_PROTOCOL */
  protocol?: string | undefined
}

/** Channels with the peers of a swarm. */
export interface SwarmChannels extends AsyncDisposable {
  /**
   * The session with a peer, over the connection that `swarm.dial` gives. There is one for each connection: the
   * same until it ends, and the same for both sides.
   *
   * @throws as `swarm.dial`
   */
  connect(target: DialTarget, options?: DialOptions): Promise<Session>
  /** Sessions that are open. */
  sessions(): Session[]
  /** Closes all sessions, and serves none any more. Connections live on. @throws the signal's reason */
  close(options?: CallOptions): Promise<void>
}

/**
 * Lets the peers of a swarm exchange channels, as protocol `/libchan/1.0.0`; spec-channel 12.5.
 *
 * @throws CodedError DuplicateHandler when the swarm has that protocol already
 */
export function createChannels (swarm: Swarm, init: ChannelsInit = {}): SwarmChannels {
  return new ChannelsOfSwarm(swarm, init)
}

class ChannelsOfSwarm implements SwarmChannels {
  readonly #swarm: Swarm
  readonly #init: ChannelsInit
  readonly #protocol: string
  readonly #byConnection = new Map<Connection, ConnectionSessions>()

  constructor (swarm: Swarm, init: ChannelsInit) {
    this.#swarm = swarm
    this.#init = init
    this.#protocol = init.protocol ?? LIBCHAN_PROTOCOL
    swarm.handle(this.#protocol, (stream) => { this.#of(stream.connection).accept(stream) }, {
      maxInboundStreams: MAX_SESSIONS_PER_CONNECTION,
      limited: true
    })
  }

  async connect (target: DialTarget, options?: DialOptions): Promise<Session> {
    const connection = await this.#swarm.dial(target, options)

    return this.#of(connection).session(options?.signal)
  }

  sessions (): Session[] {
    return Array.from(this.#byConnection.values(), ({ current }) => current).filter((session) => session != null)
  }

  async close ({ signal }: CallOptions = {}): Promise<void> {
    this.#swarm.unhandle(this.#protocol)
    const open = Array.from(this.#byConnection.values(), (sessions) => sessions.open).flat()

    await raceSignal(Promise.all(open.map(async (session) => session.close({ signal }))), signal)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }

  #of (connection: Connection): ConnectionSessions {
    const known = this.#byConnection.get(connection)

    if (known != null) {
      return known
    }

    const sessions = new ConnectionSessions(connection, { ...this.#init, protocol: this.#protocol, clock: this.#init.clock ?? systemClock })

    this.#byConnection.set(connection, sessions)
    void connection.closed.then(() => {
      this.#byConnection.delete(connection)
    })

    return sessions
  }
}
