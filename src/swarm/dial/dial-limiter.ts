import { Permits, TransientMap } from '../../base/index.ts'
import { isFdConsuming, isRelayed } from './address-kind.ts'
import type { Permit } from '../../base/index.ts'
import type { DialSettings } from '../options.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface DialJob<T> {
  /** Whose limit counts; '' where the peer is not known: then each address counts as a peer. */
  peer: string
  address: Multiaddr
  /** Takes the job out of its queue, or gives up the dial. */
  signal: AbortSignal
  /** Called at most once, when both limits allow it, and never after `signal` has aborted. */
  dial(signal: AbortSignal): Promise<T>
  /** Owns what `dial` brings after the job was aborted, as a connection that nobody waits for. */
  onLate?(value: T): void | Promise<void>
}

export interface DialLimiterStat {
  /** Dials in progress that use a file descriptor. */
  fdInUse: number
  /** Jobs that wait for a file descriptor; each holds a permit of its peer. */
  fdWaiting: number
  /** Dials in progress. */
  active: number
  /** Jobs that wait for either permit. */
  waiting: number
  /** Peers with jobs. */
  peers: number
}

interface PeerScope {
  permits: Permits
  jobs: number
}

/**
 * Bounds the dials in progress: those of one peer, and over all peers those that use a file
 * descriptor. Both queues are first come, first served. A job takes the permit of its peer first
 * and, while it waits for a file descriptor, keeps it, so that no peer fills the second queue.
 *
 * A relayed address needs no file descriptor of its own: the dial of its relay has one.
 */
export class DialLimiter {
  readonly #maxDialsPerPeer: number
  readonly #fds: Permits
  readonly #peers = new TransientMap<string, PeerScope>()
  #active = 0
  #waiting = 0

  constructor ({ maxFdDials, maxDialsPerPeer }: Pick<DialSettings, 'maxFdDials' | 'maxDialsPerPeer'>) {
    this.#maxDialsPerPeer = maxDialsPerPeer
    this.#fds = new Permits(maxFdDials)
  }

  /**
   * Runs `dial` when the limits allow it. Its permits are held until it has really ended, even if
   * it goes on after an abort; the promise given back here does not wait for that.
   *
   * @throws the signal's reason when it aborts, at once; else what `dial` throws
   */
  async run<T> (job: DialJob<T>): Promise<T> {
    const { signal } = job

    signal.throwIfAborted()

    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let abandoned = false
    const onAbort = (): void => {
      abandoned = true
      reject(signal.reason)
    }

    signal.addEventListener('abort', onAbort, { once: true })

    this.#work(job).then((value) => {
      signal.removeEventListener('abort', onAbort)

      // the caller or `onLate` gets the value, one of the two, in whatever order abort and success come
      if (abandoned) {
        discard(job, value)
      } else {
        resolve(value)
      }
    }, (thrown: unknown) => {
      signal.removeEventListener('abort', onAbort)
      reject(thrown)
    })

    return promise
  }

  stat (): DialLimiterStat {
    return {
      fdInUse: this.#fds.used,
      fdWaiting: this.#fds.waiting,
      active: this.#active,
      waiting: this.#waiting,
      peers: this.#peers.size
    }
  }

  async #work<T> (job: DialJob<T>): Promise<T> {
    const { peer, address, signal } = job

    using scope = this.#enter(peer === '' ? address.toString() : peer)
    using _ofPeer = await this.#queue(scope.permits, signal)
    using _fd = isFdConsuming(address) && !isRelayed(address) ? await this.#queue(this.#fds, signal) : undefined

    return await this.#dial(job)
  }

  async #dial<T> ({ signal, dial }: DialJob<T>): Promise<T> {
    // a permit may have been granted in the very turn in which the signal aborted
    signal.throwIfAborted()
    this.#active++

    try {
      return await dial(signal)
    } finally {
      this.#active--
    }
  }

  async #queue (permits: Permits, signal: AbortSignal): Promise<Permit> {
    const free = permits.tryAcquire()

    if (free != null) {
      return free
    }

    this.#waiting++

    try {
      return await permits.acquire(signal)
    } finally {
      this.#waiting--
    }
  }

  /** The scope of a peer, for one job; the last one to leave deletes it. */
  #enter (peer: string): { permits: Permits } & Disposable {
    const scope = this.#peers.get(peer) ?? { permits: new Permits(this.#maxDialsPerPeer), jobs: 0 }

    scope.jobs++
    this.#peers.set(peer, scope)

    return {
      permits: scope.permits,
      [Symbol.dispose]: () => {
        scope.jobs--

        if (scope.jobs === 0) {
          this.#peers.delete(peer)
        }
      }
    }
  }
}

/** Nobody waits any more, so nobody could be told that closing the value failed. */
function discard<T> (job: DialJob<T>, value: T): void {
  void (async () => { await job.onLate?.(value) })().catch(() => {})
}
