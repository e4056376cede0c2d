import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

/** Many starts of one program: all but the first find it compiled. */
const COMPILED = fileURLToPath(new URL('../../../node_modules/.cache/swarmd-test', import.meta.url))

/** A program that hangs is killed, and the test then sees a signal where it wants an exit code. */
const MAX_RUN_MS = 50_000

// processes are slow to start where many of them want to
vi.setConfig({ testTimeout: 60_000 })

export interface RunOptions {
  /** All of stdin; without it, stdin is empty. */
  input?: string | Uint8Array
  env?: Record<string, string>
  /** Flags of Node. */
  execArgv?: string[]
  /** Another program than ours. */
  program?: string
  node?: string
}

export interface RunResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Stdout as it came. */
  bytes: Buffer
}

/** A program of ours in a process of its own, spoken to while it runs. */
export class Running implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams
  readonly exited: Promise<RunResult>
  readonly #stdout: Buffer[] = []
  /** What came on stdout and is no line that somebody asked for. */
  #unread = Buffer.alloc(0)
  /** Chunks of stdout that are in `#unread`, or were. */
  #seen = 0
  #stderr = ''
  #hasEnded = false
  #change = Promise.withResolvers<void>()

  constructor (args: readonly string[], { env = {}, execArgv = [], program = MAIN, node = process.execPath }: RunOptions = {}) {
    this.child = spawn(node, [...execArgv, program, ...args], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', NODE_COMPILE_CACHE: COMPILED, ...env },
      timeout: MAX_RUN_MS,
      killSignal: 'SIGKILL'
    })
    this.child.stdout.on('data', (chunk: Buffer) => { this.#changed(() => { this.#stdout.push(chunk) }) })
    this.child.stderr.on('data', (chunk: Buffer) => { this.#changed(() => { this.#stderr += chunk.toString() }) })
    // who has ended reads nothing more
    this.child.stdin.on('error', () => {})
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => {
        const bytes = Buffer.concat(this.#stdout)

        this.#changed(() => { this.#hasEnded = true })
        resolve({ code, signal, bytes, stdout: bytes.toString(), stderr: this.#stderr })
      })
    })
  }

  /** The next line on stdout that this matches. */
  async line (wanted: RegExp): Promise<RegExpExecArray> {
    return this.#await(wanted, () => {
      this.#unread = Buffer.concat([this.#unread, ...this.#stdout.slice(this.#seen)])
      this.#seen = this.#stdout.length

      return this.#takeLine(wanted)
    })
  }

  /** As `line`, of a program that prints JSON. */
  async event (name: string): Promise<Record<string, unknown>> {
    const { input } = await this.line(new RegExp(`^\\{"event":"${name}"`))

    return JSON.parse(input) as Record<string, unknown>
  }

  /** Sends all this, and reads nothing that comes: resolves when something has. */
  async stall (input: Uint8Array): Promise<void> {
    this.child.stdin.end(input)
    this.child.stdout.pause()
    await once(this.child.stdout, 'readable')
  }

  /** Resolves when stderr, as far as it came, matches this. */
  async saidOnStderr (wanted: RegExp): Promise<RegExpExecArray> {
    return this.#await(wanted, () => wanted.exec(this.#stderr))
  }

  #takeLine (wanted: RegExp): RegExpExecArray | null {
    for (let end = this.#unread.indexOf('\n'); end >= 0; end = this.#unread.indexOf('\n')) {
      const match = wanted.exec(this.#unread.toString('utf8', 0, end))

      this.#unread = this.#unread.subarray(end + 1)

      if (match != null) {
        return match
      }
    }

    return null
  }

  async #await<T> (wanted: RegExp, look: () => T | null): Promise<T> {
    for (;;) {
      const { promise } = this.#change
      const found = look()

      if (found != null) {
        return found
      }

      if (this.#hasEnded) {
        throw new Error(`the program ended without saying ${String(wanted)}; stderr: ${this.#stderr}`)
      }

      await promise
    }
  }

  #changed (change: () => void): void {
    change()
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }
}

/** Runs a program to its end. */
export async function runCli (args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const running = new Running(args, options)

  running.child.stdin.end(options.input ?? '')

  return running.exited
}

/** The objects of a program that prints JSON. */
export function events (text: string): Array<Record<string, unknown>> {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** A folder for key files, which goes away with the test. */
export class Folder implements AsyncDisposable {
  readonly path: string

  static async create (): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'swarmd-test-')))
  }

  private constructor (path: string) {
    this.path = path
  }

  file (name: string): string {
    return join(this.path, name)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

/** A node that listens on a free port of this machine, with a key of its own in `folder`. */
export async function startListener (folder: Folder, args: readonly string[] = []): Promise<Running & { peer: string, address: string }> {
  const listener = new Running(['listen', '--json', '--key', folder.file('listener.key'), '/ip4/127.0.0.1/tcp/0', ...args])
  const { peer, addresses } = await listener.event('listening') as { peer: string, addresses: string[] }

  return Object.assign(listener, { peer, address: addresses[0] ?? '' })
}
