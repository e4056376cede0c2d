import { CodedError, toError, TransientMap } from '../../base/index.ts'
import { DialWorker } from './dial-worker.ts'
import type { DialRequestOptions, DialTarget, DialWorkerComponents, PendingDial } from './dial-components.ts'
import type { Connection } from '../contract/connection.ts'
import type { PeerId } from '@libp2p/interface'

export interface DialSyncStat {
  /** Peers that are being dialled. */
  active: number
  /** Callers that wait for them. */
  waiting: number
}

/**
 * One dial a peer, however many ask for it at the same time. Who asks joins the dial that is there,
 * and may leave it at any moment; when the last one leaves, it is aborted and forgotten. So nothing
 * of a dial outlives it: the next one starts afresh.
 */
export class DialSync {
  readonly #components: DialWorkerComponents
  readonly #workers = new TransientMap<string, DialWorker>()
  readonly #closing = new AbortController()
  /** Connections that callers have been given: those are theirs, even if their dial ends late. */
  readonly #given = new WeakSet<Connection>()
  #waiting = 0

  constructor (components: DialWorkerComponents) {
    this.#components = components
  }

  /**
   * Connects to a peer, or joins the dial to it.
   *
   * @throws the signal's reason; CodedError SwarmClosed, ResourceLimit; DialError
   */
  async dial (target: DialTarget, request: DialRequestOptions = {}, signal?: AbortSignal): Promise<Connection> {
    const ready = this.ready(target.peer, request, signal)

    if (ready != null) {
      return ready
    }

    this.#throwIfFull()
    this.#waiting++

    try {
      return await this.#workerFor(target).dial(request, signal)
    } catch (error) {
      // why the caller or the swarm wanted no more says more than how the dial then failed
      this.#throwIfEnded(signal)
      throw error
    } finally {
      this.#waiting--
    }
  }

  /**
   * The connection that `dial` would give without dialling, if there is one.
   *
   * @throws as `dial`
   */
  ready (peer: PeerId | undefined, request: DialRequestOptions, signal?: AbortSignal): Connection | undefined {
    const { timeoutMs = 0 } = request

    if (!(timeoutMs >= 0)) {
      throw new RangeError(`timeoutMs must be a number of 0 or more, received ${timeoutMs}`)
    }

    this.#throwIfEnded(signal)

    const connection = this.#components.acceptable(peer, request)

    if (connection != null) {
      this.#given.add(connection)
    }

    return connection
  }

  /** Tells those who dial this peer that it has a new connection, as when it has dialled us. */
  reconsider (key: string): void {
    this.#workers.get(key)?.reconsider()
  }

  /** Aborts all dials: who waits, and who dials later, gets SwarmClosed. */
  close (): void {
    this.#closing.abort(new CodedError('SwarmClosed', 'swarm closed'))

    for (const worker of [...this.#workers.values()]) {
      worker.abort(this.#closing.signal.reason)
    }
  }

  stat (): DialSyncStat {
    return { active: this.#workers.size, waiting: this.#waiting }
  }

  pending (): PendingDial[] {
    return [...this.#workers.values()].map((worker) => worker.describe())
  }

  #workerFor (target: DialTarget): DialWorker {
    const known = this.#workers.get(target.key)

    if (known != null) {
      return known
    }

    const worker: DialWorker = new DialWorker(target, this.#components, {
      closing: this.#closing.signal,
      onIdle: () => { this.#forget(target, worker) },
      onAnswer: (connection) => { this.#given.add(connection) },
      onLate: (key, connection, { spared = false }) => { this.#onLate(target, key, connection, spared) }
    })

    this.#workers.set(target.key, worker)

    return worker
  }

  /** A worker that has ended must not take the place of its successor with it. */
  #forget ({ key }: DialTarget, worker: DialWorker): void {
    if (this.#workers.get(key) === worker) {
      this.#workers.delete(key)
    }
  }

  /**
   * Whoever dials the peer now may have what an earlier dial, or an earlier worker, did not live to see.
   * A spared one stays in any case, beside the one that the peer has dialled.
   */
  #onLate (target: DialTarget, key: string, connection: Connection, spared: boolean): void {
    this.#workers.get(target.key)?.offer(key, connection)

    if (!spared && !this.#given.has(connection)) {
      void discard(connection)
    }
  }

  #throwIfEnded (signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    this.#closing.signal.throwIfAborted()
  }

  #throwIfFull (): void {
    const { maxWaiters } = this.#components.settings

    if (this.#waiting >= maxWaiters) {
      throw new CodedError('ResourceLimit', `too many callers wait for dials: ${this.#waiting} of dial.maxWaiters ${maxWaiters} in use`)
    }
  }
}

/** Never rejects: all that can be done if it fails is to abort. */
async function discard (connection: Connection): Promise<void> {
  try {
    await connection.close()
  } catch (error) {
    connection.abort(toError(error))
  }
}
