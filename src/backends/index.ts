/*
 * What `swarmd` can spawn: one file or folder for each backend, and what launches them.
 *
 *     const host = createHost({ peer: mesh.peer })
 *     const stage = await host.launch('exec grep ERR @PEER', { caller: LOCAL, signal })
 *
 * A backend makes objects (`swarmd/service`): tasks, whose output is the next one's input. It knows no swarm:
 * peers come through `BackendHost.peer`.
 *
 * Read `launch` first, then a small backend: `simulator`, `log`.
 */
export { BACKENDS } from './all-backends.ts'
export { createHost } from './create-host.ts'

// backends as objects, to be exported to peers
export { backendService } from './backend-service.ts'
export { backendTree } from './backend-tree.ts'

// lines of a pipeline
export { parseLine } from './parse-line.ts'
export { stageName } from './stage-name.ts'
export { helpOf } from './help.ts'

export type { Allows } from './backend-service.ts'
export type { Host, HostInit } from './create-host.ts'
export type { LaunchOptions } from './launch.ts'
export type { ParsedLine } from './parse-line.ts'
