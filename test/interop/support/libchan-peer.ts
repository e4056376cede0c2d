import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { buildGo, goMissing } from './go.ts'
import type { ChildProcess } from 'node:child_process'

const run = promisify(execFile)

/** Why the tests against Go libchan do not run here; undefined where they do. */
export const LIBCHAN_SKIP_REASON: string | undefined = goMissing()

/** The program in `test/interop/go/libchan`, built. Disposing it removes it. */
export class LibchanPeer implements AsyncDisposable {
  readonly #folder: string
  readonly #program: string

  private constructor (folder: string) {
    this.#folder = folder
    this.#program = join(folder, 'libchan-peer')
  }

  static async build (): Promise<LibchanPeer> {
    const peer = new LibchanPeer(await mkdtemp(join(tmpdir(), 'libchan-peer-')))

    await buildGo('libchan', peer.#program)

    return peer
  }

  /** Listens, with TLS if there is a certificate. */
  async serve (files?: { cert: string, key: string }): Promise<LibchanServer> {
    const flags = files == null ? [] : ['-cert', files.cert, '-key', files.key]
    const child = spawn(this.#program, ['serve', ...flags], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line') as [string]

    return new LibchanServer(child, line.replace('listening ', ''))
  }

  /** Runs one case against a server of ours; rejects with what went wrong. */
  async call (address: string, name: string, { ca }: { ca?: string } = {}): Promise<string> {
    const flags = ca == null ? [] : ['-ca', ca]
    const { stdout } = await run(this.#program, ['call', '-connect', address, ...flags, name])

    return stdout
  }

  async vectors (): Promise<unknown> {
    const { stdout } = await run(this.#program, ['vectors'])

    return JSON.parse(stdout)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}

/** A server of Go libchan. It ends when its input does. */
export class LibchanServer implements AsyncDisposable {
  /** Host and port. */
  readonly address: string
  readonly #child: ChildProcess

  constructor (child: ChildProcess, address: string) {
    this.#child = child
    this.address = address
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    const exited = once(this.#child, 'exit')

    this.#child.stdin?.end()
    await exited
  }
}
