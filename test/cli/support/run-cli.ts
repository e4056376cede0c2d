import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

/** A program that hangs is killed, and the test then sees a signal where it wants an exit code. */
const MAX_RUN_MS = 18_000

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
  readonly #lines: AsyncIterator<string>
  readonly #chunks: Buffer[] = []
  #stderr = ''

  constructor (args: readonly string[], { env = {}, execArgv = [], program = MAIN, node = process.execPath }: RunOptions = {}) {
    this.child = spawn(node, [...execArgv, program, ...args], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
      timeout: MAX_RUN_MS,
      killSignal: 'SIGKILL'
    })
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()
    this.child.stdout.on('data', (chunk: Buffer) => { this.#chunks.push(chunk) })
    this.child.stderr.on('data', (chunk: Buffer) => { this.#stderr += chunk.toString() })
    // who has ended reads nothing more
    this.child.stdin.on('error', () => {})
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => {
        const bytes = Buffer.concat(this.#chunks)

        resolve({ code, signal, bytes, stdout: bytes.toString(), stderr: this.#stderr })
      })
    })
  }

  get stderr (): string {
    return this.#stderr
  }

  /** The next line on stdout that this matches. */
  async line (wanted: RegExp): Promise<RegExpExecArray> {
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next()) {
      const match = wanted.exec(next.value)

      if (match != null) {
        return match
      }
    }

    throw new Error(`the program ended without a line like ${String(wanted)}; stderr: ${this.#stderr}`)
  }

  /** As `line`, of a program that prints JSON. */
  async event (name: string): Promise<Record<string, unknown>> {
    const { input } = await this.line(new RegExp(`^\\{"event":"${name}"`))

    return JSON.parse(input) as Record<string, unknown>
  }

  /** Resolves when stderr, as far as it came, matches this. */
  async saidOnStderr (wanted: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = wanted.exec(this.#stderr)

      if (match != null) {
        return match
      }

      await new Promise<void>((resolve, reject) => {
        this.child.stderr.once('data', () => { resolve() })
        this.child.once('close', () => { reject(new Error(`the program ended without saying ${String(wanted)}; stderr: ${this.#stderr}`)) })
      })
    }
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
