import { Deadline, pause, toError } from '../../base/index.ts'
import { EXIT_FAILURE, ServiceError, verbName, VERBS } from '../../service/index.ts'
import { ask } from './ask.ts'
import { isDown } from './down.ts'
import { launchEngine } from './engine-link.ts'
import { AGGREGATE_DEFAULTS, retryDelayMs, SHARE_OF_DEADLINE } from './options.ts'
import type { Answer } from './ask.ts'
import type { EngineLine } from './engine-lines.ts'
import type { EngineLink, Hearing, LaunchInit } from './engine-link.ts'
import type { Call, ExitStatus, Message, Reference, Verb } from '../../service/index.ts'

/** What `get status` tells of an engine. */
export interface EngineStatus {
  readonly name: string
  readonly line: string
  readonly state: 'up' | 'down' | 'ended'
  /** Why it is down. */
  readonly error?: string | undefined
  /** With which it ended by itself. */
  readonly code?: number | undefined
}

export interface QuestionOptions {
  /** Instead of the call's own. */
  readonly args?: readonly string[] | undefined
  readonly verb?: Verb | undefined
  readonly signal?: AbortSignal | undefined
  /** Whether it may take its time. @default false */
  readonly isPatient?: boolean | undefined
  /** Whether the caller has had its first answer, and its deadline is met. @default false */
  readonly isLate?: boolean | undefined
}

/**
 * One of those that are put together: it is launched, asked, left out when it does not answer, and tried again.
 * What ends by itself has ended.
 */
export class Engine {
  readonly name: string
  readonly stageName: string
  /** Objects that it was asked to make, and that are not there yet. */
  pending = 0
  /** Is called when it can be asked again. */
  onUp: () => void = () => {}

  readonly #line: EngineLine
  readonly #init: LaunchInit
  readonly #timeoutMs: number
  #link: EngineLink | undefined
  /** Why it is not asked. */
  #error: Error | undefined
  #exit: ExitStatus | undefined
  /** Aborts when it is not to be launched again. */
  readonly #draining = new AbortController()
  #hearing: Hearing | undefined
  /** Aborts when the aggregate ends. */
  #signal: AbortSignal

  constructor (line: EngineLine, init: LaunchInit, timeoutMs: number) {
    this.name = line.name
    this.stageName = line.stageName
    this.#line = line
    this.#init = init
    this.#timeoutMs = timeoutMs
    this.#signal = init.signal
  }

  get status (): EngineStatus {
    const { name, stageName: line } = this

    if (this.#exit != null) {
      return { name, line, state: 'ended', code: this.#exit.code, ...(this.#error == null ? {} : { error: this.#error.message }) }
    }

    return this.isUp ? { name, line, state: 'up' } : { name, line, state: 'down', error: this.whyDown.message }
  }

  get isUp (): boolean {
    return this.#link != null && this.#error == null && this.#exit == null
  }

  get whyDown (): Error {
    return this.#error ?? new ServiceError('Unavailable', this.#exit == null ? 'it has not been launched' : `it has ended with status ${this.#exit.code}`)
  }

  /** How it ended; a loss counts as a failure. Undefined while it runs. */
  get exit (): ExitStatus | undefined {
    return this.#exit ?? (this.#error == null ? undefined : { code: EXIT_FAILURE })
  }

  /** The first launch. What fails is told by `status`, and tried again once it is kept. */
  async launch (): Promise<void> {
    try {
      this.#link = await launchEngine(this.#line, this.#init)
    } catch (thrown) {
      this.#error = toError(thrown)
      throw thrown
    }
  }

  /**
   * Starts it, and starts it again whenever it is lost, until it has ended by itself, or the signal aborts. Never
   * rejects. `onStarted` gets what became of the first attempt.
   */
  async keep (hearing: Hearing, signal: AbortSignal, onStarted: (error: Error | undefined) => void): Promise<void> {
    this.#hearing = hearing
    this.#signal = signal

    for (let attempts = 0; attempts === 0 || !this.#again().aborted; attempts++) {
      const error = await this.#run(hearing, () => {
        attempts = 0
        onStarted(undefined)
      })

      onStarted(error)
      await this.release()

      if (error == null || this.#draining.signal.aborted) {
        return
      }

      await pause(this.#init.host.clock, retryDelayMs(attempts), this.#again()).catch(() => {}) // seen by the loop
    }
  }

  /** The engine alone, to be spoken to directly. @throws why it is down */
  reference (): Reference {
    return this.#askable().input.dup()
  }

  /** From here on it is not tried again, and its input ends once what was asked has been taken. */
  async drain (): Promise<void> {
    this.#draining.abort(new ServiceError('CallCancelled', `${this.name} is not tried again`))
    await this.#link?.input.close().catch(() => {}) // it has gone
  }

  /** @throws what the engine answers; ServiceError DeadlineExceeded */
  async stop (): Promise<void> {
    this.#draining.abort(new ServiceError('CallCancelled', `${this.name} is not tried again`))
    await this.#link?.stop()
  }

  async release (): Promise<void> {
    const link = this.#link

    this.#link = undefined
    await link?.release()
  }

  /**
   * Asks what a call asks. Leaves the engine out from now on when it cannot be asked.
   *
   * @throws as `ask`; why it is down
   */
  async ask (call: Call, { args = call.args, verb = call.verb, signal = call.signal, isPatient = false, isLate = false }: QuestionOptions = {}): Promise<Answer> {
    const link = this.#askable()
    const left = call.deadline == null || isLate ? Infinity : Math.max(0, call.deadline - call.clock.now())
    const full = isPatient ? Math.max(AGGREGATE_DEFAULTS.patientTimeoutMs, this.#timeoutMs) : this.#timeoutMs
    const timeoutMs = Math.min(full, left * SHARE_OF_DEADLINE)

    try {
      return await ask(link.input, { verb, args, meta: call.toMessage().meta, caller: call.caller }, { clock: this.#init.host.clock, timeoutMs, signal })
    } catch (thrown) {
      // who gave up early has learned nothing about the engine
      if (!signal.aborted && isDown(thrown) && timeoutMs === full) {
        this.#eject(link, toError(thrown))
      }

      throw thrown
    }
  }

  /**
   * Hands a call over: answers go straight to whoever asked, however long they take. An engine that does not take it in
   * time is left out.
   *
   * @throws as `Sender.send`; ServiceError DeadlineExceeded; why it is down
   */
  async handOver (call: Call, args: readonly string[] = call.args): Promise<void> {
    await this.#give(this.#askable(), call, { ...call.toMessage(), args }, call.signal)
    call.takeRet()
    await call.end()
  }

  /** Passes on what wants no answer. Never rejects: what is not taken in time leaves the engine out. */
  async tell (call: Call): Promise<void> {
    if (this.#link != null) {
      await this.#give(this.#link, call, { ...call.toMessage(), ret: undefined }, this.#signal).catch(() => {}) // it has been left out
    }
  }

  async #give (link: EngineLink, { verb }: Call, message: Message, signal: AbortSignal): Promise<void> {
    const timeoutMs = this.#timeoutMs

    using scope = new Deadline({
      clock: this.#init.host.clock,
      timeoutMs,
      signal,
      onTimeout: () => new ServiceError('DeadlineExceeded', `${verbName(verb)} was not taken within ${timeoutMs} ms`)
    })

    try {
      await link.input.send(message, { signal: scope.signal })
    } catch (thrown) {
      if (!signal.aborted && isDown(thrown)) {
        this.#eject(link, toError(thrown))
      }

      throw thrown
    }
  }

  /** Aborts when trying again makes no sense any more. */
  #again (): AbortSignal {
    return AbortSignal.any([this.#signal, this.#draining.signal])
  }

  #askable (): EngineLink {
    if (!this.isUp || this.#link == null) {
      throw new ServiceError('Unavailable', `${this.name} cannot be asked: ${this.whyDown.message}`, { cause: this.whyDown })
    }

    return this.#link
  }

  /** The error with which it failed or was lost; undefined when it has ended for good. */
  async #run (hearing: Hearing, onUp: () => void): Promise<Error | undefined> {
    try {
      this.#link ??= await launchEngine(this.#line, { ...this.#init, signal: this.#again() })
      await this.#link.start(this.#signal)
      this.#setUp()
      onUp()

      const { exit, error } = await this.#link.hear(hearing)

      if (error == null || !isDown(error)) {
        this.#setEnded(exit, error)

        return undefined
      }

      throw error
    } catch (thrown) {
      const error = toError(thrown)

      if (!this.#signal.aborted) {
        this.#setDown(error)
      }

      return error
    }
  }

  #setUp (): void {
    if (this.#error != null) {
      this.#error = undefined
      this.#hearing?.report(`${this.name} answers again`)
      this.onUp()
    }
  }

  #setDown (error: Error): void {
    if (this.#error == null || this.#error.message !== error.message) {
      this.#hearing?.report(`${this.name} is left out: ${error.message}`)
    }

    this.#error = error
  }

  #setEnded (exit: ExitStatus, error: Error | undefined): void {
    this.#exit = exit
    this.#error = error

    if (exit.code !== 0) {
      this.#hearing?.report(`${this.name} has ended with status ${exit.code}`)
    }
  }

  #eject (link: EngineLink, error: Error): void {
    if (this.#link === link && this.#error == null) {
      this.#setDown(error)
      void this.#probe(link)
    }
  }

  /** Asks an engine that is there, but does not answer, until it does. */
  async #probe (link: EngineLink): Promise<void> {
    const { clock } = this.#init.host

    for (let attempts = 0; ; attempts++) {
      await pause(clock, retryDelayMs(attempts), this.#signal).catch(() => {}) // seen below

      if (this.#signal.aborted || this.#link !== link) {
        return
      }

      if (await this.#answers(link)) {
        this.#setUp()
        return
      }
    }
  }

  async #answers (link: EngineLink): Promise<boolean> {
    try {
      const options = { clock: this.#init.host.clock, timeoutMs: this.#timeoutMs, signal: this.#signal }
      const { rest } = await ask(link.input, { verb: VERBS.ls, args: [], caller: this.#init.caller }, options)

      rest.cancel()

      return true
    } catch (thrown) {
      return !isDown(thrown) && !this.#signal.aborted
    }
  }
}
