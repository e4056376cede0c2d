import { isStartable } from '@libp2p/interface'
import { CodedError, Deadline, raceSignal, toError } from '../../base/index.ts'
import type { Clock } from '../../base/index.ts'
import type { Startable } from '@libp2p/interface'

/** What a service may take for one phase of its stop; the others are not kept waiting. */
export const SERVICE_STOP_TIMEOUT_MS = 5_000

export interface LifecycleInit {
  clock: Clock
  reportError(during: string, error: Error): void
}

type StopPhase = 'beforeStop' | 'stop' | 'afterStop'

/**
 * Starts and stops the parts that can be. Every part is through one phase before any enters the next;
 * in a phase all go at the same time, as one may wait for what another does.
 */
export class Lifecycle {
  readonly #init: LifecycleInit
  readonly #parts = new Map<string, Startable>()
  #state: 'new' | 'started' | 'stopped' = 'new'

  constructor (init: LifecycleInit) {
    this.#init = init
  }

  /** What cannot be started is left out; what comes after `start` is started at once. */
  add (name: string, part: unknown): void {
    if (!isStartable(part)) {
      return
    }

    this.#parts.set(name, part)

    if (this.#state === 'started') {
      startAll([part]).catch((thrown: unknown) => { this.#init.reportError(`start of ${name}`, toError(thrown)) })
    }
  }

  /**
   * @throws what the first part throws that does not start
   */
  async start (): Promise<void> {
    if (this.#state !== 'new') {
      return
    }

    this.#state = 'started'

    await startAll([...this.#parts.values()])
  }

  /** Does not throw: a part that fails, or takes too long, is reported. */
  async stop (): Promise<void> {
    if (this.#state !== 'started') {
      return
    }

    this.#state = 'stopped'

    for (const phase of ['beforeStop', 'stop', 'afterStop'] as const) {
      await Promise.all([...this.#parts].map(async ([name, part]) => { await this.#stopOne(name, part, phase) }))
    }
  }

  async #stopOne (name: string, part: Startable, phase: StopPhase): Promise<void> {
    using deadline = new Deadline({
      clock: this.#init.clock,
      timeoutMs: SERVICE_STOP_TIMEOUT_MS,
      onTimeout: () => new CodedError('UnsupportedOperation', `${phase} of ${name} took more than ${SERVICE_STOP_TIMEOUT_MS} ms`)
    })

    try {
      await raceSignal(invoke(part, phase), deadline.signal)
    } catch (thrown) {
      this.#init.reportError(`${phase} of ${name}`, toError(thrown))
    }
  }
}

async function startAll (parts: Startable[]): Promise<void> {
  await Promise.all(parts.map(async (part) => { await part.beforeStart?.() }))
  await Promise.all(parts.map(async (part) => { await part.start() }))
  await Promise.all(parts.map(async (part) => { await part.afterStart?.() }))
}

async function invoke (part: Startable, phase: StopPhase): Promise<void> {
  await part[phase]?.()
}
