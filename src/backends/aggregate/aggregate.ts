import { isCoded, raceSignal } from '../../base/index.ts'
import { defineBackend, EXIT_OK, serve, Server, ServiceError, task, VERBS } from '../../service/index.ts'
import { Chatter } from '../chatter.ts'
import { untilUnheard } from '../until-unheard.ts'
import { AggregateServer, toResults } from './aggregate-server.ts'
import { AGGREGATE_USAGE, parseAggregateArgs } from './engine-lines.ts'
import { Engine } from './engine.ts'
import { failure, forEach } from './outcomes.ts'
import type { EngineResult } from './aggregate-server.ts'
import type { AggregateArgs } from './engine-lines.ts'
import type { Hearing } from './engine-link.ts'
import type { Outcome } from './outcomes.ts'
import type { Call, ExitStatus, Service, SpawnContext, Task, TaskContext } from '../../service/index.ts'

/** Several objects as one. */
export const aggregateBackend = defineBackend({
  name: 'aggregate',
  summary: 'puts several backends together, and answers as one',
  usage: AGGREGATE_USAGE,
  description: [
    "Each argument is a line as swarmd takes it, with a peer if there is one: 'dockerclient @berlin'. Its name is what stands before =, or else what this node calls the peer, or the backend with a number: dockerclient1.",
    'ls gives NAME, or ENGINE/NAME where several have it; attach takes both, and gives the child itself. get puts lists together, adds up the counts of info, and otherwise takes the first answer. spawn goes where the name says, ENGINE/NAME, else where the image is, else where least runs. watch and what they say come from all; start and stop go to all. attach ENGINE gives one of them.',
    'Who does not answer in time, or is lost, is left out, which is logged and in get status, and tried again, after one second at first and every 30 seconds in the end. When all are, that is the answer.'
  ],
  options: { '--timeout SECONDS': 'how long each may take to answer ls, attach and watch: 5 unless given' },
  examples: [
    "swarmd dockerserver \"aggregate 'dockerclient @berlin' 'dockerclient @paris'\"",
    "swarmd \"aggregate 'a=simulator web db' 'b=simulator web'\""
  ],
  spawn: async (args, context) => launchAll(parseAggregateArgs(args), context)
})

/** Of these the line is the cause: it would not be better later. */
const FINAL = ['InvalidArgument', 'NotFound', 'PermissionDenied', 'NotImplemented'] as const

async function launchAll ({ lines, timeoutMs }: AggregateArgs, { host, call }: SpawnContext): Promise<Service> {
  const engines = lines.map((line) => new Engine(line, { host, caller: call.caller, signal: call.signal }, timeoutMs))
  const outcomes = await Promise.all(forEach(engines, async (engine) => engine.launch()))
  const error = outcomes.find(({ error }) => FINAL.some((code) => isCoded(error, code)))?.error ??
    (outcomes.every((outcome) => outcome.error != null) ? failure(VERBS.spawn, outcomes) : undefined)

  if (error != null || call.signal.aborted) {
    await Promise.all(engines.map(async (engine) => engine.release()))
    throw error ?? call.signal.reason
  }

  return new Aggregate(engines, host.clock).service
}

/** The stage: a task that keeps its engines. */
class Aggregate {
  readonly service: Service
  readonly #engines: readonly Engine[]
  readonly #server: AggregateServer
  readonly #task: Task
  readonly #started = Promise.withResolvers<EngineResult[]>()
  #stopped: readonly EngineResult[] = []
  #report: (text: string) => void = () => {}

  constructor (engines: readonly Engine[], clock: TaskContext['clock']) {
    this.#engines = engines
    this.#server = new AggregateServer(engines, (text) => { this.#report(text) })
    this.#started.promise.catch(() => {}) // the task tells of it as well
    this.#task = task(async (context) => this.#run(context), { name: 'aggregate', clock })
    this.service = new Server('aggregate')
      .onVerb(VERBS.get, async (call) => this.#get(call))
      .onVerb(VERBS.start, async (call) => this.#start(call))
      .onVerb(VERBS.stop, async (call) => this.#stop(call))
      .catchall(this.#task)
      .onClose(async () => this.#close())
  }

  async #get (call: Call): Promise<void> {
    if (call.args[0] !== 'status') {
      return this.#task.handle(call)
    }

    await call.answer({ verb: VERBS.set, args: [JSON.stringify({ ...this.#task.status, ...this.#server.status })] })
    await call.end()
  }

  /** Acknowledged with what became of each, once one of them has started. */
  async #start (call: Call): Promise<void> {
    this.#task.start()

    try {
      await call.ack(JSON.stringify(await this.#started.promise))
    } catch (thrown) {
      await this.#task.ended
      throw thrown
    }

    await call.end()
  }

  async #stop (call: Call): Promise<void> {
    await this.#close()
    await call.ack(JSON.stringify(this.#stopped))
    await call.end()
  }

  async #close (): Promise<void> {
    await this.#task.stop()
    await this.#release() // it may never have been started
  }

  async #run (context: TaskContext): Promise<ExitStatus> {
    const { input, output, clock, signal } = context
    const chatter = new Chatter(async (text) => output.send({ verb: VERBS.log, args: ['warn', text] }, { signal }))

    // for what the engines do: ends with the run, however that ends
    const ending = new AbortController()

    this.#report = (text) => { chatter.say(text) }

    try {
      const status = await untilUnheard(context, async (unheard) => {
        const kept = this.#keepAll({ output, report: this.#report }, AbortSignal.any([unheard, ending.signal]))
        const served = serve(this.#server.server, input, { clock }).then(async (end) => {
          await this.#drain(end.how === 'aborted' || end.how === 'lost')
        })

        await raceSignal(Promise.all([kept, Promise.race([served, kept])]), unheard)
        await chatter.flush()
      })

      return status.code === 0 ? this.#worst() : status
    } finally {
      ending.abort(new ServiceError('CallCancelled', 'aggregate has ended'))
      this.#started.reject(new ServiceError('FailedPrecondition', 'aggregate has ended before it had started'))
      await this.#stopAll()
      await this.#release()
    }
  }

  /** Resolves when all engines have ended for good. @throws ServiceError Unavailable when none can be started */
  async #keepAll (hearing: Hearing, signal: AbortSignal): Promise<void> {
    const starts = this.#engines.map(() => Promise.withResolvers<Error | undefined>())
    const kept = this.#engines.map(async (engine, index) => engine.keep(hearing, signal, (error) => { starts[index]?.resolve(error) }))
    const errors = await Promise.all(starts.map(async ({ promise }) => promise))
    const outcomes = this.#engines.map((engine, index): Outcome<undefined> => {
      const error = errors[index]

      return error == null ? { engine, value: undefined } : { engine, error }
    })

    if (errors.every((error) => error != null)) {
      const error = failure(VERBS.start, outcomes)

      this.#started.reject(error)
      throw error
    }

    this.#started.resolve(toResults(outcomes))
    await Promise.all(kept)
  }

  /** No more requests come. @throws ServiceError Unavailable when they were cut off, which is no end */
  async #drain (isCutOff: boolean): Promise<void> {
    if (isCutOff) {
      throw new ServiceError('Unavailable', 'the input of aggregate was cut off')
    }

    await Promise.all(this.#engines.map(async (engine) => engine.drain()))
  }

  async #stopAll (): Promise<void> {
    this.#stopped = toResults(await Promise.all(forEach(this.#engines, async (engine) => engine.stop())))
  }

  async #release (): Promise<void> {
    await Promise.all(this.#engines.map(async (engine) => engine.release()))
  }

  /** As of a pipeline: of the last that did not end well. */
  #worst (): ExitStatus {
    return this.#engines.map(({ exit }) => exit).findLast((exit) => exit != null && exit.code !== 0) ?? EXIT_OK
  }
}
