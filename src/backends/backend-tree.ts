import { Tree } from '../service/index.ts'
import { BACKENDS } from './all-backends.ts'
import { backendService } from './backend-service.ts'
import type { Allows } from './backend-service.ts'
import type { Backend, BackendHost } from '../service/index.ts'

/** Backends by name: `attach exec`, then `spawn ls`. */
export function backendTree (host: BackendHost & Allows, backends: readonly Backend[] = BACKENDS): Tree {
  return new Tree(Object.fromEntries(backends.map((backend) => [backend.name, backendService(backend, host)])), 'the tree of backends')
}
