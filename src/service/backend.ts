import { ServiceError } from './service-error.ts'
import type { Call } from './call.ts'
import type { Caller } from './caller.ts'
import type { Reference, Service } from './service.ts'
import type { Clock } from '../base/index.ts'

/** A stage of a pipeline: an object that was spawned. */
export interface Stage {
  /** For people: `exec grep ERR @12D3…`. */
  readonly name: string
  readonly object: Reference
}

/** What the node around it gives to a backend. */
export interface BackendHost {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** This process's own streams, for backends of the command line; absent in a daemon. */
  readonly stdio?: {
    readonly stdin: AsyncIterable<Uint8Array>
    write(bytes: Uint8Array | string): Promise<void>
  } | undefined
  /**
   * Spawns what a line says: a backend, its arguments, and `@PEER` last to have it spawned there. Callers hold its
   * only reference: closing it ends what runs.
   *
   * @throws ServiceError NotFound, InvalidArgument, PermissionDenied; what the backend throws; what `dial` throws
   */
  launch(line: string, options: { caller: Caller, signal: AbortSignal }): Promise<Stage>
  /**
   * What a peer exports: a reference to its tree of services. `peer` is a peer ID, a multiaddr, or a name that this node gave to one.
   *
   * @throws ServiceError NotImplemented where there is no swarm; as `swarm.dial`
   */
  peer(peer: string, options: { signal?: AbortSignal | undefined }): Promise<Reference>
}

/** What a backend may know as it spawns. */
export interface SpawnContext {
  readonly host: BackendHost
  /** Who asked for it, and until when. */
  readonly call: Call
}

/** A kind of object that can be spawned: one line of `swarmd` without arguments. */
export interface Backend {
  readonly name: string
  /** One line, beginning with a verb: what it does. */
  readonly summary: string
  /** The arguments: `<one>`, `[optional]`, `[more...]`. */
  readonly usage: string
  /** Paragraphs for `--help`. */
  readonly description?: readonly string[] | undefined
  /** Options with what they do, for `--help`. */
  readonly options?: Readonly<Record<string, string>> | undefined
  readonly examples?: readonly string[] | undefined
  /** Whether it runs code or reaches what is private: remote callers are refused unless a list names them. @default false */
  readonly isPrivileged?: boolean | undefined
  /** @throws ServiceError InvalidArgument saying what was wanted and what came */
  spawn(args: readonly string[], context: SpawnContext): Service | Promise<Service>
}

/** Lets the compiler check a backend where it is written. */
export function defineBackend (backend: Backend): Backend {
  if (!/^[a-z][a-z0-9-]*$/.test(backend.name)) {
    throw new ServiceError('InvalidArgument', `wanted the name of a backend to be lower-case letters, digits and dashes, received ${JSON.stringify(backend.name)}`)
  }

  return backend
}
