import { Deadline, raceSignal, systemClock, toError } from '../base/index.ts'
import { pipe } from '../channel/index.ts'
import { answerAttached } from './answers.ts'
import { Broadcast } from './broadcast.ts'
import { EXIT_OK, EXIT_STOPPED, exitMessage } from './exit-status.ts'
import { tellError } from './last-word.ts'
import { PipelineStage } from './pipeline-stage.ts'
import { relay } from './relay.ts'
import { Server } from './server.ts'
import { ServiceError } from './service-error.ts'
import { TaskInput } from './task-input.ts'
import { VERBS } from './verb.ts'
import type { Stage } from './backend.ts'
import type { Message } from './message.ts'
import type { OnReport, StageStatus } from './pipeline-stage.ts'
import type { Handler, Service } from './service.ts'
import type { Clock } from '../base/index.ts'
import type { Receiver, Sender } from '../channel/index.ts'

export const PIPELINE_DEFAULTS = Object.freeze({ stopGraceMs: 10_000 })

export interface PipelineOptions {
  /** For errors. */
  name?: string | undefined
  /**
   * Takes what stages tell of themselves: bytes of `stderr`, errors, exits. A promise holds up the
   * stage, so begin to read bytes, and do not wait for their end. Without it they are
   * read and thrown away; the status tells of errors and exits in any case.
   */
  onReport?: OnReport | undefined
  /** Whether the input of the first stage stays open for requests that come later, until `stop`. @default false */
  keepInput?: boolean | undefined
  /** How long stages may take to stop; then they are given up. @default 10000 */
  stopGraceMs?: number | undefined
  /** @default systemClock */
  clock?: Clock | undefined
}

/** How a pipeline ended. */
export interface PipelineStatus {
  /** That of the last stage that did not exit with 0, or 0: `set -o pipefail`. */
  readonly code: number
  /** From left to right. */
  readonly stages: readonly StageStatus[]
}

/** Composes tasks, wherever they are; the output of each is the input of the next. It owns `stages`. */
export function pipeline (stages: readonly Stage[], options: PipelineOptions = {}): Pipeline {
  return new Pipeline(stages, options)
}

/**
 * A pipeline, which is itself a task: `attach ''` gives the input of its first stage and the output of its last, which waits
 * for somebody to listen, as of any task. The input ends at `start` if nobody has attached before. spec-service 6.
 */
export class Pipeline implements Service, AsyncDisposable {
  readonly name: string
  readonly handle: Handler

  readonly #stages: readonly PipelineStage[]
  readonly #clock: Clock
  readonly #stopGraceMs: number
  readonly #keepInput: boolean
  readonly #input: TaskInput
  readonly #output = new Broadcast()
  readonly #ended = Promise.withResolvers<PipelineStatus>()
  #state: 'created' | 'running' | 'exited' = 'created'
  #status: PipelineStatus | undefined
  #isConnected = false
  #stopping: Promise<void> | undefined

  /** @throws ServiceError InvalidArgument when there are no stages */
  constructor (stages: readonly Stage[], { name = 'this pipeline', onReport, keepInput = false, stopGraceMs = PIPELINE_DEFAULTS.stopGraceMs, clock = systemClock }: PipelineOptions = {}) {
    if (stages.length === 0) {
      throw new ServiceError('InvalidArgument', 'wanted a pipeline to have at least one stage, received none')
    }

    this.name = name
    this.#stages = stages.map((stage, index) => new PipelineStage({ stage, index, clock, onReport }))
    this.#clock = clock
    this.#stopGraceMs = stopGraceMs
    this.#keepInput = keepInput
    this.#input = new TaskInput(name)
    this.handle = this.#server().handle
  }

  /** Resolves when all stages have ended. It must have been started, or stopped. */
  get ended (): Promise<PipelineStatus> {
    return this.#ended.promise
  }

  /** What the last stage says from now on. */
  listen (): Receiver<Message> {
    return this.#output.listen()
  }

  /**
   * Attaches to all stages, connects them, and starts them from right to left, so that nothing is lost. If that fails, all
   * are stopped, and `ended` resolves too.
   *
   * @throws ServiceError FailedPrecondition when it was started before; what a stage answers, naming it
   */
  async start (): Promise<void> {
    if (this.#state !== 'created') {
      throw new ServiceError('FailedPrecondition', `${this.name} can be started once, and ${this.#state === 'running' ? 'runs' : 'has ended'} already`)
    }

    this.#state = 'running'

    try {
      await Promise.all(this.#stages.map(async (stage) => stage.attach()))
      this.#connect()

      for (const stage of this.#stages.toReversed()) {
        await stage.start()
      }
    } catch (thrown) {
      await (this.#stopping ??= this.#stopStages(toError(thrown)))
      throw thrown
    }
  }

  /** Stops all stages at once, and gives those up that take longer than `stopGraceMs`. Resolves when it has ended. */
  async stop (reason: Error = new ServiceError('CallCancelled', `${this.name} was stopped`)): Promise<void> {
    if (this.#state === 'created') {
      this.#finish(this.#stages.map((stage) => stage.status(EXIT_STOPPED)))
    } else if (this.#state === 'running') {
      await (this.#stopping ??= this.#stopStages(reason))
    }
  }

  async close (): Promise<void> {
    await this.stop()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.stop()
  }

  #server (): Server {
    return new Server(this.name)
      .onVerb(VERBS.attach, async (call) => (call.args[0] ?? '') === ''
        ? answerAttached(call, { input: this.#input.reference(call), output: this.#output.listen() })
        : this.#input.pass(call))
      .onVerb(VERBS.get, async (call) => {
        if (call.args[0] !== 'status') {
          await this.#input.pass(call)

          return
        }

        if (call.args[1] === 'exited') {
          await raceSignal(this.ended, call.signal)
        }

        await call.answer({ verb: VERBS.set, args: [JSON.stringify({ state: this.#state, ...this.#status })] })
        await call.end()
      })
      .onStart(async () => this.start())
      .onStop(async () => this.stop())
      .catchall(async (call) => this.#input.pass(call))
  }

  #connect (): void {
    this.#isConnected = true

    const [says, output] = pipe<Message>()
    const [first] = this.#stages
    const runs = this.#stages.map(async (stage, index) => {
      const status = await stage.run(this.#stages[index + 1]?.input ?? (index === this.#stages.length - 1 ? output : nobody()))

      this.#stages[index - 1]?.cancelOutput(`${status.name} has ended`)

      return status
    })
    const said = this.#output.feed(says)

    if (first != null) {
      this.#feed(first.input ?? nobody())
    }

    void Promise.all(runs).then(async () => {
      await said
      this.#finish(this.#stages.map((stage) => stage.status()))
    })
  }

  /** Requests that the pipeline is asked go to its first stage. */
  #feed (first: Sender<Message>): void {
    if (!this.#keepInput && !this.#input.isAsked) {
      this.#input.end()
      first.close().catch(() => {})

      return
    }

    void relay(this.#input.receiver, first, { onRefused: ({ ret }, error) => { tellError(ret, error, this.#clock) } })
  }

  async #stopStages (reason: Error): Promise<void> {
    const late = new ServiceError('DeadlineExceeded', `${this.name} did not stop within ${this.#stopGraceMs} ms`)

    using scope = new Deadline({ clock: this.#clock, timeoutMs: this.#stopGraceMs, onTimeout: () => late })

    this.#output.release()
    this.#input.end()

    try {
      await raceSignal(Promise.all(this.#stages.map(async (stage) => stage.stop(scope.signal))), scope.signal)

      if (this.#isConnected) {
        await raceSignal(this.ended, scope.signal)
      }
    } catch {
      this.#abandon(late, reason)
    }

    // stages that were never connected have nobody to tell of their end
    this.#finish(this.#stages.map((stage) => stage.status(EXIT_STOPPED)))
  }

  /** Waits for nothing more. */
  #abandon (late: Error, reason: Error): void {
    this.#output.abandon(reason)

    for (const stage of this.#stages) {
      stage.abandon(late)
    }
  }

  #finish (stages: readonly StageStatus[]): void {
    if (this.#state === 'exited') {
      return
    }

    const code = stages.findLast((stage) => stage.code !== EXIT_OK.code)?.code ?? EXIT_OK.code

    this.#state = 'exited'
    this.#status = { code, stages }
    this.#input.end()
    this.#output.end([exitMessage({ code })])

    for (const stage of this.#stages) {
      stage.close()
    }

    this.#ended.resolve(this.#status)
  }
}

/** A stage without an input hears nobody. */
function nobody (): Sender<Message> {
  const [receiver, sender] = pipe<Message>()

  receiver.cancel('this stage takes no input')

  return sender
}
