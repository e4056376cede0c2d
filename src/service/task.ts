import { after, isCoded, raceSignal, systemClock, toError } from '../base/index.ts'
import { pipe } from '../channel/index.ts'
import { answerAttached, errorMessage } from './answers.ts'
import { Broadcast } from './broadcast.ts'
import { EXIT_FAILURE, EXIT_OK, EXIT_STOPPED, EXIT_UNHEARD, exitMessage } from './exit-status.ts'
import { reasonOf } from './relay.ts'
import { serve } from './serve.ts'
import { Server } from './server.ts'
import { ServiceError } from './service-error.ts'
import { TaskInput } from './task-input.ts'
import { VERBS } from './verb.ts'
import type { Call } from './call.ts'
import type { ExitStatus } from './exit-status.ts'
import type { Message } from './message.ts'
import type { Handler, Service } from './service.ts'
import type { Clock, Timer } from '../base/index.ts'
import type { ChannelEnd, Receiver, Sender } from '../channel/index.ts'

/** After a stop, how long those who listen may take for what is still said; then they are given up. */
export const DRAIN_MS = 5_000

/** What a task works with. */
export interface TaskContext {
  /** What is sent to it, requests among it; ends when nobody can send any more. */
  readonly input: Receiver<Message>
  /** What it says, to all who attached; waits for the slowest. Closed when the task ends. */
  readonly output: Sender<Message>
  /** Aborts when the task is to stop. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Says a line of text, of a level or a stream. */
  log(text: string, stream?: string): Promise<void>
}

/** What a task does between start and end. What it throws is how it failed. */
export type TaskRun = (context: TaskContext) => Promise<ExitStatus | void>

export interface TaskOptions {
  /** For errors and logs. */
  name?: string | undefined
  clock?: Clock | undefined
}

/** What `get status` tells. */
export interface TaskStatus {
  readonly state: 'created' | 'running' | 'exited'
  readonly code?: number | undefined
  readonly signal?: string | undefined
  readonly error?: string | undefined
}

/**
 * An object that does something from `start` to `stop` or its own end: a stage of a pipeline. `attach ''` gives its
 * input and output, `get status` how it is; everything else that is asked of it goes to its input. Its output ends
 * with `set exit <code> <signal>`, after an Error if it failed. spec-service 6.
 */
export function task (run: TaskRun, options: TaskOptions = {}): Task {
  return new Task(run, options)
}

/** A task that answers requests as `object` does, until its input ends. */
export function serving (object: Service | Handler, options: TaskOptions = {}): Task {
  return new Task(async ({ input, signal }) => {
    assertWhole(await raceSignal(serve(object, input, { clock: options.clock }), signal))
  }, options)
}

export class Task implements Service {
  readonly name: string
  readonly handle: Handler

  readonly #run: TaskRun
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #ended = Promise.withResolvers<TaskStatus>()
  readonly #input: TaskInput
  readonly #output = new Broadcast()
  #drain: Timer | undefined
  #status: TaskStatus = { state: 'created' }

  constructor (run: TaskRun, { name = 'this task', clock = systemClock }: TaskOptions = {}) {
    this.name = name
    this.#run = run
    this.#clock = clock
    this.#input = new TaskInput(name)
    this.handle = this.#server().handle
  }

  get status (): TaskStatus {
    return this.#status
  }

  /** Resolves when it has ended. It must have been started. */
  get ended (): Promise<TaskStatus> {
    return this.#ended.promise
  }

  /** @throws ServiceError FailedPrecondition when it was started before */
  start (): void {
    if (this.#status.state !== 'created') {
      throw new ServiceError('FailedPrecondition', `${this.name} can be started once, and ${this.#status.state === 'running' ? 'runs' : 'has ended'} already`)
    }

    this.#status = { state: 'running' }
    void this.#runToEnd()
  }

  /**
   * Aborts the task's signal. Resolves when it has ended, which is up to what it does; what it says then is waited for by
   * nobody longer than `DRAIN_MS`.
   */
  async stop (reason: Error = new ServiceError('CallCancelled', `${this.name} was stopped`)): Promise<void> {
    if (this.#status.state === 'created') {
      this.#stop.abort(reason)
      this.#finish(EXIT_STOPPED)
    } else if (this.#status.state === 'running' && !this.#stop.signal.aborted) {
      this.#drain = after(this.#clock, DRAIN_MS, () => { this.#output.abandon(reason) }, { background: true })
      this.#output.release()
      this.#stop.abort(reason)
    }

    await this.#ended.promise
  }

  /** Whoever held it has gone. */
  async close (): Promise<void> {
    await this.stop()
    // it has ended by itself before: what it left behind ends now
    this.#stop.abort(new ServiceError('CallCancelled', `${this.name} was given up`))
  }

  #server (): Server {
    return new Server(this.name)
      .onVerb(VERBS.attach, async (call) => (call.args[0] ?? '') === ''
        ? answerAttached(call, { input: this.#input.reference(call), output: this.#output.listen() })
        : this.#input.pass(call))
      .onVerb(VERBS.get, async (call) => call.args[0] === 'status' ? this.#answerStatus(call) : this.#input.pass(call))
      .onStart(() => { this.start() })
      .onStop(async () => this.stop())
      .catchall(async (call) => this.#input.pass(call))
  }

  async #answerStatus (call: Call): Promise<void> {
    if (call.args[1] === 'exited') {
      await raceSignal(this.#ended.promise, call.signal)
    }

    await call.answer({ verb: VERBS.set, args: [JSON.stringify(this.#status)] })
    await call.end()
  }

  async #runToEnd (): Promise<void> {
    const { signal } = this.#stop
    const [says, output] = pipe<Message>()
    const said = this.#output.feed(says)

    try {
      const exit = await this.#run({
        input: this.#input.receiver,
        output,
        signal,
        clock: this.#clock,
        log: async (text, stream = 'info') => output.send({ verb: VERBS.log, args: [stream, text] })
      }) ?? EXIT_OK

      await output.close()
      output.abort(`${this.name} has ended`) // also for handles that it left open
      await said
      this.#finish(exit)
    } catch (thrown) {
      const error = toError(thrown)

      output.abort(error)
      await said
      this.#fail(error)
    }
  }

  /** What was asked for, or what a pipe without a reader brings about, is a status and no error. */
  #fail (error: Error): void {
    if (this.#stop.signal.aborted) {
      this.#finish(EXIT_STOPPED)
    } else if (this.#output.isUnheard && isCoded(error, 'ChannelCancelled')) {
      this.#finish(EXIT_UNHEARD)
    } else {
      this.#finish({ code: EXIT_FAILURE }, error)
    }
  }

  #finish (exit: ExitStatus, error?: Error): void {
    this.#status = { state: 'exited', ...exit, ...(error == null ? {} : { error: error.message }) }
    this.#drain?.[Symbol.dispose]()
    this.#input.end()
    this.#output.end([...(error == null ? [] : [errorMessage(error)]), exitMessage(exit)])
    this.#ended.resolve(this.#status)
  }
}

/** An input that was lost or given up has not come to its end. @throws what was the matter */
function assertWhole (end: ChannelEnd): void {
  if (end.how === 'aborted' || end.how === 'lost') {
    throw new ServiceError('Unavailable', `its input was cut off: ${reasonOf(end).message}`, { cause: 'error' in end ? end.error : undefined })
  }
}
