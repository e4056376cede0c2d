import { CodedError, Deadline, after, raceSignal } from '../../base/index.ts'
import { isPrivateAddress, isRelayed } from './address-kind.ts'
import { AddressError, toAddressError } from './dial-error.ts'
import type { DialTarget, DialWorkerComponents } from './dial-components.ts'
import type { DialPhase } from './dial-error.ts'
import type { Timer } from '../../base/index.ts'
import type { Connection } from '../contract/connection.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * A transport that does not end when its signal aborts keeps its permits for so long, and no
 * longer: a few dials that hang for ever must not make a peer unreachable for ever.
 */
export const ABANDON_AFTER_MS = 30_000

export interface DialAttemptInit {
  target: DialTarget
  address: Multiaddr
  components: Pick<DialWorkerComponents, 'clock' | 'settings' | 'limiter' | 'dialAddress'>
  /** Aborts when the swarm closes: then no transport is waited for. */
  closing: AbortSignal
  /** The dial has left the queue of the limiter. */
  onStarted(): void
  /** The socket is connected. */
  onConnected(): void
  /** Owns a connection that comes after `run` has rejected. */
  onLate(connection: Connection): void
}

/** The dial of one address, once. Its time counts from the moment at which the limiter lets it start. */
export class DialAttempt {
  readonly #init: DialAttemptInit
  readonly #controller = new AbortController()
  #phase: DialPhase = 'limit'
  #countedFrom: number
  #timer: Timer | undefined

  constructor (init: DialAttemptInit) {
    this.#init = init
    this.#countedFrom = init.components.clock.now()
  }

  /** How far it has got; 'limit' until it has started. */
  get phase (): DialPhase {
    return this.#phase
  }

  get started (): boolean {
    return this.#phase !== 'limit'
  }

  /** Whether there is a socket, and the peer may have heard from us. */
  get connected (): boolean {
    return this.started && this.#phase !== 'connect'
  }

  /** Since it has started or, until then, since it waits for that. */
  get durationMs (): number {
    return this.#init.components.clock.now() - this.#countedFrom
  }

  /**
   * Waits for a permit, connects and upgrades.
   *
   * @throws AddressError
   */
  async run (): Promise<Connection> {
    const { target: { peer }, address, components: { limiter }, onLate } = this.#init

    try {
      return await limiter.run({
        peer: peer?.toString() ?? '',
        address,
        signal: this.#controller.signal,
        dial: (signal) => this.#dial(signal),
        onLate
      })
    } catch (thrown) {
      throw toAddressError(address, thrown, { phase: this.#phase, durationMs: this.durationMs })
    } finally {
      this.#timer?.[Symbol.dispose]()
    }
  }

  /** Gives up: `run` rejects at once, whether or not the transport obeys. */
  abort (reason: unknown): void {
    this.#controller.abort(reason)
  }

  async #dial (signal: AbortSignal): Promise<Connection> {
    const { target: { peer }, address, components } = this.#init

    this.#start()

    const dialled = components.dialAddress(peer, address, { signal, onConnected: this.#onConnected })

    try {
      return await raceSignal(dialled, signal)
    } catch (thrown) {
      if (!signal.aborted) {
        throw thrown
      }
    }

    return this.#linger(dialled)
  }

  #start (): void {
    const { address, components: { clock, settings }, onStarted } = this.#init
    const nearby = isPrivateAddress(address) && !isRelayed(address)
    const timeoutMs = nearby ? settings.localAddressTimeoutMs : settings.addressTimeoutMs

    this.#phase = 'connect'
    this.#countedFrom = clock.now()

    if (timeoutMs !== Infinity) {
      this.#timer = after(clock, timeoutMs, () => { this.#onTimeout(timeoutMs) })
    }

    onStarted()
  }

  readonly #onConnected = (): void => {
    if (!this.#controller.signal.aborted) {
      this.#phase = 'encrypt'
      this.#init.onConnected()
    }
  }

  #onTimeout (timeoutMs: number): void {
    this.abort(new AddressError('DialTimeout', this.#init.address, {
      phase: this.#phase,
      durationMs: this.durationMs,
      message: `${this.#phase === 'connect' ? 'nobody answered' : 'the handshake did not end'} within ${timeoutMs} ms`
    }))
  }

  /** Keeps the permits of an aborted dial until it has ended, or until that has taken too long. */
  async #linger (dialled: Promise<Connection>): Promise<Connection> {
    const { components: { clock }, closing, onLate } = this.#init

    using patience = new Deadline({
      clock,
      timeoutMs: ABANDON_AFTER_MS,
      signal: closing,
      onTimeout: () => new CodedError('DialTimeout', `the transport did not end within ${ABANDON_AFTER_MS} ms of its abort`)
    })

    try {
      return await raceSignal(dialled, patience.signal)
    } catch (thrown) {
      // for the limiter this dial is over, so that a connection that still comes is ours
      dialled.then(onLate, () => {})
      throw thrown
    }
  }
}
