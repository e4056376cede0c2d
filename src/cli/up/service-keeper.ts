import { after, toError } from '../../base/index.ts'
import { describeCaller, LOCAL, pipeline, Server, ServiceError, VERBS } from '../../service/index.ts'
import { STOP_MS } from '../stages/run-pipeline.ts'
import { StageVoice } from '../stages/stage-voice.ts'
import { howItEnded } from '../stages/summary.ts'
import { printable } from '../style.ts'
import type { Clock, Timer } from '../../base/index.ts'
import type { BackendHost, Call, Pipeline, PipelineReport, PipelineStatus, Service, Stage } from '../../service/index.ts'
import type { ServiceConfig } from '../config/node-config.ts'
import type { Tell } from '../event-log.ts'

export const RESTART_DEFAULTS = Object.freeze({
  /** Before the first restart; doubled for each that follows. */
  firstMs: 1_000,
  /** The longest wait. */
  maxMs: 60_000,
  /** Who has run for so long begins with the shortest wait again. */
  settledMs: 60_000
})

export interface ServiceKeeperInit {
  readonly config: ServiceConfig
  readonly host: BackendHost
  readonly clock: Clock
  /** Where what its stages say goes. */
  readonly json: boolean
  write(chunk: string | Uint8Array): Promise<void>
  readonly tell: Tell
}

type State =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting' }
  | { readonly name: 'running', readonly line: Pipeline, readonly since: number }
  | { readonly name: 'waiting', readonly why: string, readonly until: number, readonly timer: Timer }
  | { readonly name: 'ended', readonly why: string, readonly code: number }

/** Keeps one service of a node running, and is the object that peers see: the same however often it is started again. */
export class ServiceKeeper implements Service {
  readonly name: string
  readonly handle: Service['handle']
  readonly #init: ServiceKeeperInit
  readonly #stop = new AbortController()
  #state: State = { name: 'stopped' }
  /** In a row, without one that has settled. */
  #failures = 0
  #restarts = 0
  /** In flight; those of before a stop end what they have launched. */
  readonly #starts = new Set<Promise<boolean>>()

  constructor (init: ServiceKeeperInit) {
    this.#init = init
    this.name = init.config.name
    this.handle = new Server(this.name)
      .onVerb(VERBS.get, async (call) => call.args[0] === 'status' ? this.#answerStatus(call) : this.#pass(call))
      .onStart(async (_, call) => {
        this.#assertMayRule(call)
        await this.#startAgain()
      })
      .onStop(async (_, call) => {
        this.#assertMayRule(call)
        await this.#halt()
      })
      .catchall(async (call) => this.#pass(call)).handle
  }

  /** Starts it; whether it runs now. A failure is told, and if the file says so tried again later. */
  async start (): Promise<boolean> {
    const start = this.#start()

    this.#starts.add(start)

    try {
      return await start
    } finally {
      this.#starts.delete(start)
    }
  }

  /** Ends it for good. */
  async stop (): Promise<void> {
    this.#stop.abort(new ServiceError('Unavailable', `${this.name} was stopped`))
    await this.#halt()
    await Promise.all(this.#starts)
  }

  async #start (): Promise<boolean> {
    const { config, clock, tell } = this.#init

    const starting: State = { name: 'starting' }

    this.#state = starting

    try {
      const line = await this.#launch()

      // stopped while it was starting, and perhaps started again
      if (this.#state !== starting) {
        await line.stop()

        return false
      }

      this.#state = { name: 'running', line, since: clock.now() }
      tell('serviceStarted', { service: config.name, restarts: this.#restarts }, `* ${config.name} runs`)
      void line.ended.then((status) => { this.#onEnded(line, status) })

      return true
    } catch (thrown) {
      const { message } = toError(thrown)

      if (this.#state === starting && !this.#stop.signal.aborted) {
        tell('serviceFailed', { service: config.name, message }, printable(`! ${config.name} cannot start: ${message}`))
        this.#afterFailure(`it cannot start: ${message}`, 1)
      }

      return false
    }
  }

  async #launch (): Promise<Pipeline> {
    const { config, host, clock } = this.#init
    const { signal } = this.#stop
    const launched = await Promise.allSettled(config.stages.map(async (line) => host.launch(line, { caller: LOCAL, signal })))
    const failed = launched.find((result) => result.status === 'rejected')
    const stages = launched.flatMap((result) => result.status === 'fulfilled' ? [result.value] : [])

    if (failed != null) {
      await Promise.all(stages.map(async ({ object }) => object.close().catch(() => {})))
      throw failed.reason
    }

    const line = pipeline(stages, { name: config.name, clock, keepInput: true, stopGraceMs: STOP_MS, onReport: this.#reporter(stages) })

    await line.start()

    return line
  }

  #reporter (stages: readonly Stage[]): (report: PipelineReport) => void {
    const { config: { name: service }, json, write } = this.#init
    const voices = stages.map(({ name }, index) => new StageVoice({ service, stage: index + 1, name, json, mode: 'prefix', write }))

    return ({ index, message: { att } }) => {
      if (att != null) {
        voices[index]?.bytes(att).catch(() => {}) // it ended with its stage, which is told
      }
    }
  }

  #onEnded (line: Pipeline, { code, stages }: PipelineStatus): void {
    const { config, tell, clock } = this.#init

    if (this.#state.name !== 'running' || this.#state.line !== line) {
      return // it was asked to
    }

    const failed = stages.filter((stage) => stage.code !== 0).map((stage) => `${stage.name} ${howItEnded(stage)}`)
    const why = failed.length === 0 ? 'it has ended' : failed.join('; ')

    if (clock.now() - this.#state.since >= RESTART_DEFAULTS.settledMs) {
      this.#failures = 0
    }

    tell('serviceEnded', { service: config.name, code, stages }, printable(`${code === 0 ? '*' : '!'} ${config.name}: ${why}`))

    if (code === 0) {
      this.#state = { name: 'ended', why, code }
    } else {
      this.#afterFailure(why, code)
    }
  }

  #afterFailure (why: string, code: number): void {
    const { config, clock, tell } = this.#init

    if (config.restart === 'never') {
      this.#state = { name: 'ended', why, code }
      return
    }

    const delayMs = restartDelay(this.#failures)

    this.#failures++
    this.#state = {
      name: 'waiting',
      why,
      until: clock.now() + delayMs,
      timer: after(clock, delayMs, () => {
        this.#restarts++
        void this.start()
      })
    }
    tell('serviceWaits', { service: config.name, delayMs }, `* ${config.name} starts again in ${delayMs / 1000} s`)
  }

  async #pass (call: Call): Promise<void> {
    const state = this.#state

    if (state.name !== 'running') {
      throw new ServiceError('Unavailable', `${this.name} does not run: ${this.#whyNot(state)}`)
    }

    await state.line.handle(call)
  }

  #whyNot (state: Exclude<State, { name: 'running' }>): string {
    switch (state.name) {
      case 'starting': return 'it is starting'
      case 'stopped': return 'it was stopped'
      case 'waiting': return `${state.why}; it starts again in ${Math.max(0, Math.ceil((state.until - this.#init.clock.now()) / 1000))} s`
      default: return state.why
    }
  }

  async #answerStatus (call: Call): Promise<void> {
    const { name: state } = this.#state
    const about = 'why' in this.#state ? { why: this.#state.why } : {}
    const code = 'code' in this.#state ? { code: this.#state.code } : {}

    await call.answer({ verb: VERBS.set, args: [JSON.stringify({ state, ...code, ...about, restarts: this.#restarts })] })
    await call.end()
  }

  /** Who may use a service with everybody else may not end it for them. */
  #assertMayRule (call: Call): void {
    if (call.caller.peer != null && this.#init.config.allow === '*') {
      throw new ServiceError('PermissionDenied', `${describeCaller(call.caller)} may use ${this.name} as everybody may, and not start or stop it`)
    }
  }

  async #startAgain (): Promise<void> {
    if (this.#state.name === 'running' || this.#state.name === 'starting') {
      return
    }

    await this.#halt()

    if (!await this.start()) {
      throw new ServiceError('Unavailable', `${this.name} cannot start; the log of its node says why`)
    }
  }

  async #halt (): Promise<void> {
    const state = this.#state

    this.#state = { name: 'stopped' }
    this.#failures = 0

    if (state.name === 'running') {
      await state.line.stop()
    } else if (state.name === 'waiting') {
      state.timer[Symbol.dispose]()
    }
  }
}

/** After so many failures in a row. */
export function restartDelay (failures: number): number {
  const { firstMs, maxMs } = RESTART_DEFAULTS

  return Math.min(maxMs, firstMs * 2 ** Math.min(failures, 32))
}
