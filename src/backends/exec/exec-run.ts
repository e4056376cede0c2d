import { after, toError } from '../../base/index.ts'
import { errorMessage, ServiceError, VERBS } from '../../service/index.ts'
import { handleInput } from '../handle-input.ts'
import { PARTIAL } from '../line-splitter.ts'
import { OutputPump } from './output-pump.ts'
import { startProcess } from './process-group.ts'
import { toStartFailure } from './start-failure.ts'
import { StdinFeed } from './stdin-feed.ts'
import type { Command } from './exec-args.ts'
import type { ProcessGroup } from './process-group.ts'
import type { Timer } from '../../base/index.ts'
import type { ExitStatus, TaskContext, Server } from '../../service/index.ts'

/** What a process may take to end by itself after SIGTERM, before SIGKILL: so long that a stopped task is still heard then. */
export const STOP_GRACE_MS = 4000

/** How long the output is waited for once a process that was to end has ended: who has left its group may hold it open. */
export const DRAIN_MS = 1000

export interface ExecRunInit {
  readonly command: Command
  readonly env: NodeJS.ProcessEnv
  /** Is told of the process once it runs. */
  onStart(group: ProcessGroup): void
  /** Takes requests that concern the process. */
  readonly server: Server
}

/** Runs a command from its start to the end of its output. A failure to start is said as an error, with the code of shells. */
export async function runCommand (context: TaskContext, init: ExecRunInit): Promise<ExitStatus> {
  const { command, env, onStart, server } = init
  let group: ProcessGroup

  try {
    group = await startProcess(command, env)
  } catch (thrown) {
    const { code, error } = await toStartFailure(thrown, command)

    context.input.cancel(error)
    await context.output.send(errorMessage(error), { signal: context.signal })

    return { code }
  }

  onStart(group)

  using run = new ExecRun(group, context, command.name)

  return await run.toEnd(server)
}

/** One process with its three streams. */
class ExecRun implements Disposable {
  readonly #group: ProcessGroup
  readonly #context: TaskContext
  readonly #name: string
  readonly #stdin: StdinFeed
  readonly #stdout: OutputPump
  readonly #stderr: OutputPump
  readonly #timers: Timer[] = []
  /** Aborts when nothing more is to be said, whoever waits. */
  readonly #cut = new AbortController()
  /** Why we end it, if we do. */
  #reason: Error | undefined
  /** Whether that is because its input is not whole. */
  #hasFailed = false
  /** How the command itself ended. */
  #exit: ExitStatus | undefined

  constructor (group: ProcessGroup, context: TaskContext, name: string) {
    this.#group = group
    this.#context = context
    this.#name = name
    this.#stdin = new StdinFeed(group.streams.stdin)
    this.#stdout = new OutputPump(group.streams.stdout, { isOptional: false, confirmEnd: async () => this.#confirmEnd() })
    this.#stderr = new OutputPump(group.streams.stderr, { isOptional: true })
  }

  async toEnd (server: Server): Promise<ExitStatus> {
    const { input, signal } = this.#context

    signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#feed(server).catch((thrown: unknown) => { this.#onInputFailed(toError(thrown)) })
    this.#say('stdout', this.#stdout)
    this.#say('stderr', this.#stderr)
    void this.#context.output.closed.then(({ how }) => {
      if (how === 'cancelled') {
        this.#stdout.giveUp('nobody listens any more') // whoever was given the bytes may have ended without a word
      }
    })

    if (signal.aborted) {
      this.#onAbort()
    }

    const exit = this.#exit = await this.#group.exited

    input.cancel(`${this.#name} has ended`)
    this.#endOutput()
    await Promise.all([this.#stdout.done, this.#stderr.done])

    if (this.#hasFailed && this.#reason != null) {
      throw this.#reason
    }

    return exit
  }

  [Symbol.dispose] (): void {
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    this.#timers.forEach((timer) => { timer[Symbol.dispose]() })
    this.#group.end()

    if (this.#reason != null) {
      this.#cut.abort(this.#reason) // nobody may be there to hear of bytes that nobody wants
    }
  }

  async #feed (server: Server): Promise<void> {
    const { input, clock } = this.#context

    await handleInput(input, {
      server,
      clock,
      onBytes: async (bytes) => this.#stdin.pour(bytes),
      onText: async (text, args) => this.#stdin.write(args[2] === PARTIAL ? text : `${text}\n`)
    })
    this.#stdin.end()
  }

  /** What could not be said, as nobody listens, will not be read either. */
  #say (name: string, pump: OutputPump): void {
    this.#context.output.send({ verb: VERBS.file, args: [name], att: pump.bytes }, { signal: this.#cut.signal })
      .catch(() => { pump.giveUp('nobody listens') })
  }

  readonly #onAbort = (): void => { this.#terminate(toError(this.#context.signal.reason)) }

  /** Its stdin stays open: it must not take what it got for all there is. */
  #onInputFailed (cause: Error): void {
    if (this.#exit != null) {
      return // it needs no more
    }

    this.#hasFailed = this.#reason == null
    this.#terminate(new ServiceError('Unavailable', `${this.#name} was ended, as its input is not whole: ${cause.message}`, { cause }))
  }

  #terminate (reason: Error): void {
    if (this.#reason != null) {
      return
    }

    this.#reason = reason
    this.#signal('SIGTERM')
    this.#later(STOP_GRACE_MS, () => {
      this.#signal('SIGKILL')
      this.#later(DRAIN_MS, () => { this.#cutOutput(reason) })
    })
    this.#endOutput()
  }

  /** Waits no longer than a moment for the output of what was to end and has ended, unless others of its group live. */
  #endOutput (): void {
    const reason = this.#reason

    if (reason == null || this.#exit == null || this.#isGroupAlive()) {
      return
    }

    if (this.#hasFailed || this.#exit.signal != null) {
      this.#stdout.cut(reason) // it is not whole, whatever else may come
    }

    this.#later(DRAIN_MS, () => { this.#cutOutput(reason) })
  }

  #cutOutput (reason: Error): void {
    this.#cut.abort(reason)
    this.#stdout.cut(reason)
    this.#stderr.cut(reason)
  }

  /** What ends as we have killed it is not all there is; who ended by itself when asked to has said all. */
  async #confirmEnd (): Promise<void> {
    if (this.#reason != null && (this.#hasFailed || (await this.#group.exited).signal != null)) {
      throw this.#reason
    }
  }

  #later (delayMs: number, fn: () => void): void {
    this.#timers.push(after(this.#context.clock, delayMs, fn))
  }

  #isGroupAlive (): boolean {
    try {
      return this.#group.kill(0)
    } catch {
      return true
    }
  }

  #signal (name: NodeJS.Signals): void {
    try {
      this.#group.kill(name)
    } catch {
      // it runs as somebody else; its output is cut in the end
    }
  }
}
