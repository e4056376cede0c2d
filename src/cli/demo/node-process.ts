import { spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Deadline, raceSignal } from '../../base/index.ts'
import { readLines, writeLine } from './wire.ts'
import type { Answer, Failure, Method, Params, Result, Told } from './wire.ts'
import type { Clock } from '../../base/index.ts'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** For a node to start, to answer, and to end. */
const TIMEOUT_MS = 10_000

/** Of what a node says on stderr, the end is kept: that is where errors are. */
const MAX_STDERR_CHARS = 4_096

/** What a node told and nobody has asked for yet. */
const MAX_EVENTS = 64

export interface NodeProcessInit {
  name: string
  keyFile: string
  /** Where to listen. */
  address: string
  execArgv: readonly string[]
  clock: Clock
  signal: AbortSignal
}

/** How a process ended: one of both is null. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** What went wrong in a node while it did what it was told. */
export class NodeFailure extends Error {
  readonly code: string | undefined
  readonly retryAt: number | undefined

  constructor ({ name, message, code, retryAt }: Failure) {
    super(message)
    this.name = name
    this.code = code
    this.retryAt = retryAt
  }
}

/** A node of the demo in a process of its own, seen from outside. Every wait is bounded. */
export class NodeProcess {
  readonly name: string
  readonly exited: Promise<Exit>
  readonly #init: NodeProcessInit
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #events: Told[] = []
  #onEvent: () => void = () => {}
  #lastCall = 0
  #stderr = ''
  #peer = ''
  #address = ''

  /** Starts the process. */
  constructor (init: NodeProcessInit) {
    const { name, keyFile, address, execArgv } = init
    // built, this is a .js file and so is the program
    const program = fileURLToPath(new URL(`./node${extname(import.meta.url)}`, import.meta.url))

    this.name = name
    this.#init = init
    this.#child = spawn(process.execPath, [...execArgv, program, name, keyFile, address], {
      env: { ...process.env, NODE_COMPILE_CACHE: getCompileCacheDir() },
      stdio: ['pipe', 'pipe', 'pipe']
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => { resolve({ code, signal }) })
      this.#child.once('error', () => { resolve({ code: 1, signal: null }) })
    })
    // a process that was killed reads nothing more; that it has ended is told by `exited`
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.on('data', (bytes: Buffer) => { this.#stderr = (this.#stderr + bytes.toString()).slice(-MAX_STDERR_CHARS) })
    this.#listen().catch(() => {}).finally(() => { this.#failCalls() })
  }

  get pid (): number {
    return this.#child.pid ?? 0
  }

  /** Empty before the node is ready. */
  get peer (): string {
    return this.#peer
  }

  get address (): string {
    return this.#address
  }

  /** The end of what the node said on stderr. */
  get stderr (): string {
    return this.#stderr.trim()
  }

  /** Waits until the node listens. */
  async ready (): Promise<void> {
    const { peer, address } = await this.event('ready')

    this.#peer = peer
    this.#address = address
  }

  /**
   * Has the node do something, and waits for what comes of it.
   *
   * @throws NodeFailure with what went wrong there
   */
  async call<M extends Method> (method: M, params: Params<M>): Promise<Result<M>> {
    const call = ++this.#lastCall
    const answer = Promise.withResolvers<unknown>()

    this.#calls.set(call, answer)
    writeLine(this.#child.stdin, { call, method, params })

    try {
      return await this.#within(answer.promise, `answer '${method}'`) as Result<M>
    } finally {
      this.#calls.delete(call)
    }
  }

  /** The next event of this kind, of this peer if one is named; one that came before somebody asked counts too. */
  async event<E extends Told['event']> (kind: E, peer?: string): Promise<Extract<Told, { event: E }>> {
    const isWanted = (told: Told): told is Extract<Told, { event: E }> => told.event === kind && (peer == null || told.peer === peer)
    const { promise, resolve } = Promise.withResolvers<Extract<Told, { event: E }>>()

    this.#onEvent = () => {
      const index = this.#events.findIndex(isWanted)
      const [found] = index < 0 ? [] : this.#events.splice(index, 1)

      if (found != null && isWanted(found)) {
        resolve(found)
      }
    }
    this.#onEvent()

    return this.#within(promise, `tell '${kind}'`)
  }

  /** Ends the process without a warning, as a power cut would. */
  kill (): void {
    this.#child.kill('SIGKILL')
  }

  /** Closes the node, and waits until its process has ended. */
  async close (): Promise<Exit> {
    await this.call('close', {})
    this.#child.stdin.end()

    return this.#within(this.exited, 'end', false)
  }

  async #within<T> (promise: Promise<T>, what: string, failsAtExit = true): Promise<T> {
    const { clock, signal } = this.#init

    using deadline = new Deadline({
      clock,
      signal,
      timeoutMs: TIMEOUT_MS,
      onTimeout: () => new Error(`${this.name} did not ${what} within ${TIMEOUT_MS / 1000} s`)
    })

    const gone = this.exited.then(({ code, signal }) => {
      throw new Error(`${this.name} ended (${signal ?? `exit code ${code}`}) and did not ${what}`)
    })

    gone.catch(() => {})

    return await raceSignal(failsAtExit ? Promise.race([promise, gone]) : promise, deadline.signal)
  }

  async #listen (): Promise<void> {
    for await (const line of readLines(this.#child.stdout)) {
      const message = line as Answer | Told

      if ('call' in message) {
        this.#answer(message)
      } else {
        this.#events.push(message)
        this.#events.splice(0, this.#events.length - MAX_EVENTS)
        this.#onEvent()
      }
    }
  }

  #answer ({ call, result, error }: Answer): void {
    const waiting = this.#calls.get(call)

    if (error == null) {
      waiting?.resolve(result)
    } else {
      waiting?.reject(new NodeFailure(error))
    }
  }

  #failCalls (): void {
    for (const waiting of this.#calls.values()) {
      waiting.reject(new Error(`${this.name} is gone`))
    }
  }
}
