import { CodedError, Deadline, raceSignal } from '../base/index.ts'
import type { Clock } from '../base/index.ts'
import type { SwarmConnection } from './connection/index.ts'

/** Callers that wait at the same time, over all peers. */
export const MAX_DIRECT_WAITERS = 4096

/** Callers that wait for a direct connection to a peer that is reached over a relay only. */
export class DirectWait {
  readonly #waiters = new Map<string, Set<(connection: SwarmConnection) => void>>()
  #waiting = 0

  /** A connection was made; who waited for this one goes on. */
  offer (connection: SwarmConnection): void {
    if (connection.limits != null) {
      return
    }

    for (const resolve of this.#waiters.get(connection.remotePeer.toString()) ?? []) {
      resolve(connection)
    }
  }

  /**
   * The next unlimited connection to a peer.
   *
   * @throws CodedError LimitedConnection when none comes in time, ResourceLimit when too many wait
   */
  async wait (peer: string, { clock, timeoutMs, signal, ended }: { clock: Clock, timeoutMs: number, signal: AbortSignal | undefined, ended: AbortSignal }): Promise<SwarmConnection> {
    if (this.#waiting >= MAX_DIRECT_WAITERS) {
      throw new CodedError('ResourceLimit', `too many callers wait for direct connections: ${this.#waiting} of ${MAX_DIRECT_WAITERS}`)
    }

    const { promise, resolve } = Promise.withResolvers<SwarmConnection>()
    const waiters = this.#waiters.get(peer) ?? new Set()
    using deadline = new Deadline({
      clock,
      timeoutMs,
      signal,
      onTimeout: () => new CodedError('LimitedConnection', `limited connection to peer ${peer}: no direct one came within ${timeoutMs} ms; pass { limited: 'allow' } to use it all the same`)
    })

    waiters.add(resolve)
    this.#waiters.set(peer, waiters)
    this.#waiting++

    try {
      return await raceSignal(raceSignal(promise, ended), deadline.signal)
    } finally {
      this.#waiting--
      waiters.delete(resolve)

      if (waiters.size === 0) {
        this.#waiters.delete(peer)
      }
    }
  }
}
