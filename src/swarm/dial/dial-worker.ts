import { CODE_TCP } from '@multiformats/multiaddr'
import { CodedError, Deadline, isCoded, raceSignal } from '../../base/index.ts'
import { hasProtocol, isPublicAddress, isRelayed } from './address-kind.ts'
import { withoutPeer } from './address-peer.ts'
import { DialAttempt } from './dial-attempt.ts'
import { AddressError } from './dial-error.ts'
import { AT_ONCE, DialPacer } from './dial-pacer.ts'
import { PUBLIC_TCP_DELAY_MS } from './dial-ranker.ts'
import { DialRequest } from './dial-request.ts'
import { isOurFault, withRetryAt } from './dial-verdict.ts'
import type { DialAddresses, DialRequestOptions, DialTarget, DialWorkerComponents, PendingDial } from './dial-components.ts'
import type { Connection } from '../contract/connection.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A public TCP address that has connected holds the next batch back for so long: its handshake mostly succeeds. */
export const PUBLIC_CONNECTED_HOLD_MS = PUBLIC_TCP_DELAY_MS

/** `addressesFor` keeps to resolveTimeoutMs itself, and gives back what it has by then; so much later it is given up. */
export const RESOLVE_GRACE_MS = 1_000

/** What a worker needs of the one who started it. */
export interface DialWorkerLinks {
  /** The last request has ended, and with it all dials: the worker is not to be used again. */
  onIdle: () => void
  /** Owns a connection whose dial had been given up. */
  onLate: (key: string, connection: Connection) => void
  /** Is told of each connection that a caller gets, before the caller. */
  onAnswer: (connection: Connection) => void
  /** Aborts when the swarm closes. */
  closing: AbortSignal
}

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
}

/**
 * All dials to one peer, for all who ask for one at the same time. Each address is dialled once,
 * whoever asks for it:
 *
 *   queued --its turn--> dialling --> connected   answers all requests that name the address
 *      |                    |   \---> failed      its requests go on with their other addresses
 *      \------- nobody waits for it any more --> gone, and aborted
 *
 * Each request has addresses, errors, time and an end of its own.
 */
export class DialWorker {
  readonly #target: DialTarget
  readonly #components: DialWorkerComponents
  readonly #links: DialWorkerLinks
  readonly #requests = new Set<DialRequest>()
  readonly #dials = new Map<string, AddressDial>()
  readonly #pacer: DialPacer
  #succeeded = false

  constructor (target: DialTarget, components: DialWorkerComponents, links: DialWorkerLinks) {
    this.#target = target
    this.#components = components
    this.#links = links
    this.#pacer = new DialPacer(components.clock, (key) => { this.#start(key) })
  }

  /**
   * Joins the dials to this peer.
   *
   * @throws DialError, or the signal's reason
   */
  async dial (options: DialRequestOptions, signal?: AbortSignal): Promise<Connection> {
    const { clock, settings } = this.#components
    const request: DialRequest = new DialRequest({
      target: this.#target,
      options,
      clock,
      signal,
      timeoutMs: options.timeoutMs ?? settings.peerTimeoutMs,
      onAbort: (reason) => { this.#dismiss(request, reason) },
      onTimeout: () => { this.#onTimeout(request) }
    })

    this.#requests.add(request)
    this.#prepare(request).catch((thrown) => { this.#dismiss(request, thrown) })

    return await request.connection
  }

  /**
   * Answers all requests that name this address, and those that have an acceptable connection now.
   *
   * @returns whether one of them took this connection
   */
  offer (key: string, connection: Connection): boolean {
    this.#succeeded = true

    return this.#answerAll((request) => request.names(key) ? connection : this.#acceptable(request)).has(connection)
  }

  /** Answers all requests that have an acceptable connection now, as after the peer has dialled us. */
  reconsider (): void {
    this.#answerAll((request) => this.#acceptable(request))
  }

  /** Ends all requests with this reason, and so all dials. */
  abort (reason: unknown): void {
    for (const request of [...this.#requests]) {
      this.#dismiss(request, reason)
    }
  }

  describe (): PendingDial {
    const dials = [...this.#dials.values()].filter(({ state }) => state.name !== 'failed')

    return {
      ...this.#target,
      addresses: dials.map(({ address }) => address),
      status: dials.some(({ state }) => state.name === 'dialling') ? 'active' : 'queued'
    }
  }

  async #prepare (request: DialRequest): Promise<void> {
    const found = await this.#addressesFor(request).catch((thrown: unknown) => {
      if (!request.ended) {
        this.#giveUp(request, isCoded(thrown) ? thrown.code : 'ResolveFailed', thrown)
      }
    })

    if (found != null && !request.ended) {
      this.#admit(request, found)
    }
  }

  async #addressesFor ({ options, signal }: DialRequest): Promise<DialAddresses> {
    const { clock, settings } = this.#components
    const timeoutMs = settings.resolveTimeoutMs + RESOLVE_GRACE_MS

    using deadline = new Deadline({
      clock,
      timeoutMs,
      signal,
      onTimeout: () => new CodedError('ResolveFailed', `the addresses of ${this.#target.key} were not known within ${timeoutMs} ms`)
    })

    return await raceSignal(this.#components.addressesFor(this.#target.peer, options, deadline.signal), deadline.signal)
  }

  #admit (request: DialRequest, { good, refused }: DialAddresses): void {
    const now = this.#components.clock.now()

    request.refuse(refused)

    for (const { address, delayMs } of this.#components.rank(good)) {
      // anything else could never become due, and would keep the request waiting without a dial
      if (!(delayMs >= 0 && delayMs < Infinity)) {
        throw new RangeError(`the ranker must give each address a finite delayMs of 0 or more, and gave ${delayMs} to ${address.toString()}`)
      }

      this.#join(request, address, request.options.noDelay === true ? AT_ONCE : now + delayMs)
    }

    if (!request.ended && !request.waiting) {
      this.#giveUp(request)
    }

    this.#pacer.pace()
  }

  /** Adds an address to a request: what is known of it already, or the wait for its dial. */
  #join (request: DialRequest, address: Multiaddr, dueAt: number): void {
    const key = this.#keyOf(address)

    if (request.ended || request.names(key)) {
      return
    }

    const dial = this.#dialOf(key) ?? this.#enter(request, key, address)

    switch (dial.state.name) {
      case 'connected':
        this.#answer(request, dial.state.connection)
        return
      case 'failed':
        request.fail(key, dial.state.error)
        return
      case 'queued':
        this.#pacer.queue(key, dueAt)
        break
      case 'dialling':
        if (dial.state.attempt.started) {
          request.tried()
        }
    }

    dial.requests.add(request)
    request.expect(key)
  }

  #dialOf (key: string): AddressDial | undefined {
    const dial = this.#dials.get(key)

    return dial?.state.name === 'connected' && dial.state.connection.status !== 'open' ? undefined : dial
  }

  /** A new dial; one that has failed from the outset, and is not remembered, if the address is in backoff. */
  #enter ({ options }: DialRequest, key: string, address: Multiaddr): AddressDial {
    const { backoff, clock } = this.#components
    const retryAt = options.force === true ? undefined : backoff.retryAt(this.#peerKey, key)

    if (retryAt !== undefined) {
      // a later request may force it
      const error = new AddressError('DialBackoff', address, { phase: 'gate', retryAt, now: clock.now() })

      return { key, address, state: { name: 'failed', error }, requests: new Set() }
    }

    const dial: AddressDial = { key, address, state: { name: 'queued' }, requests: new Set() }

    this.#dials.set(key, dial)

    return dial
  }

  #start (key: string): void {
    const dial = this.#dials.get(key)

    if (dial?.state.name !== 'queued') {
      return
    }

    const attempt = new DialAttempt({
      target: this.#target,
      address: dial.address,
      components: this.#components,
      closing: this.#links.closing,
      onStarted: () => { dial.requests.forEach((request) => { request.tried() }) },
      onConnected: () => { this.#onSocket(dial) },
      onLate: (connection) => { this.#links.onLate(key, connection) }
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
      this.#pacer.pace()
    }
  }

  #onConnection (dial: AddressDial, connection: Connection): void {
    if (this.#dials.get(dial.key) !== dial) {
      // given up in the very turn in which it connected
      this.#links.onLate(dial.key, connection)
      return
    }

    dial.state = { name: 'connected', connection }
    dial.requests.clear()
    this.#pacer.forget(dial.key)
    this.#components.record?.(dial.address, true)
    this.offer(dial.key, connection)
  }

  #onFailure (dial: AddressDial, thrown: AddressError): void {
    if (this.#dials.get(dial.key) !== dial) {
      return
    }

    const error = this.#penalize(dial, thrown)
    const requests = [...dial.requests]

    dial.state = { name: 'failed', error }
    dial.requests.clear()
    this.#pacer.forget(dial.key)

    for (const request of requests) {
      request.fail(dial.key, error)

      if (!request.waiting) {
        this.#giveUp(request)
      }
    }

    this.#pacer.pace()
  }

  #penalize ({ key, address }: AddressDial, error: AddressError): AddressError {
    if (isOurFault(error)) {
      return error
    }

    this.#components.record?.(address, false)

    // a peer that answers elsewhere is there: what fails now is the way, and needs no rest
    return this.#succeeded ? error : withRetryAt(error, this.#components.backoff.add(this.#peerKey, key))
  }

  #onTimeout (request: DialRequest): void {
    for (const { key, address, state, requests } of this.#dials.values()) {
      if (requests.has(request)) {
        const attempt = state.name === 'dialling' ? state.attempt : undefined

        request.fail(key, new AddressError('DialTimeout', address, {
          phase: attempt?.phase ?? 'limit',
          durationMs: attempt?.durationMs,
          message: attempt?.started === true ? 'no answer before the time of the whole dial was up' : 'not tried before the time of the whole dial was up'
        }))
      }
    }

    this.#giveUp(request, 'DialTimeout')
    this.#pacer.pace()
  }

  /** The end of a request that has no address left, unless the peer has come to us meanwhile. */
  #giveUp (request: DialRequest, code?: ErrorCode, cause?: unknown): void {
    const connection = this.#acceptable(request)

    if (connection != null) {
      this.#answer(request, connection)
      return
    }

    request.reject(request.error(code, cause))
    this.#leave(request, 'nobody waits for this dial any more')
  }

  #dismiss (request: DialRequest, reason: unknown): void {
    request.reject(reason)
    this.#leave(request, 'nobody waits for this dial any more')
    this.#pacer.pace()
  }

  #answerAll (answerFor: (request: DialRequest) => Connection | undefined): Set<Connection> {
    const answers = new Set<Connection>()

    for (const request of [...this.#requests]) {
      const connection = answerFor(request)

      if (connection != null) {
        answers.add(connection)
        this.#answer(request, connection)
      }
    }

    // not before all are answered: until then it looks as if somebody waited for the next batch
    this.#pacer.pace()

    return answers
  }

  #answer (request: DialRequest, connection: Connection): void {
    this.#links.onAnswer(connection)
    request.resolve(connection)
    this.#leave(request, 'there is a connection to this peer')
  }

  /** Takes a request out of everything, and gives up what nobody else waits for. */
  #leave (request: DialRequest, why: string): void {
    if (!this.#requests.delete(request)) {
      return
    }

    for (const dial of this.#dials.values()) {
      if (dial.requests.delete(request) && dial.requests.size === 0) {
        this.#drop(dial, why)
      }
    }

    if (this.#requests.size === 0) {
      this.#links.onIdle()
    }
  }

  #drop ({ key, state }: AddressDial, why: string): void {
    this.#dials.delete(key)
    this.#pacer.forget(key)

    if (state.name === 'dialling') {
      state.attempt.abort(new DOMException(why, 'AbortError'))
    }
  }

  #acceptable (request: DialRequest): Connection | undefined {
    return this.#components.acceptable(this.#target.peer, request.options)
  }

  /** Of the limits that count by peer, and of backoff. */
  get #peerKey (): string {
    return this.#target.peer?.toString() ?? ''
  }

  #keyOf (address: Multiaddr): string {
    return (this.#target.peer == null ? address : withoutPeer(address)).toString()
  }
}
