import { CodedError, Deadline, raceSignal, toError } from '../../base/index.ts'
import { boundAddresses } from './bound-addresses.ts'
import { explain } from './listen-error.ts'
import { serverOf } from './socket-guard.ts'
import type { Clock } from '../../base/index.ts'
import type { Listener, Logger } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** For one address to begin listening. Relayed ones first dial their relay, which has its own bounds below this. */
export const LISTEN_TIMEOUT_MS = 30_000

/** For one listener to close; then it is left to itself. */
export const LISTENER_CLOSE_TIMEOUT_MS = 5_000

export interface ManagedListenerInit {
  requested: Multiaddr
  listener: Listener
  clock: Clock
  log: Logger
  /** It has begun, just now. */
  onOpen(managed: ManagedListener): void
  /** The listener says that its addresses may have changed. */
  onListening(managed: ManagedListener): void
  /** Something went wrong, and it listens on. */
  onError(managed: ManagedListener, error: Error): void
  /** It has ended by itself; `close` frees what it may still hold. */
  onDeath(managed: ManagedListener, error: CodedError): void
  /** It is about to be closed. */
  onClosing(): void
}

export interface AddressChange {
  added: Multiaddr[]
  removed: Multiaddr[]
  /** Whether the addresses of the interfaces behind them changed, too. */
  hasChanged: boolean
}

type State = 'opening' | 'open' | 'closed'

/**
 * A listener of a transport, with an end to every wait. It opens once and closes once. Whenever its
 * `listen` succeeds although it was given up meanwhile, it is closed then.
 */
export class ManagedListener {
  readonly requested: Multiaddr
  readonly listener: Listener
  readonly #init: ManagedListenerInit
  #state: State = 'opening'
  #addresses: Multiaddr[] = []
  #reported = ''
  #lastError: Error | undefined
  #hasEnded = false
  #opening: Deadline | undefined
  #listening: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor (init: ManagedListenerInit) {
    this.#init = init
    this.requested = init.requested
    this.listener = init.listener
    this.listener.addEventListener('listening', this.#onListening)
    this.listener.addEventListener('error', this.#onError)
    this.listener.addEventListener('close', this.#onClose)
  }

  /** As bound when `refresh` was last called. */
  get addresses (): readonly Multiaddr[] {
    return this.#addresses
  }

  matches (address: Multiaddr): boolean {
    return this.requested.equals(address) || this.#addresses.some((bound) => bound.equals(address))
  }

  /**
   * Begins to listen. When this rejects, the listener is closed or will be.
   *
   * @throws what the transport throws
   * @throws CodedError ListenFailed after LISTEN_TIMEOUT_MS, or when it ends before it began
   * @throws the signal's reason, or that of `close`
   */
  async open (signal?: AbortSignal): Promise<void> {
    using deadline = new Deadline({
      clock: this.#init.clock,
      timeoutMs: LISTEN_TIMEOUT_MS,
      signal,
      onTimeout: () => new CodedError('ListenFailed', `it did not begin to listen within ${LISTEN_TIMEOUT_MS} ms`)
    })

    try {
      deadline.signal.throwIfAborted()
      this.#opening = deadline
      this.#listening = this.#listen()
      await raceSignal(this.#listening, deadline.signal)
      deadline.signal.throwIfAborted()

      if (this.#hasEnded) {
        throw this.#ended()
      }

      this.#state = 'open'
      this.#init.onOpen(this)
    } catch (error) {
      void this.close(error)
      throw error
    }
  }

  /** Reads the addresses again. */
  refresh (): AddressChange {
    if (this.#state !== 'open') {
      return { added: [], removed: [], hasChanged: false }
    }

    const before = this.#addresses
    const reported = this.#readAddresses()
    const text = reported.join()
    const hasChanged = text !== this.#reported

    this.#reported = text
    this.#addresses = boundAddresses(this.requested, reported)

    return {
      added: this.#addresses.filter((address) => !before.some((other) => other.equals(address))),
      removed: before.filter((address) => !this.#addresses.some((other) => other.equals(address))),
      hasChanged
    }
  }

  /**
   * Ends the listener. Resolves when that is done, or after LISTENER_CLOSE_TIMEOUT_MS; never rejects.
   *
   * @param reason - what `open` rejects with if it has not finished
   */
  close (reason: unknown): Promise<void> {
    this.#closing ??= this.#close(reason)

    return this.#closing
  }

  /**
   * As `close`, but the connections that came through the listener live on, where it lets us do that.
   * What it holds then is freed with the last of them, or by `close`.
   *
   * @returns when it has ended, and whether it still holds something
   */
  async retire (reason: unknown, onFreed: () => void): Promise<boolean> {
    const server = serverOf(this.listener)

    if (this.#state !== 'open' || server?.listening !== true) {
      await this.close(reason)

      return false
    }

    this.#state = 'closed'
    this.#unsubscribe()
    this.#init.onClosing()
    server.once('close', () => {
      this.#hasEnded = true
      onFreed()
    })
    // the listener would hang up on everybody
    server.close()

    return true
  }

  async #close (reason: unknown): Promise<void> {
    const { clock, log } = this.#init

    this.#state = 'closed'
    this.#opening?.abort(reason)

    using deadline = new Deadline({
      clock,
      timeoutMs: LISTENER_CLOSE_TIMEOUT_MS,
      onTimeout: () => new Error(`it did not close within ${LISTENER_CLOSE_TIMEOUT_MS} ms`)
    })

    try {
      await raceSignal(this.#end(), deadline.signal)
    } catch (error) {
      log.error('could not close the listener on %a - %e', this.requested, error)
    }
  }

  async #listen (): Promise<void> {
    await this.listener.listen(this.requested)
  }

  /**
   * A listener that never began has nothing to close: some plugins would take down their neighbours.
   * It is closed all the same if it holds an address in spite of its failure.
   */
  async #end (): Promise<void> {
    const hasBegun = await this.#listening?.then(() => true, () => this.#readAddresses().length > 0)

    try {
      this.#init.onClosing()

      if (hasBegun === true && !this.#hasEnded) {
        await this.listener.close()
      }
    } finally {
      this.#unsubscribe()
    }
  }

  #readAddresses (): Multiaddr[] {
    try {
      return this.listener.getAddrs()
    } catch (error) {
      this.#init.log.error('could not read the addresses of the listener on %a - %e', this.requested, error)

      return []
    }
  }

  #unsubscribe (): void {
    this.listener.removeEventListener('listening', this.#onListening)
    this.listener.removeEventListener('error', this.#onError)
    this.listener.removeEventListener('close', this.#onClose)
  }

  readonly #onListening = (): void => {
    this.#init.onListening(this)
  }

  readonly #onError = (event: CustomEvent<Error>): void => {
    this.#lastError = toError(event.detail)

    if (this.#state !== 'open') {
      return
    }

    // one that waits for a relay has no address even while it is well
    if (this.#addresses.length > 0 && this.#readAddresses().length === 0) {
      this.#init.onDeath(this, this.#ended())
    } else {
      this.#init.onError(this, this.#lastError)
    }
  }

  readonly #onClose = (): void => {
    this.#hasEnded = true

    if (this.#state === 'open') {
      this.#state = 'closed'
      this.#closing = Promise.resolve()
      this.#unsubscribe()
      this.#init.onDeath(this, this.#ended())
    }
  }

  #ended (): CodedError {
    const why = this.#lastError == null ? 'it closed by itself' : explain(this.#lastError)

    return new CodedError('ListenFailed', `the listener on ${this.requested.toString()} has ended: ${why}`, { cause: this.#lastError })
  }
}
