/** When a service that ended is started again. */
export const RESTART_POLICIES = ['never', 'on-failure'] as const

export type RestartPolicy = typeof RESTART_POLICIES[number]

/** Who may use something: everybody, or these, by peer ID or by the name that `peers` gives them. */
export type Allowed = '*' | readonly string[]

/** One entry of `services`. */
export interface ServiceConfig {
  readonly name: string
  /** Lines that `swarmd run` would take. */
  readonly stages: readonly string[]
  readonly allow: Allowed
  readonly restart: RestartPolicy
}

/** One entry of `backends`: who may place stages of it on this node. */
export interface BackendConfig {
  readonly name: string
  readonly allow: Allowed
}

/** What a `swarmd.yml` says. `docs/swarmd-yml.md` is its reference. */
export interface NodeConfig {
  /** Where it was read from, for messages. */
  readonly file: string
  /** The key file, as an absolute path; undefined for the one of this user. */
  readonly key: string | undefined
  readonly listen: readonly string[]
  /** What to dial for each name: a peer ID, or addresses. */
  readonly peers: Readonly<Record<string, string | readonly string[]>>
  readonly services: readonly ServiceConfig[]
  readonly backends: readonly BackendConfig[]
}

/** A config of nothing, for commands that were given no file. */
export const NO_CONFIG: NodeConfig = Object.freeze({ file: '', key: undefined, listen: [], peers: {}, services: [], backends: [] })
