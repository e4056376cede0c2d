import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Peer, Verbs } from './peer.ts'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'

/** Of its log an error shows the end. */
const SHOWN_LOG_LENGTH = 2000

/** For a peer to end when it was told to; then it is killed. */
const END_PATIENCE_MS = 5000

/** How a program is started. */
export interface Launch {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** A peer that is a process of its own. While it is told nothing it keeps no test alive. */
export class RemotePeer implements Peer {
  readonly name: string
  readonly peer: string
  readonly addrs: readonly string[]
  readonly #process: PeerProcess

  private constructor (process: PeerProcess, { peer, addrs }: { peer: string, addrs: readonly string[] }) {
    this.#process = process
    this.name = process.name
    this.peer = peer
    this.addrs = addrs
  }

  /** @throws Error with the end of its log when it ends instead of saying where it listens */
  static async start (launch: Launch, flags: readonly string[]): Promise<RemotePeer> {
    const process = new PeerProcess(launch, flags)

    return new RemotePeer(process, await process.started as { peer: string, addrs: string[] })
  }

  async do<V extends keyof Verbs> (verb: V, args: Verbs[V]['args']): Promise<Verbs[V]['value']> {
    return this.#process.ask(verb, args)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#process.end()
  }
}

class PeerProcess {
  readonly name: string
  /** Resolves with what it says first. */
  readonly started: Promise<unknown>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exited: Promise<unknown>
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #log = ''
  #lastId = 0

  constructor ({ name, file, args }: Launch, flags: readonly string[]) {
    const first = this.#await(0)

    this.name = name
    this.started = first
    this.#child = spawn(file, [...args, ...flags])
    this.#exited = once(this.#child, 'exit')
    this.#exited.catch(() => {})
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.on('data', (chunk: Buffer) => { this.#log = (this.#log + chunk.toString()).slice(-SHOWN_LOG_LENGTH) })
    createInterface(this.#child.stdout).on('line', (line) => { this.#onLine(line) })
    this.#child.once('error', (error) => { this.#fail(error) })
    this.#child.once('close', (code) => { this.#fail(new Error(`${name} ended with code ${String(code)}: ${this.#log}`)) })
  }

  async ask (verb: string, args: object): Promise<unknown> {
    if (this.#child.exitCode != null) {
      throw new Error(`${this.name} has ended: ${this.#log}`)
    }

    const id = ++this.#lastId
    const answer = this.#await(id)

    this.#keepAlive()
    this.#child.stdin.write(`${JSON.stringify({ id, verb, args })}\n`)

    return answer
  }

  async end (): Promise<void> {
    const tooLate = AbortSignal.timeout(END_PATIENCE_MS)
    const kill = (): void => { this.#child.kill('SIGKILL') }

    tooLate.addEventListener('abort', kill)
    this.#child.ref()
    this.#child.stdin.end()
    await this.#exited
    tooLate.removeEventListener('abort', kill)
  }

  async #await (id: number): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>()

    this.#waiting.set(id, waiting)

    return waiting.promise
  }

  #onLine (line: string): void {
    const said = JSON.parse(line) as Answer
    const { id = 0, error } = said
    const waiting = this.#waiting.get(id)

    this.#waiting.delete(id)
    this.#keepAlive()

    if (error == null) {
      waiting?.resolve(id === 0 ? said : said.value ?? null)
    } else {
      waiting?.reject(new Error(`${this.name}: ${error}`))
    }
  }

  #fail (error: Error): void {
    for (const { reject } of this.#waiting.values()) {
      reject(error)
    }

    this.#waiting.clear()
  }

  #keepAlive (): void {
    for (const part of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr] as Array<{ ref?(): void, unref?(): void }>) {
      if (this.#waiting.size > 0) {
        part.ref?.()
      } else {
        part.unref?.()
      }
    }
  }
}
