import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NotOffered } from '../systems/system.ts'
import { readLines, writeLine } from './wire.ts'
import type { Order, Ready, Reply, Role, Usage } from './wire.ts'
import type { ChildProcess } from 'node:child_process'

export interface EndInit {
  role: Role
  system: string
  /** An address, or a number of peers. */
  argument?: string | undefined
  /** Of node. */
  flags?: readonly string[] | undefined
}

/** Whatever takes longer than it should by so much hangs. */
const PATIENCE_MS = 120_000
const CLOSE_PATIENCE_MS = 5_000
const STDERR_CHARACTERS = 2_000

const END = fileURLToPath(new URL('../end.ts', import.meta.url))
/** So that no system pays for being TypeScript, or for having many files, more than once. */
const COMPILE_CACHE = fileURLToPath(new URL('../../.tmp/compile-cache', import.meta.url))

/** An end of a system, as whoever measures has it. One order at a time. */
export class EndProcess {
  readonly ready: Ready

  readonly #child: ChildProcess
  readonly #lines: AsyncGenerator<Reply>
  readonly #stderr: () => string

  private constructor (ready: Ready, child: ChildProcess, lines: AsyncGenerator<Reply>, stderr: () => string) {
    this.ready = ready
    this.#child = child
    this.#lines = lines
    this.#stderr = stderr
  }

  static async start ({ role, system, argument, flags = [] }: EndInit): Promise<EndProcess> {
    const child = spawn(process.execPath, ['--expose-gc', ...flags, END, role, system, ...argument == null ? [] : [argument]], {
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
      stdio: 'pipe',
      detached: true // a group of its own, with its brokers and programs, to be killed as one
    })
    let errors = ''

    child.stdin.on('error', () => {}) // of an end that is gone; its silence tells
    child.stderr.on('data', (data) => { errors = `${errors}${data}`.slice(-STDERR_CHARACTERS) })

    const lines = readLines<Ready | Reply>(child.stdout)

    try {
      return new EndProcess(await next(lines, PATIENCE_MS, () => errors) as Ready, child, lines as AsyncGenerator<Reply>, () => errors)
    } catch (error) {
      killGroup(child)
      throw error
    }
  }

  async ask<T> (order: Order, ...args: unknown[]): Promise<T> {
    writeLine(this.#child.stdin ?? process.stderr, { order, args })

    const reply = await next(this.#lines, PATIENCE_MS, this.#stderr)

    if ('error' in reply) {
      throw reply.isOffered ? new Error(reply.error) : new NotOffered(reply.error)
    }

    return reply.result as T
  }

  usage (): Promise<Usage> {
    return this.ask('usage')
  }

  async close (): Promise<void> {
    if (this.#child.exitCode != null || this.#child.signalCode != null) {
      return
    }

    const exited = new Promise((resolve) => { this.#child.once('exit', resolve) })
    const timer = setTimeout(() => { this.kill() }, CLOSE_PATIENCE_MS)

    writeLine(this.#child.stdin ?? process.stderr, { order: 'close', args: [] })
    this.#child.stdin?.end()
    await exited
    clearTimeout(timer)
  }

  /** The process, and those that it started. */
  kill (): void {
    killGroup(this.#child)
  }
}

function killGroup ({ pid }: ChildProcess): void {
  try {
    process.kill(-(pid ?? NaN), 'SIGKILL')
  } catch {
    // gone already
  }
}

async function next<T> (lines: AsyncGenerator<T>, patienceMs: number, errors: () => string): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => { reject(new Error(`no answer within ${patienceMs} ms`)) }, patienceMs)

  try {
    const { value, done } = await Promise.race([lines.next(), timeout])

    if (done === true) {
      throw new Error(`the process ended: ${/^.*Error.*$/m.exec(errors())?.[0] ?? errors()}`)
    }

    return value
  } finally {
    clearTimeout(timer)
  }
}
