import { backendService, BACKENDS, createHost } from '../../backends/index.ts'
import { createMesh } from '../../mesh/index.ts'
import { LOCAL, pipeline, VERBS } from '../../service/index.ts'
import type { PipelineEnd } from './wire.ts'
import type { Swarm } from '../../index.ts'
import type { Mesh } from '../../mesh/index.ts'
import type { BackendHost } from '../../service/index.ts'

/** Of what a pipeline prints. */
const MAX_OUTPUT_BYTES = 64 * 1024

/** What a node of the demo runs for others, and has others run. */
export class Pipelines implements AsyncDisposable {
  readonly #mesh: Mesh
  readonly #host: BackendHost
  readonly #allowed = new Set<string>()

  constructor (swarm: Swarm, env: BackendHost['env']) {
    this.#mesh = createMesh(swarm)
    this.#host = createHost({
      env,
      peer: async (peer, options) => this.#mesh.peer(peer, options),
      allows: (_, { peer = '' }) => this.#allowed.has(peer)
    })
  }

  /** Lets these peers, and nobody else, have a backend spawned here. */
  offer (name: string, allow: readonly string[]): void {
    const backend = BACKENDS.find((candidate) => candidate.name === name)

    if (backend == null) {
      throw new RangeError(`there is no backend ${name}`)
    }

    allow.forEach((peer) => { this.#allowed.add(peer) })
    this.#mesh.export(name, backendService(backend, this.#host), { allow, privileged: backend.isPrivileged })
  }

  /** Runs a pipeline to its end, each stage where its line says. */
  async run (lines: readonly string[], signal: AbortSignal): Promise<PipelineEnd> {
    const stages = await Promise.all(lines.map(async (line) => this.#host.launch(line, { caller: LOCAL, signal })))

    await using running = pipeline(stages)

    const printed = running.listen()
    let output = ''

    await running.start()

    for await (const { verb, att } of printed) {
      if (verb === VERBS.file && att != null && 'text' in att) {
        output += await att.text({ maxBytes: MAX_OUTPUT_BYTES, signal })
      }
    }

    const { code, stages: ended } = await running.ended

    return { output, code, stages: ended.map((stage) => stage.code) }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#mesh.close()
  }
}
