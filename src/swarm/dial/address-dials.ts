import { CODE_TCP } from '@multiformats/multiaddr'
import { withoutPeer } from '../address/index.ts'
import { hasProtocol, isPublicAddress, isRelayed } from './address-kind.ts'
import { DialAttempt } from './dial-attempt.ts'
import { DialPacer } from './dial-pacer.ts'
import { PUBLIC_TCP_DELAY_MS } from './dial-ranker.ts'
import { inBackoff, isOurFault, outOfTime, withRetryAt } from './dial-verdict.ts'
import type { DialTarget, DialWorkerComponents, PendingDial } from './dial-components.ts'
import type { AddressError } from './dial-error.ts'
import type { DialRequest } from './dial-request.ts'
import type { Connection } from '../contract/connection.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A public TCP address that has connected holds the next batch back for so long: its handshake mostly succeeds. */
export const PUBLIC_CONNECTED_HOLD_MS = PUBLIC_TCP_DELAY_MS

type DialState =
  | { name: 'queued' }
  | { name: 'dialling', attempt: DialAttempt }
  | { name: 'failed', error: AddressError }
  | { name: 'connected', connection: Connection }

interface AddressDial {
  key: string
  address: Multiaddr
  state: DialState
  /** Those that wait for this address: none once it has failed or connected. */
  requests: Set<DialRequest>
  /** Nobody waits for it, and it goes on all the same, until the swarm closes. */
  spared?: Disposable
}

/** What becomes of the dials. Whoever is called paces them afterwards. */
export interface AddressDialsEvents {
  onConnected(key: string, connection: Connection): void
  /** The requests, which waited for the address, know of it already. */
  onFailed(requests: DialRequest[]): void
  /** Owns a connection whose dial had been given up, or spared. */
  onLate(key: string, connection: Connection, options: { spared?: boolean }): void
  /** Aborts when the swarm closes. */
  closing: AbortSignal
}

/**
 * The addresses of one peer. Each is dialled once, whoever asks for it:
 *
 * ```
 * queued --its turn--> dialling --> connected   and nothing else begins for those who named it
 *    |                    |   \---> failed      and stays so for as long as the peer is dialled
 *    \------- nobody waits for it any more --> gone, and aborted
 * ```
 */
export class AddressDials {
  readonly #target: DialTarget
  readonly #components: DialWorkerComponents
  readonly #events: AddressDialsEvents
  readonly #dials = new Map<string, AddressDial>()
  readonly #pacer: DialPacer
  #succeeded = false

  constructor (target: DialTarget, components: DialWorkerComponents, events: AddressDialsEvents) {
    this.#target = target
    this.#components = components
    this.#events = events
    this.#pacer = new DialPacer(components.clock, (key) => { this.#start(key) })
  }

  /**
   * Adds an address to a request: the wait for its dial or, if that is over, how it failed.
   *
   * @returns the connection to this address, if there is one
   */
  join (request: DialRequest, address: Multiaddr, dueAt: number): Connection | undefined {
    const key = this.#keyOf(address)

    if (request.names(key)) {
      return undefined
    }

    const dial = this.#known(key) ?? this.#enter(key, address, request.options.force === true)
    const { state } = dial

    if (state.name === 'connected') {
      return state.connection
    }

    if (state.name === 'failed') {
      request.fail(key, state.error)
      return undefined
    }

    if (state.name === 'queued') {
      this.#pacer.queue(key, dueAt)
    } else if (state.attempt.started) {
      request.tried()
    }

    dial.requests.add(request)
    request.expect(key)

    return undefined
  }

  /** Takes a request out, and gives up what nobody else waits for; `spare` lets handshakes end that have begun. */
  leave (request: DialRequest, why: string, { spare = false } = {}): void {
    for (const dial of this.#dials.values()) {
      if (dial.requests.delete(request) && dial.requests.size === 0) {
        this.#drop(dial, why, spare)
      }
    }
  }

  /** Lets the time of a request run out: all that it still waits for has failed for it, and for nobody else. */
  expire (request: DialRequest): void {
    for (const { key, address, state, requests } of this.#dials.values()) {
      if (requests.has(request)) {
        request.fail(key, outOfTime(address, state.name === 'dialling' ? state.attempt : undefined))
      }
    }
  }

  /** Starts what is due. Call it after every change. */
  pace (): void {
    this.#pacer.pace()
  }

  /** There is a connection to the peer, wherever it came from. */
  succeed (): void {
    this.#succeeded = true
  }

  describe (): Pick<PendingDial, 'addresses' | 'status'> {
    const dials = [...this.#dials.values()].filter(({ state }) => state.name !== 'failed')

    return {
      addresses: dials.map(({ address }) => address),
      status: dials.some(({ state }) => state.name === 'dialling') ? 'active' : 'queued'
    }
  }

  #known (key: string): AddressDial | undefined {
    const dial = this.#dials.get(key)
    const isStale = dial?.state.name === 'connected' && dial.state.connection.status !== 'open'

    return isStale ? undefined : dial
  }

  /** Queues the dial of an address. One in backoff has failed from the outset, but a later request may force it. */
  #enter (key: string, address: Multiaddr, force: boolean): AddressDial {
    const { backoff, clock } = this.#components
    const retryAt = force ? undefined : backoff.retryAt(this.#peerKey, key)

    if (retryAt !== undefined) {
      return { key, address, state: { name: 'failed', error: inBackoff(address, retryAt, clock.now()) }, requests: new Set() }
    }

    const dial: AddressDial = { key, address, state: { name: 'queued' }, requests: new Set() }

    this.#dials.set(key, dial)

    return dial
  }

  #start (key: string): void {
    const dial = this.#dials.get(key)

    if (dial == null) {
      return
    }

    const attempt = new DialAttempt({
      target: this.#target,
      address: dial.address,
      components: this.#components,
      closing: this.#events.closing,
      onStarted: () => { dial.requests.forEach((request) => { request.tried() }) },
      onConnected: () => { this.#onSocket(dial) },
      onLate: (connection) => { this.#events.onLate(key, connection, {}) }
    })

    dial.state = { name: 'dialling', attempt }
    attempt.run().then(
      (connection) => { this.#onConnection(dial, connection) },
      (error: AddressError) => { this.#onFailure(dial, error) }
    )
  }

  #onSocket ({ key, address }: AddressDial): void {
    if (hasProtocol(address, CODE_TCP) && isPublicAddress(address) && !isRelayed(address)) {
      this.#pacer.hold(key, this.#components.clock.now() + PUBLIC_CONNECTED_HOLD_MS)
    }
  }

  #onConnection (dial: AddressDial, connection: Connection): void {
    if (!this.#isCurrent(dial)) {
      // spared, or given up in the very turn in which it connected
      this.#events.onLate(dial.key, connection, { spared: dial.spared != null })
      dial.spared?.[Symbol.dispose]()
      return
    }

    this.#components.record?.(dial.address, true)
    this.#finish(dial, { name: 'connected', connection })
    this.#events.onConnected(dial.key, connection)
  }

  #onFailure (dial: AddressDial, thrown: AddressError): void {
    if (!this.#isCurrent(dial)) {
      dial.spared?.[Symbol.dispose]()
      return
    }

    const error = this.#penalize(dial, thrown)
    const requests = this.#finish(dial, { name: 'failed', error })

    for (const request of requests) {
      request.fail(dial.key, error)
    }

    this.#events.onFailed(requests)
  }

  /** Nobody waits for this dial any more. Gives back those who did. */
  #finish (dial: AddressDial, state: DialState): DialRequest[] {
    const requests = [...dial.requests]

    dial.state = state
    dial.requests.clear()
    this.#pacer.forget(dial.key)

    return requests
  }

  #penalize ({ key, address }: AddressDial, error: AddressError): AddressError {
    if (isOurFault(error)) {
      return error
    }

    this.#components.record?.(address, false)

    // a peer that has just answered elsewhere is there, and need not be spared
    return this.#succeeded ? error : withRetryAt(error, this.#components.backoff.add(this.#peerKey, key))
  }

  #drop (dial: AddressDial, why: string, spare: boolean): void {
    const { key, state } = dial

    this.#dials.delete(key)
    this.#pacer.forget(key)

    if (state.name !== 'dialling') {
      return
    }

    if (spare && state.attempt.connected) {
      dial.spared = this.#endWithSwarm(state.attempt)
    } else {
      state.attempt.abort(new DOMException(why, 'AbortError'))
    }
  }

  /** For a dial that no request would abort. */
  #endWithSwarm (attempt: DialAttempt): Disposable {
    const { closing } = this.#events
    const onClosing = (): void => { attempt.abort(closing.reason) }

    closing.addEventListener('abort', onClosing, { once: true })

    return { [Symbol.dispose]: () => { closing.removeEventListener('abort', onClosing) } }
  }

  /** Whether this dial has not been given up. */
  #isCurrent (dial: AddressDial): boolean {
    return this.#dials.get(dial.key) === dial
  }

  /** For the limits that count by peer, and for backoff. */
  get #peerKey (): string {
    return this.#target.peer?.toString() ?? ''
  }

  /** One address has one key, whether the peer is named at its end or not. */
  #keyOf (address: Multiaddr): string {
    return (this.#target.peer == null ? address : withoutPeer(address)).toString()
  }
}
