import { CodedError, toError } from '../../base/index.ts'
import { namesOnePlace } from './bound-addresses.ts'
import { ListenError, listenFailure } from './listen-error.ts'
import { listenOrder } from './listen-order.ts'
import { ManagedListener } from './managed-listener.ts'
import { SocketGuard } from './socket-guard.ts'
import type { ListenFailure } from './listen-error.ts'
import type { Clock } from '../../base/index.ts'
import type { CallOptions } from '../contract/stream.ts'
import type { Listener, Logger, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface ListenerSetInit {
  transportForListening(address: Multiaddr): Transport | undefined
  upgrader: Upgrader
  /** Once for each bound address, when it can be dialled. */
  onListen(address: Multiaddr, listener: Listener): void
  /** Once for each address that `onListen` told of; with the error if its listener died by itself. */
  onListenClose(address: Multiaddr, error?: Error): void
  /** After those two, and when a listener's addresses on the interfaces changed. */
  onAddressesChanged(listener: Listener): void
  /** Before the first `onListen` of a listener. */
  onListenerOpened?(listener: Listener): void
  /** After the last `onListenClose` of a listener. */
  onListenerClosed?(listener: Listener): void
  /** An address failed while others work, or a listener had an error and goes on. */
  onError?(address: Multiaddr, error: Error): void
  clock: Clock
  log: Logger
  /** For what a transport does with a socket before its upgrade. @default Infinity */
  acceptTimeoutMs?: number
  /** Sockets whose upgrade has not begun. @default Infinity */
  maxAccepting?: number
}

export interface ListenResult {
  /** As bound, in the order in which they were asked for. */
  listening: Multiaddr[]
  failures: ListenFailure[]
}

interface Attempt {
  address: Multiaddr
  order: number
  transport: Transport | undefined
  opened?: ManagedListener
  failure?: ListenFailure
}

/**
 * All that a swarm listens on. Addresses come and go at run time, and one that fails never takes
 * another with it. What its callbacks throw is logged.
 */
export class ListenerSet {
  readonly #init: ListenerSetInit
  readonly #guard: SocketGuard
  readonly #open = new Set<ManagedListener>()
  readonly #opening = new Set<ManagedListener>()
  /** Those that accept nobody any more, while connections that came through them live on. */
  readonly #retired = new Set<ManagedListener>()
  readonly #closing = new Set<Promise<void>>()
  #isClosed = false

  constructor (init: ListenerSetInit) {
    const { clock, upgrader, acceptTimeoutMs = Infinity, maxAccepting = Infinity } = init

    this.#init = init
    this.#guard = new SocketGuard({ clock, upgrader, timeoutMs: acceptTimeoutMs, maxWaiting: maxAccepting })
  }

  /**
   * Listens on all addresses at once, but on those that need others, as relayed ones do, when these
   * have been tried. Works if at least one does; the failures of the others are returned, and go to
   * `onError`. Of no address at all, it makes nothing.
   *
   * @throws ListenError when there are addresses and none works
   * @throws CodedError SwarmClosed
   * @throws the signal's reason; then none of these addresses is listened on
   */
  async listen (addresses: readonly Multiaddr[], { signal }: CallOptions = {}): Promise<ListenResult> {
    signal?.throwIfAborted()
    this.#throwIfClosed()

    const attempts = addresses.map((address) => this.#plan(address))
    const orders = [...new Set(attempts.map(({ order }) => order))].sort((a, b) => a - b)

    for (const order of orders) {
      await Promise.all(attempts.filter((attempt) => attempt.order === order).map(async (attempt) => { await this.#try(attempt, signal) }))
    }

    if (signal?.aborted === true) {
      await Promise.all(attempts.map(async ({ opened }) => { await this.#drop(opened, signal.reason) }))
      throw signal.reason
    }

    this.#throwIfClosed()

    return this.#conclude(attempts)
  }

  /**
   * Ends the listeners that were asked for this address, or are bound to it, and no others. The
   * connections that came through them live on. Resolves when they have ended, with whether there
   * were any.
   */
  async remove (address: Multiaddr): Promise<boolean> {
    const matching = [...this.#open, ...this.#opening].filter((managed) => managed.matches(address))
    const reason = new CodedError('ListenFailed', 'it was removed before it began to listen')

    await Promise.all(matching.map(async (managed) => { await this.#drop(managed, reason, async () => { await this.#retire(managed, reason) }) }))

    return matching.length > 0
  }

  /** As bound: with real ports, and unspecified hosts as they are. A fresh array. */
  addresses (): Multiaddr[] {
    return [...this.#open].flatMap((managed) => managed.addresses)
  }

  listeners (): Listener[] {
    return [...this.#open].map((managed) => managed.listener)
  }

  /** Ends all listeners, and those that are about to begin. Nothing is listened on afterwards. */
  async close (): Promise<void> {
    this.#isClosed = true

    const closed = this.#closedError()

    await Promise.all([...this.#open, ...this.#opening, ...this.#retired].map(async (managed) => { await this.#drop(managed, closed) }))
    await Promise.all(this.#closing)
  }

  #plan (address: Multiaddr): Attempt {
    try {
      const transport = this.#init.transportForListening(address)

      return { address, transport, order: listenOrder(address, transport) }
    } catch (error) {
      return { address, transport: undefined, order: 0, failure: listenFailure(address, error) }
    }
  }

  async #try (attempt: Attempt, signal: AbortSignal | undefined): Promise<void> {
    if (attempt.failure != null) {
      return
    }

    try {
      attempt.opened = await this.#begin(attempt, signal)
    } catch (error) {
      attempt.failure = listenFailure(attempt.address, error)
    }
  }

  async #begin ({ address, transport }: Attempt, signal: AbortSignal | undefined): Promise<ManagedListener> {
    signal?.throwIfAborted()
    this.#throwIfClosed()

    if (transport == null) {
      throw new CodedError('NoTransport', 'no transport can listen on it')
    }

    if (namesOnePlace(address) && [...this.#open, ...this.#opening].some((managed) => managed.matches(address))) {
      throw new CodedError('ListenFailed', 'already listening')
    }

    const managed = this.#manage(address, transport)

    this.#opening.add(managed)

    try {
      await managed.open(signal)

      return managed
    } catch (error) {
      this.#opening.delete(managed)
      void this.#track(managed.close(error))
      throw error
    }
  }

  #manage (requested: Multiaddr, transport: Transport): ManagedListener {
    const { clock, log } = this.#init
    const listener = transport.createListener({ upgrader: this.#guard.upgrader })

    this.#guard.watch(listener)

    return new ManagedListener({
      requested,
      listener,
      clock,
      log,
      onClosing: () => { this.#guard.drop(listener) },
      onOpen: (managed) => {
        this.#opening.delete(managed)
        this.#open.add(managed)
        this.#call(() => { this.#init.onListenerOpened?.(managed.listener) })
        this.#refresh()
      },
      onListening: () => { this.#refresh() },
      onError: ({ requested }, error) => { this.#report(requested, error) },
      onDeath: (managed, error) => {
        void this.#track(managed.close(error))

        if (this.#open.delete(managed)) {
          this.#tellClosed(managed, error)
        }
      }
    })
  }

  #conclude (attempts: readonly Attempt[]): ListenResult {
    const failures = attempts.flatMap(({ failure }) => failure ?? [])

    if (failures.length > 0 && failures.length === attempts.length) {
      throw new ListenError(failures)
    }

    for (const { address, error } of failures) {
      this.#report(address, error)
    }

    // without those that have ended while the others began
    const opened = attempts.flatMap(({ opened }) => opened != null && this.#open.has(opened) ? opened : [])

    return { listening: opened.flatMap(({ addresses }) => addresses), failures }
  }

  async #retire (managed: ManagedListener, reason: unknown): Promise<void> {
    const free = (): void => { this.#retired.delete(managed) }

    // before it begins, as it may be over in the same turn
    this.#retired.add(managed)

    if (!await managed.retire(reason, free)) {
      free()
    }
  }

  async #drop (managed: ManagedListener | undefined, reason: unknown, end = async (): Promise<void> => managed?.close(reason)): Promise<void> {
    if (managed == null) {
      return
    }

    // before the wait, so that it is told of once
    const wasOpen = this.#open.delete(managed)

    await this.#track(end())

    if (wasOpen) {
      this.#tellClosed(managed)
    }
  }

  #tellClosed (managed: ManagedListener, error?: CodedError): void {
    for (const address of managed.addresses) {
      this.#tellListenClose(address, error)
    }

    this.#call(() => { this.#init.onListenerClosed?.(managed.listener) })
    this.#call(() => { this.#init.onAddressesChanged(managed.listener) })
    this.#refresh()
  }

  /** All of them, for the addresses of one listener may rest on those of another. */
  #refresh (): void {
    for (const managed of [...this.#open]) {
      const { added, removed, hasChanged } = managed.refresh()

      for (const address of removed) {
        this.#tellListenClose(address)
      }

      for (const address of added) {
        this.#call(() => { this.#init.onListen(address, managed.listener) })
      }

      if (hasChanged) {
        this.#call(() => { this.#init.onAddressesChanged(managed.listener) })
      }
    }
  }

  #tellListenClose (address: Multiaddr, error?: CodedError): void {
    this.#call(() => {
      if (error == null) {
        this.#init.onListenClose(address)
      } else {
        this.#init.onListenClose(address, error)
      }
    })
  }

  #report (address: Multiaddr, error: Error): void {
    this.#init.log.error('%a - %e', address, error)
    this.#call(() => { this.#init.onError?.(address, error) })
  }

  #call (fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.#init.log.error('a callback of the listeners threw - %e', toError(error))
    }
  }

  /** So that `close` waits for it. `closing` never rejects. */
  async #track (closing: Promise<void>): Promise<void> {
    this.#closing.add(closing)
    await closing
    this.#closing.delete(closing)
  }

  #throwIfClosed (): void {
    if (this.#isClosed) {
      throw this.#closedError()
    }
  }

  #closedError (): CodedError {
    return new CodedError('SwarmClosed', 'the swarm is closed, and listens no more')
  }
}
