import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeProcess } from './node-process.ts'
import type { Context } from '../command.ts'

export type Name = 'alice' | 'bob' | 'carol'

/** Any free port of this machine, which no other machine can reach. */
const ANY_ADDRESS = '/ip4/127.0.0.1/tcp/0'

/** The nodes of the demo and the folder of their keys. Disposed of, nothing of them is left. */
export class Cast implements AsyncDisposable {
  readonly #context: Context
  readonly #folder: string
  readonly #nodes = new Map<Name, NodeProcess>()

  static async create (context: Context): Promise<Cast> {
    return new Cast(context, await mkdtemp(join(tmpdir(), 'swarmd-demo-')))
  }

  private constructor (context: Context, folder: string) {
    this.#context = context
    this.#folder = folder
  }

  /** All that were started, those that have ended too, by name. */
  get nodes (): NodeProcess[] {
    return [...this.#nodes.values()].sort((a, b) => a.name.localeCompare(b.name))
  }

  keyFile (name: Name): string {
    return join(this.#folder, `${name}.key`)
  }

  /** Starts a node with the key of its name. Started again, it takes the place of the one that was. */
  async start (name: Name, address = ANY_ADDRESS): Promise<NodeProcess> {
    const { execArgv, clock, signal } = this.#context
    const node = new NodeProcess({ name, address, keyFile: this.keyFile(name), execArgv, clock, signal })

    // before it is ready: one that never is has to be ended too
    this.#nodes.set(name, node)
    await node.ready()

    return node
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    const { nodes } = this

    nodes.forEach((node) => { node.kill() })
    await Promise.all(nodes.map(({ exited }) => exited))
    await rm(this.#folder, { recursive: true, force: true })
  }
}
