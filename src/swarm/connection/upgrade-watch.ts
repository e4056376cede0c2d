import { Deadline } from '../../base/index.ts'
import { attachSink } from '../../message-stream/index.ts'
import { upgradeCode, UpgradeStop } from './upgrade-error.ts'
import type { Clock } from '../../base/index.ts'
import type { MultiaddrConnection } from '@libp2p/interface'

export interface UpgradeWatchInit {
  clock: Clock
  /** `Infinity` is never. */
  timeoutMs: number
  /** The caller's. */
  signal: AbortSignal
  maConn: MultiaddrConnection
}

/**
 * One signal for an upgrade: it aborts when the caller's does, when the time is up, and when the
 * socket closes beneath, which not every plugin notices. Dispose it when the upgrade is over.
 */
export class UpgradeWatch implements Disposable {
  readonly #deadline: Deadline
  readonly #detach: () => void

  constructor ({ clock, timeoutMs, signal, maConn }: UpgradeWatchInit) {
    this.#deadline = new Deadline({
      clock,
      timeoutMs,
      signal,
      onTimeout: () => new UpgradeStop('UpgradeTimeout', `the upgrade took more than ${timeoutMs} ms (connection.inboundUpgradeTimeoutMs)`)
    })

    this.#detach = attachSink(maConn, { onClose: (error) => { this.#deadline.abort(closedBeneath(error)) } })

    if (maConn.status !== 'open') {
      this.#deadline.abort(closedBeneath(undefined))
    }
  }

  get signal (): AbortSignal {
    return this.#deadline.signal
  }

  [Symbol.dispose] (): void {
    this.#deadline[Symbol.dispose]()
    this.#detach()
  }
}

/** Encrypters abort the socket with what they found, before they throw it. */
function closedBeneath (error: Error | undefined): UpgradeStop {
  return error == null
    ? new UpgradeStop('UpgradeFailed', 'the other side hung up')
    : new UpgradeStop(upgradeCode(error), `the connection ended: ${error.message}`, { cause: error })
}
