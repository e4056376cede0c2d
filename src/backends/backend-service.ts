import { describeCaller, Server, ServiceError } from '../service/index.ts'
import type { Backend, BackendHost, Caller } from '../service/index.ts'

/** Who may have privileged backends spawned, besides this process. */
export interface Allows {
  /** Whether a remote caller may spawn a privileged backend. Without it, nobody may. */
  allows?(backend: string, caller: Caller): boolean
}

/**
 * A backend as an object: `spawn` makes a stage, and `get` tells of it.
 * Privileged backends are refused to remote callers that `host.allows` does not let pass.
 */
export function backendService (backend: Backend, host: BackendHost & Allows): Server {
  return new Server(backend.name)
    .onGet(() => describe(backend))
    .onSpawn(async (args, call) => {
      assertMaySpawn(backend, host, call.caller)

      return backend.spawn(args, { host, call })
    })
}

/** @throws ServiceError PermissionDenied */
export function assertMaySpawn ({ name, isPrivileged = false }: Pick<Backend, 'name' | 'isPrivileged'>, host: Allows, caller: Caller): void {
  if (isPrivileged && caller.peer != null && host.allows?.(name, caller) !== true) {
    throw new ServiceError('PermissionDenied', `${describeCaller(caller)} may not spawn ${name}: it is not on its list`)
  }
}

/** What can be told as JSON. */
function describe ({ name, summary, usage, description = [], options = {}, examples = [], isPrivileged = false }: Backend): object {
  return { name, summary, usage, description, options, examples, isPrivileged }
}
