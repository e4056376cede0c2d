import { Server, ServiceError, shared, VERBS } from '../../service/index.ts'
import { attachChild } from './attach.ts'
import { isDown } from './down.ts'
import { isMerged, merge } from './merges.ts'
import { mergeNames } from './names.ts'
import { askArgs, failure, isBland, succeeded } from './outcomes.ts'
import { Placement } from './placement.ts'
import { Watches } from './watches.ts'
import type { Engine, EngineStatus } from './engine.ts'
import type { Outcome } from './outcomes.ts'
import type { Attached, Call } from '../../service/index.ts'

/** What became of something at one engine. */
export interface EngineResult {
  readonly engine: string
  readonly error?: string | undefined
}

/** What `get status` adds to the status of the task. */
export interface AggregateStatus {
  readonly engines: readonly EngineStatus[]
  /** Those that are left out, and why. */
  readonly partial: readonly EngineResult[]
}

/** What `set` asks of all engines; other settings are those of one. */
const SETS_OF_ALL: ReadonlySet<string> = new Set(['remove-image'])

/** What is watched at one engine: it does something there. */
const PULL = 'pull'

/** Several engines as one object: docs/docker.md. No question waits for another. */
export class AggregateServer {
  readonly server: Server
  readonly #engines: ReadonlyMap<string, Engine>
  readonly #report: (text: string) => void
  readonly #placement: Placement
  readonly #watches = new Watches()
  readonly #watching = new Server('aggregate').onWatch(async (_, call) => this.#watches.open(this.#all, call))

  constructor (engines: readonly Engine[], report: (text: string) => void) {
    this.#engines = new Map(engines.map((engine) => [engine.name, engine]))
    this.#report = report
    this.#placement = new Placement(this.#engines)
    this.server = this.#serve()

    for (const engine of engines) {
      engine.onUp = () => { void this.#watches.rejoin(engine) }
    }
  }

  get status (): AggregateStatus {
    const engines = this.#all.map((engine) => engine.status)

    return {
      engines,
      partial: engines.flatMap(({ name, state, error }) => state === 'down' ? [{ engine: name, error }] : [])
    }
  }

  get #all (): Engine[] {
    return [...this.#engines.values()]
  }

  #serve (): Server {
    return new Server('aggregate')
      .onLs(async (_, call) => this.#ls(call))
      .onVerb(VERBS.get, async (call) => this.#get(call))
      .onAttach(async (name, call) => this.#attach(name, call))
      .onVerb(VERBS.spawn, async (call) => this.#spawn(call))
      .onVerb(VERBS.watch, async (call) => this.#watch(call))
      .onVerb(VERBS.set, async (call) => this.#set(call))
      .onVerb(VERBS.start, async (call) => this.#startOrStop(call))
      .onVerb(VERBS.stop, async (call) => this.#startOrStop(call))
      .onVerb(VERBS.log, async (call) => this.#tellAll(call))
      .onVerb(VERBS.error, async (call) => this.#tellAll(call))
      .catchall((call) => this.#refuse(call))
  }

  async #ls (call: Call): Promise<string[]> {
    const found = this.#foundBy(call, await Promise.all(askArgs(this.#all, call)))

    return mergeNames(found.map(({ engine, value }) => ({ engine: engine.name, names: value })), new Set(this.#engines.keys()))
  }

  async #get (call: Call): Promise<void> {
    const [what = 'status'] = call.args

    await call.answer({ verb: VERBS.set, args: [what === 'status' ? JSON.stringify(this.status) : await this.#value(what, call)] })
    await call.end()
  }

  /** As JSON. The first answer, in the order of the engines, is not waited for longer than needed. */
  async #value (what: string, call: Call): Promise<string> {
    const done = new AbortController()
    const signal = AbortSignal.any([call.signal, done.signal])
    const outcomes: Array<Outcome<readonly string[]>> = []

    try {
      for (const asked of askArgs(this.#all, call, { signal, isPatient: true })) {
        const outcome = await asked
        const isFirst = succeeded(outcomes).length === 0

        if (outcome.error == null && isFirst && !isMerged(what, parse(outcome.value))) {
          return jsonOf(outcome.value)
        }

        outcomes.push(outcome)
      }
    } finally {
      done.abort(new ServiceError('CallCancelled', 'another engine has answered'))
    }

    const [first = [], ...others] = this.#foundBy(call, outcomes).map(({ value }) => value)

    return others.length === 0 ? jsonOf(first) : JSON.stringify(merge(what, [first, ...others].map(parse)))
  }

  async #attach (name: string, call: Call): Promise<Attached> {
    if (name === '') {
      return { input: shared(this.server) }
    }

    return attachChild(this.#engines, call)
  }

  async #spawn (call: Call): Promise<void> {
    const place = await this.#placement.choose(call)

    if (place == null) {
      throw this.#allDown(call)
    }

    const { engine, args } = place

    const { ret } = call.message

    if (ret != null) {
      engine.pending++
      void ret.closed.then(() => { engine.pending-- })
    }

    await engine.handOver(call, args)
  }

  async #watch (call: Call): Promise<void> {
    if (call.args[0] === PULL) {
      const engine = await this.#placement.choosePull(call.args[1] ?? '', call)

      if (engine == null) {
        throw this.#allDown(call)
      }

      return engine.handOver(call)
    }

    return this.#watching.handle(call)
  }

  async #set (call: Call): Promise<void> {
    const [what = ''] = call.args

    if (!SETS_OF_ALL.has(what)) {
      throw new ServiceError('NotImplemented', `aggregate sets ${[...SETS_OF_ALL].join(' and ')} at all of its engines; for ${JSON.stringify(what)} attach one of them: ${[...this.#engines.keys()].join(', ')}`)
    }

    const outcomes = await Promise.all(askArgs(this.#all, call, { isPatient: true }))
    const found = this.#foundBy(call, outcomes)

    // what one engine refuses, another may have done: who asked is to know of the refusal
    if (outcomes.some(({ error }) => error != null && !isBland(error) && !isDown(error))) {
      throw failure(call.verb, outcomes)
    }

    await call.ack(...found[0]?.value ?? [])
    await call.end()
  }

  async #startOrStop (call: Call): Promise<void> {
    const outcomes = await Promise.all(askArgs(this.#all, call, { isPatient: true }))

    this.#foundBy(call, outcomes)
    await call.ack(JSON.stringify(toResults(outcomes)))
    await call.end()
  }

  /** What wants no answer. An engine that does not take it in time is left out. */
  async #tellAll (call: Call): Promise<void> {
    await Promise.all(this.#all.filter((engine) => engine.isUp).map(async (engine) => engine.tell(call)))
    await call.ack()
    await call.end()
  }

  #refuse (call: Call): never {
    const error = new ServiceError('NotImplemented', `aggregate does not know which engine this is for: attach one of them: ${[...this.#engines.keys()].join(', ')}`)

    call.att?.reset(error) // whoever writes it would wait for ever
    throw error
  }

  /** What was answered; what was not is reported. @throws when nothing was */
  #foundBy<T> (call: Call, outcomes: ReadonlyArray<Outcome<T>>): Array<{ engine: Engine, value: T }> {
    call.signal.throwIfAborted()

    const found = succeeded(outcomes)

    if (found.length === 0) {
      throw failure(call.verb, outcomes)
    }

    for (const { engine, error } of outcomes) {
      if (error != null && engine.isUp && !isBland(error)) {
        this.#report(`${engine.name}: ${error.message}`)
      }
    }

    return found
  }

  #allDown (call: Call): Error {
    return failure(call.verb, this.#all.map((engine) => ({ engine, error: new ServiceError('Unavailable', engine.whyDown.message) })))
  }
}

/** Per engine, for people and programs. */
export function toResults (outcomes: ReadonlyArray<Outcome<unknown>>): EngineResult[] {
  return outcomes.map(({ engine, error }) => error == null ? { engine: engine.name } : { engine: engine.name, error: error.message })
}

function jsonOf ([json = 'null']: readonly string[]): string {
  return json
}

function parse (args: readonly string[]): unknown {
  try {
    return JSON.parse(jsonOf(args)) as unknown
  } catch {
    return null
  }
}
