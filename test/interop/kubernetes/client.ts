import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { buildGo } from '../support/go.ts'
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** What client-go made of it. */
export interface Outcome {
  /** Of a command that ended with one that is not 0. */
  code?: number
  error?: string
  /** At which a forwarding listens. */
  port?: number
}

export interface ClientOptions {
  server: string
  /** File of the certificate to trust. */
  ca?: string | undefined
}

export interface ExecOptions extends ClientOptions {
  stdin?: boolean
  /** Sizes of the terminal that is asked for. */
  sizes?: readonly string[]
  ping?: string
}

/** The program in `test/interop/go/kubernetes`, built. Disposing it removes it. */
export class KubernetesClient implements AsyncDisposable {
  readonly #folder: string
  readonly #program: string

  private constructor (folder: string) {
    this.#folder = folder
    this.#program = join(folder, 'kubernetes-peer')
  }

  static async build (): Promise<KubernetesClient> {
    const client = new KubernetesClient(await mkdtemp(join(tmpdir(), 'kubernetes-peer-')))

    await buildGo('kubernetes', client.#program)

    return client
  }

  /** As `kubectl exec` does. */
  exec (command: readonly string[], { server, ca, stdin = false, sizes, ping }: ExecOptions): Running {
    return this.#start('exec', { server, ca }, [
      ...(stdin ? ['-stdin'] : []),
      ...(sizes == null ? [] : ['-tty', '-sizes', sizes.join()]),
      ...(ping == null ? [] : ['-ping', ping]),
      ...command
    ])
  }

  /** As `kubectl port-forward` does. */
  forward (port: number, options: ClientOptions): Running {
    return this.#start('forward', options, [String(port)])
  }

  #start (verb: string, { server, ca }: ClientOptions, rest: readonly string[]): Running {
    return new Running(spawn(this.#program, [verb, '-server', server, ...(ca == null ? [] : ['-ca', ca]), ...rest], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}

/** A client at work. Disposing it kills it. */
export class Running implements AsyncDisposable {
  readonly stdin: Writable
  /** All that came, when it has ended. */
  readonly stdout: Promise<Buffer>
  readonly stderr: Promise<Buffer>
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #firstOutput: Promise<unknown>
  readonly #outcomes: AsyncIterator<string>

  constructor (child: ChildProcess) {
    const [stdin, stdout, stderr, outcomes] = child.stdio as unknown as [Writable, Readable, Readable, Readable]

    this.#child = child
    this.#closed = once(child, 'close')
    this.#firstOutput = new Promise((resolve) => { stdout.once('data', resolve) })
    this.#outcomes = createInterface(outcomes)[Symbol.asyncIterator]() // keeps lines until they are asked for
    this.stdin = stdin
    this.stdout = buffer(stdout)
    this.stderr = buffer(stderr)

    stdin.on('error', () => {}) // the program has ended before it read all
  }

  /** Resolves when the command has written something. */
  async begins (): Promise<void> {
    await this.#firstOutput
  }

  /** The next thing that the client tells. */
  async outcome (): Promise<Outcome> {
    const line = await this.#outcomes.next()

    if (line.done === true) {
      throw new Error('the client ended without a word')
    }

    return JSON.parse(line.value) as Outcome
  }

  kill (signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.kill('SIGKILL')
    await this.#closed
  }
}
