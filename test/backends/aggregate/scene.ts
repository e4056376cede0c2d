import { aggregateBackend } from '../../../src/backends/aggregate/aggregate.ts'
import { createHost } from '../../../src/backends/index.ts'
import { pipe } from '../../../src/channel/index.ts'
import { Client, defineBackend, errorMessage, exitMessage, LOCAL, serve, Server, ServiceError, VERBS } from '../../../src/service/index.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import type { Receiver, Sender } from '../../../src/channel/index.ts'
import type { Call, Caller, Message, Service } from '../../../src/service/index.ts'

/** An engine that does as the test says, whoever launches it. */
export class FakeEngine {
  readonly name: string
  /** What it answers. */
  server: Server
  /** Whether it takes requests, and answers none. */
  isSilent = false
  /** Why it cannot be launched. */
  launchError: Error | undefined
  /** Why it does not start. */
  startError: Error | undefined
  launches = 0
  stops = 0
  /** Whether a reference to it is held. */
  isHeld = false
  readonly callers: Caller[] = []
  #output: Sender<Message> | undefined

  constructor (name: string) {
    this.name = name
    this.server = new Server(name).onLs(() => [])
  }

  launch (): Service {
    this.launches++

    if (this.launchError != null) {
      throw this.launchError
    }

    const [input, toInput] = pipe<Message>()
    const [output, says] = pipe<Message>()

    this.#output = says
    this.isHeld = true
    void serve(async (call) => this.#handle(call), input).then(async () => this.exit(0))

    return new Server(`stage ${this.name}`)
      .onAttach(() => ({ input: toInput, output }))
      .onStart(() => {
        if (this.startError != null) {
          throw this.startError
        }
      })
      .onStop(async () => {
        this.stops++
        await this.exit(0)
      })
      .onClose(() => { this.isHeld = false })
  }

  async say (message: Message): Promise<void> {
    await this.#output?.send(message)
  }

  /** As when the connection with its peer is lost. */
  lose (why = 'the wire was cut'): void {
    this.#output?.abort(why)
  }

  async exit (code: number, error?: Error): Promise<void> {
    try {
      if (error != null) {
        await this.say(errorMessage(error))
      }

      await this.say(exitMessage({ code }))
      await this.#output?.close()
    } catch {
      // nobody hears it
    }
  }

  async #handle (call: Call): Promise<void> {
    this.callers.push(call.caller)

    if (this.isSilent) {
      const { promise, reject } = Promise.withResolvers<never>()

      call.signal.addEventListener('abort', () => { reject(call.signal.reason) })
      await promise
    }

    await this.server.handle(call)
  }
}

export interface Scene extends AsyncDisposable {
  readonly clock: FakeClock
  readonly object: Client
  readonly input: Client
  readonly output: Receiver<Message>
  /** Texts of what it logged so far. */
  readonly logs: string[]
  engine (name: string): FakeEngine
}

export interface SceneInit {
  caller?: Caller
  /** Is called before they are launched. */
  prepare? (engine: (name: string) => FakeEngine): void
  isStarted?: boolean
  args?: readonly string[]
}

/** An aggregate of engines with the given names, on a clock that stands still. */
export async function openScene (names: readonly string[], { caller = LOCAL, prepare, isStarted = true, args = [] }: SceneInit = {}): Promise<Scene> {
  const clock = new FakeClock()
  const engines = new Map(names.map((name) => [name, new FakeEngine(name)]))
  const engine = (name: string): FakeEngine => {
    const found = engines.get(name)

    if (found == null) {
      throw new ServiceError('NotFound', `no engine ${name}`)
    }

    return found
  }

  prepare?.(engine)

  const fake = defineBackend({ name: 'fake', summary: 'does as the test says', usage: 'NAME', spawn: ([name = '']) => engine(name).launch() })
  const host = createHost({ backends: [fake, aggregateBackend], clock })
  const line = ['aggregate', ...args, ...names.map((name) => `'${name}=fake ${name}'`)].join(' ')
  const stage = await host.launch(line, { caller, signal: new AbortController().signal })
  const object = new Client(stage.object)
  const { input, output } = await object.attach()
  const logs: string[] = []

  if (input == null) {
    throw new Error('the aggregate gave no input')
  }

  const [heard, hears] = pipe<Message>({ capacity: 1024 })

  void hear(output, hears, logs)

  if (isStarted) {
    await object.start()
  }

  return {
    clock,
    object,
    input,
    output: heard,
    logs,
    engine,
    async [Symbol.asyncDispose] () {
      await input.close().catch(() => {}) // it may have been closed
      await object.stop().catch(() => {})
      await object.close()
      await settle()
    }
  }
}

async function hear (output: Receiver<Message>, hears: Sender<Message>, logs: string[]): Promise<void> {
  try {
    for await (const message of output) {
      if (message.verb === VERBS.log) {
        logs.push(message.args.join(' '))
      }

      hears.trySend(message)
    }
  } finally {
    await hears.close().catch(() => {})
  }
}

/** An engine of containers with names; each tells what it is. */
export function withChildren (engine: FakeEngine, names: readonly string[]): Server {
  engine.server = new Server(engine.name)
    .onLs(() => names)
    .onAttach((name) => {
      if (!names.includes(name)) {
        throw new ServiceError('NotFound', `No such container: ${name}`, { data: { status: 404 } })
      }

      return new Server(name).onGet(() => ({ name, engine: engine.name }))
    })

  return engine.server
}
