import { pipe } from '../channel/index.ts'
import { defineBackend, serve, Server, ServiceError, task, Tree, VERBS } from '../service/index.ts'
import { Chatter } from './chatter.ts'
import type { Receiver, Sender } from '../channel/index.ts'
import type { Attached, Message, TaskContext } from '../service/index.ts'

/** Lines that wait for one who attached to a child; more are dropped. */
export const MAX_CHILD_LINES = 64

/** Children that are not there, to try things with. */
export const simulatorBackend = defineBackend({
  name: 'simulator',
  summary: 'pretends to have children of the given names, to try things with',
  usage: '[NAME...]',
  description: [
    'ls lists the names, and attach NAME gives a child, which has a state: get tells it, start and stop change it, and attach gives what it logs; what is logged to it, it repeats. Everything else is not implemented. What it is asked, it logs.'
  ],
  examples: ["swarmd 'simulator web db'"],
  spawn (names, { host }) {
    const tree = new Tree({}, 'simulator')
    const children = names.map((name) => new SimulatedChild(name))

    children.forEach((child) => { tree.add(child.name, child.server) })

    return task(async (context) => simulate(context, tree, children), { name: 'simulator', clock: host.clock })
  }
})

async function simulate ({ input, output, clock, signal }: TaskContext, tree: Tree, children: readonly SimulatedChild[]): Promise<void> {
  const chatter = new Chatter(async (text) => output.send({ verb: VERBS.log, args: ['info', text] }, { signal }))
  const onAbort = (): void => { input.cancel('simulator was stopped') }
  const endAll = (): void => { children.forEach((child) => { child.end() }) }

  for (const child of children) {
    child.onChange = (text) => { chatter.say(`[simulator] ${text}`) }
  }

  signal.addEventListener('abort', onAbort, { once: true })
  void input.closed.then(endAll) // calls that wait for what children say are over

  if (signal.aborted) {
    onAbort()
  }

  try {
    await serve(async (call) => {
      if (call.verb === VERBS.ls) {
        chatter.say(`[simulator] ls: ${tree.names().join(' ')}`)
      }

      await tree.handle(call)
    }, input, { clock })
    await chatter.flush()
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A thing with a state. */
class SimulatedChild {
  readonly name: string
  readonly server: Server
  onChange: (text: string) => void = () => {}
  #state: 'created' | 'running' | 'exited' = 'created'
  #hasEnded = false
  readonly #listeners = new Set<Sender<Message>>()

  constructor (name: string) {
    this.name = name
    this.server = new Server(`child ${name} of simulator`)
      .onGet(() => ({ name, state: this.#state }))
      .onStart(() => { this.#start() })
      .onStop(() => { this.#stop() })
      .onAttach((child) => this.#attach(child))
  }

  /** Nobody hears from it any more. */
  end (): void {
    this.#hasEnded = true

    for (const listener of this.#listeners) {
      void listener.close().catch(() => {}) // it has gone
    }
  }

  #start (): void {
    if (this.#state === 'running') {
      throw new ServiceError('FailedPrecondition', `child ${this.name} of simulator runs already`)
    }

    this.#state = 'running'
    this.#say('started')
  }

  #stop (): void {
    if (this.#state === 'running') {
      this.#state = 'exited'
      this.#say('stopped')
    }
  }

  #attach (child: string): Attached {
    if (child !== '') {
      throw new ServiceError('NotFound', `child ${this.name} of simulator has no child ${JSON.stringify(child)}; it has none`)
    }

    return {
      input: new Server(`the input of child ${this.name}`).onLog((args) => { this.#say(args[1] ?? '') }),
      output: this.#listen()
    }
  }

  #listen (): Receiver<Message> {
    const [receiver, sender] = pipe<Message>({ capacity: MAX_CHILD_LINES })

    if (this.#hasEnded) {
      void sender.close()
    } else {
      this.#listeners.add(sender)
      void sender.closed.then(() => { this.#listeners.delete(sender) })
    }

    return receiver
  }

  #say (text: string): void {
    this.onChange(`${this.name}: ${text}`)

    for (const listener of this.#listeners) {
      try {
        listener.trySend({ verb: VERBS.log, args: ['info', `${this.name}: ${text}`] })
      } catch {
        // it has gone
      }
    }
  }
}
