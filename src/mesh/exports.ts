import { ServiceError, shared } from '../service/index.ts'
import { Grant } from './grant.ts'
import type { PeerNames } from './peer-names.ts'
import type { Clock, Permits } from '../base/index.ts'
import type { Service, ServiceLike } from '../service/index.ts'

/** Everybody. */
export const ANYBODY = '*'

export interface ExportOptions {
  /** Peer IDs, and names of peers, that may use the service; `'*'` is everybody. @default [] */
  allow?: typeof ANYBODY | readonly string[] | undefined
  /** It runs code, or reaches what is private: only peers that are named may be allowed. @default false */
  privileged?: boolean | undefined
}

/** An exported service and who may use it, as it was said. */
export interface Exported {
  readonly name: string
  readonly allow: typeof ANYBODY | readonly string[]
}

/** What a peer was refused. */
export interface Refusal {
  /** Its ID. */
  readonly peer: string
  /** The name that it asked for, whether there is such a service or not. */
  readonly service: string
  readonly verb: string
}

interface Entry extends Exported {
  readonly object: ServiceLike
  /** Peer IDs in their usual form. */
  readonly allowed: typeof ANYBODY | ReadonlySet<string>
  /** By peer ID, of those who hold something. */
  readonly grants: Map<string, Grant>
}

export interface ExportsInit {
  names: PeerNames
  clock: Clock
  /** Is to throw nothing. */
  onRefused(refusal: Refusal): void
}

/** The services of this node, who may use them, and what was given to whom. */
export class Exports {
  readonly #init: ExportsInit
  readonly #entries = new Map<string, Entry>()

  constructor (init: ExportsInit) {
    this.#init = init
  }

  /** @throws ServiceError InvalidArgument, InvalidConfig; nothing has changed then */
  set (name: string, object: ServiceLike, { allow = [], privileged = false }: ExportOptions): void {
    if (name === '' || name.includes('/')) {
      throw new ServiceError('InvalidArgument', `wanted the name of a service without slashes, received ${JSON.stringify(name)}`)
    }

    if (allow === ANYBODY && privileged) {
      throw new ServiceError('InvalidConfig', `${name} runs code, or reaches what is private: wanted the peers that may use it, received ${JSON.stringify(allow)}, which is everybody`)
    }

    const before = this.#entries.get(name)
    const isSame = before?.object === object
    const entry: Entry = {
      name,
      object,
      allow: allow === ANYBODY ? allow : [...allow],
      allowed: allow === ANYBODY ? allow : new Set(allow.map((peer) => this.#init.names.peerId(peer))),
      grants: isSame ? before.grants : new Map<string, Grant>()
    }

    this.#entries.set(name, entry)

    if (before != null) {
      revoke(before, (peer) => !isSame || !isAllowed(entry, peer), 'is not what it was, or not for you any more')
    }
  }

  /** Whether there was one. Whoever holds something of it is told. */
  delete (name: string): boolean {
    const entry = this.#entries.get(name)

    if (entry == null) {
      return false
    }

    this.#entries.delete(name)
    revoke(entry, () => true, 'was withdrawn')

    return true
  }

  clear (): void {
    for (const name of [...this.#entries.keys()]) {
      this.delete(name)
    }
  }

  /** What is remembered of peers. */
  get grants (): number {
    return Array.from(this.#entries.values()).reduce((sum, { grants }) => sum + grants.size, 0)
  }

  list (): Exported[] {
    return Array.from(this.#entries.values(), ({ name, allow }) => ({ name, allow }))
  }

  /** What this peer may use; sorted. */
  namesFor (peer: string): string[] {
    return Array.from(this.#entries.values()).filter((entry) => isAllowed(entry, peer)).map(({ name }) => name).sort()
  }

  /**
   * A service for a peer, and what keeps track of it.
   *
   * @throws ServiceError PermissionDenied, of what there is and of what there is not
   */
  find (name: string, peer: string, references: Permits): { object: Service, grant: Grant } {
    const entry = this.#entries.get(name)

    if (entry == null || !isAllowed(entry, peer)) {
      throw new ServiceError('PermissionDenied', `there is no service ${JSON.stringify(name)} here that peer ${peer} may use`)
    }

    return { object: shared(entry.object), grant: this.#grant(entry, peer, references) }
  }

  #grant ({ name, grants }: Entry, peer: string, references: Permits): Grant {
    const known = grants.get(peer)

    if (known != null) {
      return known
    }

    const grant: Grant = new Grant({
      service: name,
      caller: { peer },
      clock: this.#init.clock,
      references,
      onRefused: (verb) => { this.#init.onRefused({ peer, service: name, verb }) },
      onIdle: () => {
        if (grants.get(peer) === grant) {
          grants.delete(peer)
        }
      }
    })

    grants.set(peer, grant)

    return grant
  }
}

function isAllowed ({ allowed }: Entry, peer: string): boolean {
  return allowed === ANYBODY || allowed.has(peer)
}

function revoke ({ name, grants }: Entry, isOver: (peer: string) => boolean, why: string): void {
  for (const [peer, grant] of [...grants]) {
    if (isOver(peer)) {
      grants.delete(peer)
      grant.revoke(new ServiceError('PermissionDenied', `the service ${name} ${why}`))
    }
  }
}
