import { CodedError, Deadline, raceSignal, toError, TransientMap } from '../base/index.ts'
import type { Clock } from '../base/index.ts'
import type { CloseReason, Connection } from './contract/connection.ts'
import type { Connectedness, Notifiee, SwarmErrorDetail, SwarmEvents } from './contract/events.ts'
import type { Stream } from './contract/stream.ts'
import type { PeerId, TypedEventTarget } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface AnnouncerInit {
  clock: Clock
  target: TypedEventTarget<SwarmEvents>
  notifyTimeoutMs: number
}

/**
 * Tells subscribers what happens: first the notifiees, then the events. For each connection
 * `connected` is over, or has used up its time, before `disconnected` is told.
 */
export class Announcer implements Disposable {
  readonly #init: AnnouncerInit
  readonly #notifiees = new Set<Notifiee>()
  readonly #connecting = new TransientMap<Connection, Promise<void>>()
  /** What was last told of a peer, while that is not `notConnected`. */
  readonly #connectedness = new Map<string, Connectedness>()
  readonly #ended = new AbortController()

  constructor (init: AnnouncerInit) {
    this.#init = init
  }

  notify (notifiee: Notifiee): void {
    this.#notifiees.add(notifiee)
  }

  stopNotify (notifiee: Notifiee): void {
    this.#notifiees.delete(notifiee)
  }

  /** The swarm has closed: handlers are called still, and waited for no longer. */
  [Symbol.dispose] (): void {
    this.#ended.abort()
  }

  /** Resolves when all have dealt with it, or after `notifyTimeoutMs`. */
  async connected (connection: Connection): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()

    // before anybody is told: a handler may close the connection at once
    this.#connecting.set(connection, promise)

    try {
      await this.#bounded('connected', connection, (notifiee) => notifiee.connected?.(connection))
      this.#init.target.safeDispatchEvent('connected', { detail: connection })
    } finally {
      this.#connecting.delete(connection)
      resolve()
    }
  }

  /** Resolves when all have dealt with it, or after `notifyTimeoutMs`. */
  async disconnected (connection: Connection, reason: CloseReason): Promise<void> {
    await this.#connecting.get(connection)
    await this.#bounded('disconnected', connection, (notifiee) => notifiee.disconnected?.(connection, reason))
    this.#init.target.safeDispatchEvent('disconnected', { detail: { connection, reason } })
  }

  openedStream (stream: Stream): void {
    if (this.#isHeard('openedStream')) {
      this.#each('openedStream', (notifiee) => notifiee.openedStream?.(stream))
      this.#init.target.safeDispatchEvent('openedStream', { detail: stream })
    }
  }

  closedStream (stream: Stream): void {
    if (this.#isHeard('closedStream')) {
      this.#each('closedStream', (notifiee) => notifiee.closedStream?.(stream))
      this.#init.target.safeDispatchEvent('closedStream', { detail: stream })
    }
  }

  listen (address: Multiaddr): void {
    this.#each('listen', (notifiee) => notifiee.listen?.(address))
    this.#init.target.safeDispatchEvent('listen', { detail: address })
  }

  listenClose (address: Multiaddr, error?: Error): void {
    this.#each('listenClose', (notifiee) => notifiee.listenClose?.(address, error))
    this.#init.target.safeDispatchEvent('listenClose', { detail: error == null ? { address } : { address, error } })
  }

  /** Tells how we stand with a peer, if that is news. */
  connectedness (peer: PeerId, now: Connectedness): void {
    const key = peer.toString()

    if (now === (this.#connectedness.get(key) ?? 'notConnected')) {
      return
    }

    if (now === 'notConnected') {
      this.#connectedness.delete(key)
    } else {
      this.#connectedness.set(key, now)
    }

    this.#init.target.safeDispatchEvent('connectedness', { detail: { peer, connectedness: now } })
  }

  trimmed (connection: Connection, why: string): void {
    this.#init.target.safeDispatchEvent('trimmed', { detail: { connection, why } })
  }

  error (during: string, error: Error, connection?: Connection): void {
    const detail: SwarmErrorDetail = connection == null ? { during, error } : { during, error, connection }

    this.#init.target.safeDispatchEvent('error', { detail })
  }

  /** Streams come and go by the thousand, and seldom does anybody want to know. */
  #isHeard (type: 'openedStream' | 'closedStream'): boolean {
    return this.#notifiees.size > 0 || this.#init.target.listenerCount(type) > 0
  }

  /** All at once. */
  async #bounded (what: string, connection: Connection, tell: (notifiee: Notifiee) => void | Promise<void>): Promise<void> {
    const told = this.#tell(what, tell, connection)

    if (told.length === 0) {
      return
    }

    using deadline = new Deadline({
      clock: this.#init.clock,
      timeoutMs: this.#init.notifyTimeoutMs,
      signal: this.#ended.signal,
      onTimeout: () => new CodedError('HandlerTimeout', `a handler of ${what} took more than ${this.#init.notifyTimeoutMs} ms (connection.notifyTimeoutMs); nobody waits for it any longer`)
    })

    try {
      await raceSignal(Promise.all(told), deadline.signal)
    } catch (thrown) {
      if (!this.#ended.signal.aborted) {
        this.error(`notifiee ${what}`, toError(thrown), connection)
      }
    }
  }

  /** Nobody waits for these, but an async handler may reject all the same. */
  #each (what: string, tell: (notifiee: Notifiee) => void | Promise<void>): void {
    void Promise.all(this.#tell(what, tell))
  }

  /** Over a copy, as handlers may subscribe and unsubscribe; who has unsubscribed hears no more. None rejects. */
  #tell (what: string, tell: (notifiee: Notifiee) => void | Promise<void>, connection?: Connection): Array<Promise<void>> {
    return [...this.#notifiees].map(async (notifiee) => {
      try {
        if (this.#notifiees.has(notifiee)) {
          await tell(notifiee)
        }
      } catch (thrown) {
        this.error(`notifiee ${what}`, toError(thrown), connection)
      }
    })
  }
}
