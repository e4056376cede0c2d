import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A program that speaks in lines, and ends when its stdin does. */
export class LineProgram {
  readonly pid: number
  readonly #process: ChildProcess
  readonly #stdin: Writable
  readonly #lines: AsyncIterator<string>
  readonly #kill = (): void => { this.#process.kill() }

  constructor (file: string, args: readonly string[]) {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const stdout: Readable = child.stdout

    this.#process = child
    this.#stdin = child.stdin
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
    this.pid = child.pid ?? 0
    process.once('exit', this.#kill)
  }

  write (line: string): void {
    this.#stdin.write(`${line}\n`)
  }

  async read (): Promise<string> {
    const line = await this.#lines.next()

    if (line.done === true) {
      throw new Error('the program ended')
    }

    return line.value
  }

  async close (): Promise<void> {
    process.off('exit', this.#kill)
    this.#stdin.end()

    if (this.#process.exitCode == null) {
      await once(this.#process, 'exit')
    }
  }
}
