import { onTestFinished } from 'vitest'
import { createSwarm } from '../../src/index.ts'
import { createMesh } from '../../src/mesh/index.ts'
import { addressOf, LOOPBACK } from './swarm-pair.ts'
import type { Mesh, MeshInit, Refusal } from '../../src/mesh/index.ts'

/** A node of a mesh, as tests see it. */
export interface MeshNode {
  readonly mesh: Mesh
  /** Where others dial it. */
  readonly address: string
  /** Its peer ID. */
  readonly id: string
  /** What it has refused so far. */
  readonly refusals: Refusal[]
}

/** A node that listens on loopback, and is closed after the test. */
export async function meshNode (init: MeshInit = {}): Promise<MeshNode> {
  const swarm = await createSwarm({ listen: [LOOPBACK] })
  const refusals: Refusal[] = []

  onTestFinished(async () => { await swarm.close() })

  return {
    mesh: createMesh(swarm, { onRefused: (refusal) => { refusals.push(refusal) }, ...init }),
    address: addressOf(swarm),
    id: swarm.peerId.toString(),
    refusals
  }
}

export async function meshNodes (count: number, init: (index: number) => MeshInit = () => ({})): Promise<MeshNode[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => meshNode(init(index))))
}
