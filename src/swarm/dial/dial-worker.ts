import { CodedError, Deadline, isCoded, raceSignal } from '../../base/index.ts'
import { AddressDials } from './address-dials.ts'
import { AT_ONCE } from './dial-pacer.ts'
import { DialRequest } from './dial-request.ts'
import type { DialAddresses, DialRequestOptions, DialTarget, DialWorkerComponents, PendingDial } from './dial-components.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { Connection } from '../contract/connection.ts'

/** `addressesFor` keeps to resolveTimeoutMs itself, and gives back what it has by then; so much later it is given up. */
export const RESOLVE_GRACE_MS = 1_000

/** What a worker needs of the one who started it. */
export interface DialWorkerLinks {
  /** The last request has ended, and with it all dials: the worker is not to be used again. */
  onIdle(): void
  /** Owns a connection whose dial had been given up, or spared. */
  onLate(key: string, connection: Connection, options: { spared?: boolean }): void
  /** Is told of each connection that a caller gets, before the caller. */
  onAnswer(connection: Connection): void
  /** Aborts when the swarm closes. */
  closing: AbortSignal
}

/**
 * One dial to one peer, for all who ask for it at the same time. Each has addresses, errors, time
 * and an end of its own; the dials of the addresses are shared.
 */
export class DialWorker {
  readonly #target: DialTarget
  readonly #components: DialWorkerComponents
  readonly #links: DialWorkerLinks
  readonly #requests = new Set<DialRequest>()
  readonly #dials: AddressDials

  constructor (target: DialTarget, components: DialWorkerComponents, links: DialWorkerLinks) {
    this.#target = target
    this.#components = components
    this.#links = links
    this.#dials = new AddressDials(target, components, {
      closing: links.closing,
      onLate: (key, connection, options) => { links.onLate(key, connection, options) },
      onConnected: (key, connection) => { this.offer(key, connection) },
      onFailed: (requests) => { this.#onFailed(requests) }
    })
  }

  /**
   * Joins the dial of this peer.
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
    this.#prepare(request).catch((thrown: unknown) => { this.#dismiss(request, thrown) })

    return request.connection
  }

  /** Answers all requests that name this address, and those that have an acceptable connection now. */
  offer (key: string, connection: Connection): void {
    this.#dials.succeed()
    this.#answerAll((request) => request.names(key) ? connection : this.#acceptable(request))
  }

  /**
   * Answers all requests that have an acceptable connection now, as after the peer has dialled us.
   *
   * Our own handshakes with it go on: the peer may have finished its part of one, and given up its own
   * dial for that. If both sides gave up theirs, no connection would be left.
   */
  reconsider (): void {
    this.#answerAll((request) => this.#acceptable(request), { spare: true })
  }

  /** Ends all requests with this reason, and so all dials. */
  abort (reason: unknown): void {
    for (const request of [...this.#requests]) {
      this.#dismiss(request, reason)
    }
  }

  describe (): PendingDial {
    return { ...this.#target, ...this.#dials.describe() }
  }

  async #prepare (request: DialRequest): Promise<void> {
    let found: DialAddresses

    try {
      found = this.#components.addressesAtHand?.(this.#target.peer, request.options) ?? await this.#awaitAddresses(request)
    } catch (thrown) {
      this.#giveUp(request, isCoded(thrown) ? thrown.code : 'ResolveFailed', thrown)
      return
    }

    if (!request.ended) {
      this.#admit(request, found)
    }
  }

  async #awaitAddresses ({ options, signal }: DialRequest): Promise<DialAddresses> {
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
      // anything else might never become due, and the request would wait for no dial
      if (!(delayMs >= 0 && delayMs < Infinity)) {
        throw new RangeError(`the ranker must give each address a finite delayMs of 0 or more, and gave ${delayMs} to ${address.toString()}`)
      }

      const connection = this.#dials.join(request, address, request.options.noDelay === true ? AT_ONCE : now + delayMs)

      if (connection != null) {
        this.#answer(request, connection)
        break
      }
    }

    if (!request.waiting) {
      this.#giveUp(request)
    }

    this.#dials.pace()
  }

  #onFailed (requests: DialRequest[]): void {
    for (const request of requests) {
      if (!request.waiting) {
        this.#giveUp(request)
      }
    }

    this.#dials.pace()
  }

  #onTimeout (request: DialRequest): void {
    this.#dials.expire(request)
    this.#giveUp(request, 'DialTimeout')
    this.#dials.pace()
  }

  /** The end of a request that has nothing left to wait for, unless the peer has come to us meanwhile. */
  #giveUp (request: DialRequest, code?: ErrorCode, cause?: unknown): void {
    if (request.ended) {
      return
    }

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
    this.#dials.pace()
  }

  #answerAll (answerFor: (request: DialRequest) => Connection | undefined, options: { spare?: boolean } = {}): void {
    for (const request of [...this.#requests]) {
      const connection = answerFor(request)

      if (connection != null) {
        this.#answer(request, connection, options)
      }
    }

    // after all of them: in between it looks as if somebody still needed the next batch
    this.#dials.pace()
  }

  #answer (request: DialRequest, connection: Connection, options: { spare?: boolean } = {}): void {
    this.#links.onAnswer(connection)
    request.resolve(connection)
    this.#leave(request, 'there is a connection to this peer', options)
  }

  #leave (request: DialRequest, why: string, options: { spare?: boolean } = {}): void {
    this.#requests.delete(request)
    this.#dials.leave(request, why, options)

    if (this.#requests.size === 0) {
      this.#links.onIdle()
    }
  }

  #acceptable (request: DialRequest): Connection | undefined {
    return this.#components.acceptable(this.#target.peer, request.options)
  }
}
