import { toError } from '../base/index.ts'
import { REASON_CODE, toReason } from '../channel/index.ts'
import { Client } from './client.ts'
import { discard } from './discard.ts'
import { EXIT_FAILURE, EXIT_OK, EXIT_STOPPED, EXIT_UNHEARD, exitStatusOf, toExitCode } from './exit-status.ts'
import { lastWord } from './last-word.ts'
import { readMessages } from './read-messages.ts'
import { isRefusal } from './refusal.ts'
import { reasonOf } from './relay.ts'
import { fromErrorArgs, ServiceError } from './service-error.ts'
import { VERBS } from './verb.ts'
import type { Stage } from './backend.ts'
import type { Attachment } from './client.ts'
import type { ExitStatus } from './exit-status.ts'
import type { Message, ReceivedMessage } from './message.ts'
import type { TaskStatus } from './task.ts'
import type { Clock } from '../base/index.ts'
import type { ReasonInput, Receiver, Sender } from '../channel/index.ts'

/** How a stage ended. */
export interface StageStatus extends ExitStatus {
  readonly name: string
  /** What it said of its failure. */
  readonly error?: string | undefined
}

/** What a stage tells of itself: bytes of its `stderr`, an `error`, its exit. */
export interface PipelineReport {
  /** The name of the stage. */
  readonly stage: string
  readonly index: number
  readonly message: ReceivedMessage
}

export type OnReport = (report: PipelineReport) => void | Promise<void>

export interface PipelineStageInit {
  readonly stage: Stage
  readonly index: number
  readonly clock: Clock
  readonly onReport?: OnReport | undefined
}

/** One stage as the runner of its pipeline sees it: wherever it is, it has an input, an output and an end. */
export class PipelineStage {
  readonly #init: PipelineStageInit
  readonly #client: Client
  /** Ends the waiting for it. */
  readonly #given = new AbortController()
  #console: Attachment | undefined
  /** Whether its output was cancelled, as nobody is there for it. */
  #isUnheard = false
  #hasEnded = false
  #exit: ExitStatus | undefined
  #error: string | undefined

  constructor (init: PipelineStageInit) {
    this.#init = init
    this.#client = new Client(init.stage.object, { clock: init.clock })
  }

  /** Where it takes what its left neighbour says; undefined when it takes nothing. */
  get input (): Sender<Message> | undefined {
    return this.#console?.input?.target
  }

  /** @throws ServiceError of the stage, naming it */
  async attach (): Promise<void> {
    this.#console = await this.#named('cannot be attached', this.#client.attach('', { signal: this.#given.signal }))
  }

  /** @throws ServiceError of the stage, naming it */
  async start (): Promise<void> {
    await this.#named('cannot be started', this.#client.start([], { signal: this.#given.signal }))
  }

  /** Moves what it says to `next`, and reports to whoever wants them, up to its end. Never rejects. */
  async run (next: Sender<Message>): Promise<StageStatus> {
    const output = this.#console?.output

    if (output != null) {
      await this.#moveAll(output, next)
    }

    this.#hasEnded = true

    return this.status()
  }

  /** Nobody is there any more for what it says. */
  cancelOutput (reason: ReasonInput): void {
    this.#isUnheard = true
    this.#console?.output.cancel(reason)
  }

  /** Resolves when it has ended, as far as it tells. Never rejects. */
  async stop (signal: AbortSignal): Promise<void> {
    try {
      await this.#client.stop([], { signal })
    } catch {
      // it has gone, or is late: its status tells
    }
  }

  /** Waits for it no more. */
  abandon (late: Error): void {
    if (!this.#hasEnded) {
      this.#error ??= late.message
    }

    this.#given.abort(late)
    this.cancelOutput(late)
  }

  /** Gives its references up, which ends what was made for the pipeline alone. */
  close (): void {
    this.#given.abort(new ServiceError('CallCancelled', 'the pipeline has ended'))

    for (const client of [this.#console?.input, this.#client]) {
      client?.close().catch(() => {})
    }

    discard({ att: this.#console?.att }, 'the pipeline has ended')
  }

  /** As far as it is known. */
  status (unknown: ExitStatus = EXIT_OK): StageStatus {
    const error = this.#error
    const exit = this.#exit ?? (error == null ? unknown : { code: EXIT_FAILURE })

    return { name: this.#init.stage.name, ...exit, ...(error == null ? {} : { error }) }
  }

  async #moveAll (output: Receiver<Message>, next: Sender<Message>): Promise<void> {
    void next.closed.then((end) => {
      if (end.how !== 'closed') {
        this.cancelOutput(reasonOf(end))
      }
    })

    try {
      for await (const message of readMessages(output)) {
        await (isReport(message) ? this.#report(message) : this.#passOn(message, next))
      }

      next.close().catch(() => {})
    } catch (thrown) {
      await this.#onCutOff(toError(thrown), next)
    }
  }

  async #named<T> (what: string, asked: Promise<T>): Promise<T> {
    try {
      return await asked
    } catch (thrown) {
      const error = toError(thrown)
      const { remoteCode, code } = fromThrown(error)

      this.#error ??= error.message
      throw new ServiceError(code, `${this.#init.stage.name} ${what}: ${error.message}`, { remoteCode, cause: error })
    }
  }

  async #passOn (message: ReceivedMessage, next: Sender<Message>): Promise<void> {
    try {
      await next.send(message)
    } catch (thrown) {
      discard({ att: message.att }, 'the next stage does not take it')

      if (message.ret != null) {
        const { code } = fromThrown(toError(thrown))

        void lastWord(message.ret, { verb: VERBS.error, args: [isRefusal(thrown) ? code : 'Unavailable', toError(thrown).message] }, this.#init.clock)
      }

      if (!isRefusal(thrown)) {
        this.cancelOutput(toReason(toError(thrown), REASON_CODE.cancelled))
        throw thrown
      }

      // what was lost without anybody to tell would be missed by nobody
      if (message.ret == null) {
        this.#error ??= toError(thrown).message
        throw thrown
      }
    }
  }

  async #report (message: ReceivedMessage): Promise<void> {
    const { stage: { name: stage }, index, onReport, clock } = this.#init

    this.#exit = exitStatusOf(message) ?? this.#exit

    if (message.verb === VERBS.error) {
      this.#error = fromErrorArgs(message.args).message
    }

    try {
      await (onReport == null ? swallow(message) : onReport({ stage, index, message }))
    } catch {
      discard({ att: message.att }, 'its report is not wanted') // whoever takes reports does not end the pipeline
    }

    if (message.ret != null) {
      void lastWord(message.ret, { verb: VERBS.ack, args: [] }, clock)
    }
  }

  /** Its output ended, but not by its own close: what comes behind must not take that for an end. */
  async #onCutOff (error: Error, next: Sender<Message>): Promise<void> {
    next.abort(toReason(error, REASON_CODE.failed))

    if (this.#isUnheard) {
      await this.#learnExit()
    } else {
      this.#error ??= error.message
    }
  }

  /** After its output was cancelled, how it ended has to be asked for. */
  async #learnExit (): Promise<void> {
    try {
      const status = await this.#client.get<TaskStatus>(['status', 'exited'], { signal: this.#given.signal })

      if (status.state === 'exited') {
        this.#exit ??= { code: toExitCode(status.code), ...(typeof status.signal === 'string' ? { signal: status.signal } : {}) }
        this.#error ??= status.error
      }
    } catch {
      // it does not tell, or is waited for no more
    }

    this.#exit ??= this.#given.signal.aborted ? EXIT_STOPPED : EXIT_UNHEARD
  }
}

/** What is for whoever runs the pipeline; spec-service 6. */
export function isReport (message: Message): boolean {
  const { verb, args: [first], att } = message

  return verb === VERBS.error || (verb === VERBS.file && first === 'stderr' && att != null) || exitStatusOf(message) != null
}

function fromThrown (error: Error): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError('Unavailable', error.message)
}

/** Bytes that nobody wants are read all the same: whoever writes them would wait. */
async function swallow ({ att }: ReceivedMessage): Promise<void> {
  if (att != null) {
    readAway(att).catch(() => {})
  }
}

async function readAway (att: NonNullable<ReceivedMessage['att']>): Promise<void> {
  await att.closeWrite()

  while (await att.read() != null) {
    // on to the next
  }
}
