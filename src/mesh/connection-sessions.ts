import { CodedError, isCoded, raceSignal, toError, TransientSet } from '../base/index.ts'
import { ChannelError, CONNECTION_DEFAULTS, createMuxProvider, createSession, REASON_CODE, SESSION_DEFAULTS } from '../channel/index.ts'
import { SwarmLink } from './swarm-link.ts'
import type { Clock } from '../base/index.ts'
import type { MuxProvider, Session, SessionInit } from '../channel/index.ts'
import type { Connection, Stream } from '../swarm/index.ts'

/** Sessions that a peer may have begun on one connection: one, those that it has just closed, and those that cross ours. */
export const MAX_SESSIONS_PER_CONNECTION = 4

export interface SessionHooks {
  /**
   * Serves what peers open. Called once for each session, whichever side began it, as both sides may open
   * channels. When it throws or rejects, the session ends. Without it, sessions that peers begin are refused.
   */
  onSession?(session: Session, connection: Connection): void | Promise<void>
  /** What differs for the session of this connection: codecs that know its peer. */
  forConnection?(connection: Connection): Pick<SessionInit, 'codec' | 'codecs'>
}

interface SessionsInit extends SessionInit, SessionHooks {
  protocol: string
  clock: Clock
}

interface OpenSession {
  readonly session: Session
  readonly provider: MuxProvider
}

/** A session that is about to begin. */
interface Attempt {
  readonly result: PromiseWithResolvers<Session>
  readonly controller: AbortController
}

/**
 * The sessions of one connection, of which one is current; spec-channel 12.5. When both sides begin one at once, that of the
 * dialler counts: it lets the other's wait, which the listener gives up when it hears of the dialler's.
 */
export class ConnectionSessions {
  readonly #connection: Connection
  readonly #init: SessionsInit
  readonly #open = new TransientSet<OpenSession>()
  #current: OpenSession | undefined
  #attempt: Attempt | undefined
  /** Begun by the other side, while this one begins one that counts; `MAX_SESSIONS_PER_CONNECTION` at most. */
  #waiting: SwarmLink[] = []

  constructor (connection: Connection, init: SessionsInit) {
    this.#connection = connection
    this.#init = init
  }

  /** The one that new channels are opened in. */
  get current (): Session | undefined {
    return this.#current?.provider.isClosing === false ? this.#current.session : undefined
  }

  /** The current one included, and those that are closing. */
  get open (): Session[] {
    return Array.from(this.#open, ({ session }) => session)
  }

  /**
   * The current one, or a new one where there is none.
   *
   * @throws CodedError ConnectFailed when the peer takes no sessions, UnsupportedProtocol, ConnectionClosed, ConnectionLost;
   * the signal's reason
   */
  async session (signal?: AbortSignal): Promise<Session> {
    if (this.current != null) {
      return this.current
    }

    this.#attempt ??= this.#begin()

    return raceSignal(this.#attempt.result.promise, signal)
  }

  /** The other side begins one. */
  accept (stream: Stream): void {
    this.#acceptLink(new SwarmLink(stream))
  }

  #acceptLink (link: SwarmLink): void {
    const attempt = this.#attempt

    if (attempt != null && this.#connection.direction === 'outbound') {
      this.#waiting.push(link)
    } else if (attempt != null) {
      attempt.controller.abort()
      this.#settle(attempt, this.#answer(link))
    } else if (this.#init.onSession == null) {
      link.reset({ code: REASON_CODE.refused, message: '' })
    } else {
      this.#attempt = this.#attemptOf()
      this.#settle(this.#attempt, this.#answer(link))
    }
  }

  #attemptOf (): Attempt {
    const attempt = { result: Promise.withResolvers<Session>(), controller: new AbortController() }

    attempt.result.promise.catch(() => {}) // of what the other side begins, it is the one to be told

    return attempt
  }

  #begin (): Attempt {
    const attempt = this.#attemptOf()

    this.#settle(attempt, this.#initiate(attempt.controller.signal))

    return attempt
  }

  /** Of what an attempt has led to, the last counts: ours, or that of the other side which took its place. */
  #settle (attempt: Attempt, outcome: Promise<Session>): void {
    outcome.then((session) => {
      attempt.result.resolve(session)
      this.#over(attempt)
    }, (error: unknown) => {
      if (error !== attempt.controller.signal.reason) {
        attempt.result.reject(toError(error))
        this.#over(attempt)
      }
    })
  }

  #over (attempt: Attempt): void {
    if (this.#attempt === attempt) {
      const waiting = this.#waiting

      this.#attempt = undefined
      this.#waiting = []
      waiting.forEach((link) => { this.#acceptLink(link) })
    }
  }

  async #initiate (signal: AbortSignal): Promise<Session> {
    try {
      const stream = await this.#connection.newStream(this.#init.protocol, { limited: 'allow', signal })

      return this.#start(await this.#provide(new SwarmLink(stream), { isInitiator: true, signal }))
    } catch (error) {
      throw isRefusal(error) ? this.#refused(error) : error
    }
  }

  async #answer (link: SwarmLink): Promise<Session> {
    return this.#start(await this.#provide(link, { isInitiator: false }))
  }

  async #provide (link: SwarmLink, { isInitiator, signal }: { isInitiator: boolean, signal?: AbortSignal }): Promise<MuxProvider> {
    return createMuxProvider(link, {
      ...CONNECTION_DEFAULTS,
      name: 'swarm',
      remoteAddress: this.#connection.remoteAddr.toString(),
      isInitiator,
      limits: { maxOpenStreams: this.#init.limits?.maxOpenStreams ?? SESSION_DEFAULTS.maxOpenStreams },
      clock: this.#init.clock,
      keepAliveIntervalMs: 0, // the connection has its own
      signal
    })
  }

  #start (provider: MuxProvider): Session {
    const session = createSession(provider, { ...this.#init, ...this.#init.forConnection?.(this.#connection) })
    const open = { session, provider }

    this.#open.add(open)
    this.#current = open
    void session.closed.then(() => {
      this.#open.delete(open)

      if (this.#current === open) {
        this.#current = undefined
      }
    })
    void this.#serve(session)

    return session
  }

  async #serve (session: Session): Promise<void> {
    try {
      await this.#init.onSession?.(session, this.#connection)
    } catch (thrown) {
      session.abort(toError(thrown))
    }
  }

  #refused (cause: unknown): CodedError {
    return new CodedError('ConnectFailed', `${this.#connection.remotePeer.toString()} serves no sessions of ${this.#init.protocol}: it has no onSession`, { cause })
  }
}

/** Whether a stream, or the handshake on it, ended by a reset with `refused`. */
function isRefusal (error: unknown): boolean {
  const reset = isCoded(error, 'ConnectFailed') ? error.cause : error

  if (reset instanceof ChannelError) {
    return reset.reason?.code === REASON_CODE.refused
  }

  return isCoded(reset, 'StreamReset') && 'resetCode' in reset && reset.resetCode === REASON_CODE.refused
}
