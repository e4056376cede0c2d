import { CodedError, toError } from '../base/index.ts'
import { assertCarries, resolveConnection } from './connection-options.ts'
import { LISTEN_DEFAULTS } from './contract/index.ts'
import { transportFor } from './scheme-table.ts'
import { createSession } from './session/index.ts'
import type { CallOptions, Listener, ListenOptions, Session, SessionInit, StreamProvider, TransportListener } from './contract/index.ts'
import type { SchemeTable } from './scheme-table.ts'

/** What a session is given to. */
export type OnSession = (session: Session) => void | Promise<void>

/** As `listen`, over the transports of `schemes`. */
export async function listenOver (schemes: SchemeTable, address: string | URL, onSession: OnSession, options: ListenOptions): Promise<Listener> {
  const resolved = resolveConnection(options)
  const maxSessions = options.maxSessions ?? LISTEN_DEFAULTS.maxSessions

  if (typeof onSession !== 'function') {
    throw new TypeError(`listen needs a function that takes sessions, received ${typeof onSession}`)
  }

  if (!(maxSessions >= 1)) {
    throw new RangeError(`maxSessions must be 1 or more, received ${maxSessions}`)
  }

  const { url, transport } = await transportFor(schemes, address)

  assertCarries(transport, options.codec)

  const sessions = new Sessions(onSession, maxSessions, options)
  const listener = await transport.listen(url, (provider) => { sessions.add(provider) }, {
    ...resolved,
    tls: options.tls ?? {},
    headers: {},
    server: options.server,
    origins: options.origins
  })

  return new SessionListener(listener, sessions)
}

/** The sessions of a listener. */
class Sessions {
  readonly #onSession: OnSession
  readonly #max: number
  readonly #init: SessionInit
  readonly #open = new Set<Session>()
  #isClosed = false

  constructor (onSession: OnSession, max: number, init: SessionInit) {
    this.#onSession = onSession
    this.#max = max
    this.#init = init
  }

  add (provider: StreamProvider): void {
    if (this.#isClosed || this.#open.size >= this.#max) {
      provider.abort(new CodedError('ResourceLimit', this.#isClosed ? 'the listener is closed' : `at most ${this.#max} sessions may be open (maxSessions)`))
      return
    }

    const session = createSession(provider, this.#init)

    this.#open.add(session)
    session.closed.then(() => { this.#open.delete(session) }).catch(() => {}) // it never rejects
    this.#serve(session).catch((thrown: unknown) => { session.abort(toError(thrown)) })
  }

  /** Rejects with the signal's reason, after aborting what was not closed by then. */
  async close (options: CallOptions): Promise<void> {
    this.#isClosed = true

    const closing = [...this.#open].map(async (session) => session.close(options))

    await Promise.allSettled(closing)
    await Promise.all(closing)
  }

  async #serve (session: Session): Promise<void> {
    await this.#onSession(session)
  }
}

class SessionListener implements Listener {
  readonly closed: Promise<Error | undefined>
  readonly #listener: TransportListener
  readonly #sessions: Sessions

  constructor (listener: TransportListener, sessions: Sessions) {
    this.#listener = listener
    this.#sessions = sessions
    this.closed = listener.closed
  }

  get url (): string {
    return this.#listener.url
  }

  async close (options: CallOptions = {}): Promise<void> {
    await this.#listener.close()
    await this.#sessions.close(options)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }
}
