import { raceSignal, systemClock, toError } from '../base/index.ts'
import { createSession, HeaderAcceptor, MAX_REASON_CODE, REASON_CODE, SESSION_DEFAULTS } from '../channel/index.ts'
import { SwarmLink } from './swarm-link.ts'
import { GOODBYE_HEADER, LIBCHAN_PROTOCOL, RESET_HEADER, SESSION_HEADER, SwarmProvider } from './swarm-provider.ts'
import type { Clock } from '../base/index.ts'
import type { ByteLink, ProviderStream, Session, SessionInit, StreamHeaders } from '../channel/index.ts'
import type { CallOptions, Connection, DialOptions, DialTarget, Swarm } from '../swarm/index.ts'

export interface ChannelsInit extends SessionInit {
  /**
   * Serves what peers open. Called once for each session, whichever side began it, as both sides may open
   * channels. When it throws or rejects, the session ends. Without it, sessions that peers begin are refused.
   */
  onSession?(session: Session, connection: Connection): void | Promise<void>
  /** Sessions of another protocol of the same kind are apart from these. @default LIBCHAN_PROTOCOL */
  protocol?: string | undefined
  /** What differs for the session of this connection: codecs that know its peer. */
  forConnection?(connection: Connection): Pick<SessionInit, 'codec' | 'codecs'>
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
    swarm.handle(this.#protocol, (stream) => { this.#of(stream.connection).accept(new SwarmLink(stream)) }, {
      maxInboundStreams: maxOpenStreams(init) + 1, // for a goodbye when all are open
      limited: true
    })
  }

  async connect (target: DialTarget, options?: DialOptions): Promise<Session> {
    const connection = await this.#swarm.dial(target, options)

    return this.#of(connection).session()
  }

  sessions (): Session[] {
    return Array.from(this.#byConnection.values(), ({ current }) => current?.session).filter((session) => session != null)
  }

  async close ({ signal }: CallOptions = {}): Promise<void> {
    this.#swarm.unhandle(this.#protocol)
    await raceSignal(Promise.all(this.sessions().map(async (session) => session.close({ signal }))), signal)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }

  #of (connection: Connection): ConnectionSessions {
    const known = this.#byConnection.get(connection)

    if (known != null) {
      return known
    }

    const sessions = new ConnectionSessions(connection, this.#init)

    this.#byConnection.set(connection, sessions)
    void connection.closed.then(() => {
      this.#byConnection.delete(connection)
      sessions[Symbol.dispose]()
    })

    return sessions
  }
}

/** The sessions of one connection, one after the other. */
class ConnectionSessions implements Disposable {
  /** The one that is open. */
  current: { readonly number: number, readonly session: Session, readonly provider: SwarmProvider } | undefined

  readonly #connection: Connection
  readonly #init: ChannelsInit
  readonly #clock: Clock
  readonly #acceptor: HeaderAcceptor
  /** Of sessions so far, the current one included. */
  #count = 0

  constructor (connection: Connection, init: ChannelsInit) {
    this.#connection = connection
    this.#init = init
    this.#clock = init.clock ?? systemClock
    this.#acceptor = new HeaderAcceptor({ clock: this.#clock, onStream: (stream, link) => { this.#onStream(stream, link) } })
  }

  /** The one that is open, or a new one when the last has closed. */
  async session (): Promise<Session> {
    while (this.current?.provider.isClosing === true) {
      await this.current.session.closed
    }

    return (this.current ?? this.#begin()).session
  }

  accept (link: SwarmLink): void {
    this.#acceptor.accept(link)
  }

  [Symbol.dispose] (): void {
    this.#acceptor[Symbol.dispose]()
  }

  #onStream (stream: ProviderStream, link: ByteLink): void {
    const number = Number(stream.headers[SESSION_HEADER] ?? 1)

    if (stream.headers[GOODBYE_HEADER] != null) {
      this.#onGoodbye(number, stream.headers[GOODBYE_HEADER])
      stream.end()
      stream.resume()
    } else if (stream.headers[RESET_HEADER] != null) {
      this.#onReset(number, stream.headers)
      stream.end()
      stream.resume()
    } else if (number === this.current?.number) {
      this.current.provider.accept(stream, link as SwarmLink)
    } else if (Number.isSafeInteger(number) && number > this.#count && this.#init.onSession != null) {
      this.#onGoodbye(this.#count)
      this.#begin(number).provider.accept(stream, link as SwarmLink)
    } else {
      stream.reset({ code: number <= this.#count ? REASON_CODE.sessionClosed : REASON_CODE.refused, message: '' })
    }
  }

  #onReset (number: number, headers: StreamHeaders): void {
    if (number === this.current?.number) {
      this.current.provider.acceptReset(headers, Number(headers[RESET_HEADER]) & MAX_REASON_CODE)
    }
  }

  #onGoodbye (number: number, how?: string): void {
    if (number === this.current?.number) {
      this.current.provider.onGoodbye(how)
      this.current = undefined
    } else if (Number.isSafeInteger(number) && number > this.#count) {
      this.#onGoodbye(this.#count) // this side has not heard of what came behind
      this.#count = number
    }
  }

  #begin (number = this.#count + 1): NonNullable<ConnectionSessions['current']> {
    this.#count = number

    const { protocol = LIBCHAN_PROTOCOL } = this.#init
    const provider = new SwarmProvider({ connection: this.#connection, protocol, number, maxOpenStreams: maxOpenStreams(this.#init), clock: this.#clock })
    const session = createSession(provider, { ...this.#init, ...this.#init.forConnection?.(this.#connection) })
    const current = { number, session, provider }

    this.current = current
    void session.closed.then(() => {
      if (this.current === current) {
        this.current = undefined
      }

      this.#acceptor.rest()
    })
    void this.#serve(session)

    return current
  }

  async #serve (session: Session): Promise<void> {
    try {
      await this.#init.onSession?.(session, this.#connection)
    } catch (thrown) {
      session.abort(toError(thrown))
    }
  }
}

function maxOpenStreams ({ limits }: SessionInit): number {
  return limits?.maxOpenStreams ?? SESSION_DEFAULTS.maxOpenStreams
}
