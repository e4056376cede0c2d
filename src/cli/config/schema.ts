import { parseLine } from '../../backends/index.ts'
import { nearest, toError } from '../../base/index.ts'
import { isModulePath } from '../module-path.ts'
import { listOf, mapOf, oneOrMore, record, required, text, word } from './checks.ts'
import { RESTART_POLICIES } from './node-config.ts'
import type { Check, Fields, FieldValues } from './checks.ts'
import type { Allowed, BackendConfig, ServiceConfig } from './node-config.ts'
import type { Place } from './place.ts'
import type { Backend } from '../../service/index.ts'

/** A name that can stand before a slash, behind an @ and in a shell without quotes. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i
const NAME_RULE = 'of up to 63 letters, digits, dots and dashes'

interface NodeFields extends Fields {
  peers: Check<Map<string, string | string[]>>
  key: Check<string>
  listen: Check<string[]>
  backends: Check<Map<string, BackendConfig>>
  services: Check<Map<string, ServiceConfig>>
}

interface Addresses {
  isAddress(word: string): boolean
  isPeerId(word: string): boolean
  /** In its one usual form, of an ID or an address that ends in `/p2p/<peer ID>`; undefined of anything else. */
  peerIdOf(word: string): string | undefined
}

/** What a `swarmd.yml` may say. Peers come first, as what follows may name them; then backends, with which services share a namespace. */
export async function nodeSchema (backends: readonly Backend[]): Promise<Check<FieldValues<NodeFields>>> {
  const addresses = await loadAddresses()
  const names = new Set<string>()
  const offered = new Set<string>()
  const peer = isPeer(addresses, names)
  const options = { backends, peer, allow: allowed(peer, names) }

  return record<NodeFields>({
    peers: mapOf(peerEntry(addresses, names), {
      wanted: 'a map from names to peers',
      checkName: (name) => NAME.test(name) && !addresses.isPeerId(name) ? undefined : `wanted a name ${NAME_RULE} that is no peer ID`
    }),
    key: text('a path to a key file'),
    listen: oneOrMore(multiaddr(addresses), 'a list of multiaddrs', { min: 0 }),
    backends: mapOf(backendEntry(options, offered), {
      wanted: 'a map from backends to who may use them',
      checkName: (name) => unknownBackend(name, backends)
    }),
    services: mapOf(serviceEntry(options), {
      wanted: 'a map from names to services',
      checkName: (name) => serviceName(name, offered)
    })
  }, 'a map of peers, key, listen, services and backends')
}

function serviceName (name: string, offered: ReadonlySet<string>): string | undefined {
  if (!NAME.test(name)) {
    return `wanted a name ${NAME_RULE}`
  }

  return offered.has(name) ? 'a backend of that name is offered under backends, and peers could not tell them apart' : undefined
}

function peerEntry (addresses: Addresses, names: Set<string>): (place: Place, name: string) => string | string[] | undefined {
  const check = reachable(addresses)

  return (place, name) => {
    names.add(name)

    return check(place)
  }
}

interface EntryOptions {
  readonly backends: readonly Backend[]
  peer(word: string): boolean
  readonly allow: Check<Allowed>
}

function serviceEntry ({ backends, peer, allow }: EntryOptions): (place: Place, name: string) => ServiceConfig | undefined {
  const entry = record({
    run: oneOrMore(stage(backends, peer), 'a stage, as "dockerclient unix:///var/run/docker.sock", or a list of stages'),
    allow,
    restart: word(RESTART_POLICIES)
  }, 'a map of run, allow and restart')

  return (place, name) => {
    const { run, allow = [], restart = 'never' } = entry(place) ?? {}

    required(place, 'run', 'a stage or a list of stages')

    if (run == null) {
      return undefined
    }

    refuseOpenPrivilege(place, allow, run.map((line) => backendOf(line, backends)))

    return { name, stages: run, allow, restart }
  }
}

function backendEntry ({ backends, allow }: EntryOptions, offered: Set<string>): (place: Place, name: string) => BackendConfig {
  const entry = record({ allow }, 'a map of allow')

  return (place, name) => {
    const { allow = [] } = entry(place) ?? {}

    offered.add(name)
    required(place, 'allow', "a list of peers, or '*'")
    refuseOpenPrivilege(place, allow, [backends.find((backend) => backend.name === name)])

    return { name, allow }
  }
}

/** What runs code, or reaches what is private, is never everybody's. */
function refuseOpenPrivilege (place: Place, allow: Allowed, backends: ReadonlyArray<Backend | undefined>): void {
  const privileged = backends.find((backend) => backend?.isPrivileged === true)

  if (allow === '*' && privileged != null) {
    place.problem(`allow: '*' lets everybody use ${privileged.name}, which runs code or reaches what is private: name the peers`)
  }
}

/** A line of a backend and its arguments. The backend checks these itself, as it starts. */
function stage (backends: readonly Backend[], isKnownPeer: (word: string) => boolean): Check<string> {
  return (place) => {
    const line = text('a stage, as "exec date"')(place)

    if (line == null) {
      return undefined
    }

    try {
      const { words: [name = ''], peer } = parseLine(line)
      const trouble = peer == null ? unknownBackend(name, backends) : unknownPeer(peer, isKnownPeer)

      return trouble == null ? line : place.problem(trouble)
    } catch (thrown) {
      return place.problem(toError(thrown).message)
    }
  }
}

/** Paths are modules for `handler`. */
function unknownBackend (name: string, backends: readonly Backend[]): string | undefined {
  const names = backends.map((backend) => backend.name)

  if (names.includes(name) || isModulePath(name)) {
    return undefined
  }

  const meant = nearest(name, names)

  return `there is no backend ${JSON.stringify(name)}; ${meant == null ? `there are ${names.join(', ')}` : `did you mean ${meant}?`}`
}

/** Which backends another node has is known there. */
function unknownPeer (peer: string, isKnownPeer: (word: string) => boolean): string | undefined {
  return isKnownPeer(peer) ? undefined : `@${peer} is neither a name under peers nor a peer ID nor an address`
}

/** Of what runs here. */
function backendOf (line: string, backends: readonly Backend[]): Backend | undefined {
  const { words: [name = ''], peer } = parseLine(line)
  const wanted = isModulePath(name) ? 'handler' : name

  return peer == null ? backends.find((backend) => backend.name === wanted) : undefined
}

function multiaddr ({ isAddress }: Addresses): Check<string> {
  const wanted = 'a multiaddr, as /ip4/0.0.0.0/tcp/4001'

  return (place) => {
    const value = text(wanted)(place)

    return value == null || isAddress(value) ? value : place.unwanted(wanted)
  }
}

/** Where a peer is: an ID, an address, or addresses. */
function reachable ({ peerIdOf }: Addresses): Check<string | string[]> {
  const wanted = 'a peer ID, or a multiaddr that ends in /p2p/<peer ID>, or a list of those'
  const address: Check<string> = (place) => {
    const value = text(wanted)(place)

    return value == null || peerIdOf(value) != null ? value : place.unwanted(wanted)
  }
  const all = oneOrMore(address, wanted)

  return (place) => {
    const found = all(place)
    const ids = new Set(found?.map(peerIdOf))

    if (ids.size > 1) {
      return place.problem(`all addresses of a name are those of one peer, and these end in ${[...ids].join(', ')}`)
    }

    return found?.length === 1 ? found[0] : found
  }
}

function allowed (peer: (word: string) => boolean, names: ReadonlySet<string>): Check<Allowed> {
  const wanted = "a list of peers, or '*' for everybody"
  const list = listOf((place) => {
    const value = text('a name under peers, or a peer ID')(place)

    if (value == null || (peer(value) && !value.startsWith('/'))) {
      return value
    }

    const meant = nearest(value, names)

    return place.problem(`${JSON.stringify(value)} is neither a name under peers nor a peer ID${meant == null ? '' : `; did you mean ${meant}?`}`)
  }, wanted)

  return (place) => {
    const isEverybody = place.node != null && 'value' in place.node && place.node.value === '*'

    return isEverybody ? '*' : list(place)
  }
}

function isPeer ({ isAddress, isPeerId }: Addresses, names: ReadonlySet<string>): (word: string) => boolean {
  return (word) => names.has(word) || isPeerId(word) || (word.startsWith('/') && isAddress(word))
}

/** Loaded late: most commands know no addresses. */
async function loadAddresses (): Promise<Addresses> {
  const [{ multiaddr }, { parsePeerId }] = await Promise.all([import('@multiformats/multiaddr'), import('../../identity/index.ts')])

  const isAddress = (word: string): boolean => word.startsWith('/') && attempt(() => multiaddr(word)) != null
  const idOf = (word: string): string | undefined => attempt(() => parsePeerId(word))?.toString()

  return {
    isAddress,
    isPeerId: (word) => idOf(word) != null,
    peerIdOf: (word) => isAddress(word) ? idOf(/\/p2p\/([^/]+)$/.exec(word)?.[1] ?? '') : idOf(word)
  }
}

function attempt<T> (parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
