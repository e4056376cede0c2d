import { readdirSync, readFileSync } from 'node:fs'
import { backendService, BACKENDS, createHost } from '../../src/backends/index.ts'
import { LOCAL, pipeline, VERBS } from '../../src/service/index.ts'
import { meshNode } from './mesh-nodes.ts'
import type { MeshNode } from './mesh-nodes.ts'
import type { Host } from '../../src/backends/index.ts'
import type { Receiver } from '../../src/channel/index.ts'
import type { Message, Pipeline, PipelineOptions, PipelineReport } from '../../src/service/index.ts'

/** A node that spawns what lines say, here and at others. */
export interface HostNode extends MeshNode {
  readonly host: Host
}

/** Nodes of which the first knows the others, and may spawn anything there. */
export async function hostNodes (count: number): Promise<[HostNode, ...HostNode[]]> {
  const [first, ...others] = await Promise.all(Array.from({ length: count }, hostNode))

  if (first == null) {
    throw new Error('wanted at least one node')
  }

  for (const other of others) {
    for (const backend of BACKENDS) {
      other.mesh.export(backend.name, backendService(backend, other.host), { allow: [first.id], privileged: true })
    }

    await first.mesh.swarm.dial(other.address)
  }

  return [first, ...others]
}

async function hostNode (): Promise<HostNode> {
  const node = await meshNode()
  const host = createHost({ env: process.env, peer: async (peer, options) => node.mesh.peer(peer, options), allows: () => true })

  return { ...node, host }
}

/** A pipeline of these lines, started. */
export async function run (host: Host, lines: readonly string[], options?: PipelineOptions): Promise<{ running: Pipeline, output: Receiver<Message> }> {
  const { signal } = new AbortController()
  const stages = await Promise.all(lines.map(async (line) => host.launch(line, { caller: LOCAL, signal })))
  const running = pipeline(stages, options)
  const output = running.listen()

  await running.start()

  return { running, output }
}

/** Gives all bytes of standard output to `take`, in order. */
export async function eachChunk (output: Receiver<Message>, take: (bytes: Uint8Array) => void): Promise<void> {
  for await (const { verb, args: [name], att } of output) {
    if (verb === VERBS.file && name === 'stdout' && att != null && 'read' in att && 'end' in att && 'closeRead' in att) {
      await att.closeWrite()

      for await (const chunk of att) {
        take(chunk)
      }
    }
  }
}

export async function textOf (output: Receiver<Message>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''

  await eachChunk(output, (bytes) => { text += decoder.decode(bytes, { stream: true }) })

  return text
}

/** Takes the standard error of each stage, by its place. */
export function collectErrors (): { texts: string[], onReport(report: PipelineReport): Promise<void> } {
  const texts: string[] = []

  return {
    texts,
    onReport: async ({ index, message: { att } }) => {
      if (att != null) {
        texts[index] = await att.text()
      }
    }
  }
}

/** Processes of our own that live, or that nobody has waited for. */
export function children (): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid)
}

function parentOf (pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')

    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // it has ended meanwhile
  }
}
