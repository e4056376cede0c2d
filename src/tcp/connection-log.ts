import type { Logger } from '@libp2p/interface'

/** Scopes that are shared; a name that comes when there are as many gets a scope of its own. */
const MAX_SCOPES = 16

/**
 * The log that all connections of a transport or listener write to. A scope of it is made once: an encrypter and a
 * muxer ask for theirs with every connection, and a logger takes more memory than either.
 */
export function connectionLog (log: Logger): Logger {
  const connections = log.newScope('connection')
  const newScope = connections.newScope.bind(connections)
  const scopes = new Map<string, Logger>()

  const scopeOf = (name: string): Logger => {
    const scope = scopes.get(name) ?? newScope(name)

    if (scopes.size < MAX_SCOPES) {
      scopes.set(name, scope)
    }

    return scope
  }

  connections.newScope = scopeOf

  return connections
}
