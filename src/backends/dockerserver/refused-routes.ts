import { HttpError } from './http-error.ts'
import { route } from './route.ts'
import type { Route } from './route.ts'

/** What engines do and this one does not, by the beginning of the path. */
const REFUSED: ReadonlyArray<readonly [methods: string, path: string, what: string]> = [
  ['POST', '/build', 'building images'],
  ['POST', '/build/prune', 'building images'],
  ['POST', '/build/cancel', 'building images'],
  ['POST', '/session', 'building images'],
  ['POST', '/grpc', 'building images'],
  ['POST', '/commit', 'making images of containers'],
  ['GET', '/images/get', 'saving images'],
  ['GET', '/images/{name}/get', 'saving images'],
  ['POST', '/images/load', 'loading images'],
  ['GET', '/images/search', 'searching registries'],
  ['POST', '/images/prune', 'pruning'],
  ['POST', '/images/{name}/push', 'pushing images'],
  ['POST', '/images/{name}/tag', 'tagging images'],
  ['GET', '/distribution/{name}/json', 'looking into registries'],
  ['POST', '/auth', 'logging in'],
  ['POST', '/containers/prune', 'pruning'],
  ['POST', '/containers/{name}/update', 'changing the limits of containers'],
  ['GET', '/containers/{name}/export', 'exporting containers'],
  ['GET', '/containers/{name}/attach/ws', 'attaching by WebSocket'],
  ['GET POST', '/containers/{name}/checkpoints', 'checkpointing'],
  ['POST', '/networks/create', 'changing networks'],
  ['POST', '/networks/prune', 'changing networks'],
  ['POST', '/networks/{name}/connect', 'changing networks'],
  ['POST', '/networks/{name}/disconnect', 'changing networks'],
  ['DELETE', '/networks/{name}', 'changing networks'],
  ['POST', '/volumes/create', 'changing volumes'],
  ['POST', '/volumes/prune', 'changing volumes'],
  ['DELETE', '/volumes/{name}', 'changing volumes'],
  ...['swarm', 'nodes', 'services', 'tasks', 'secrets', 'configs'].flatMap((path) => [
    ['GET POST DELETE', `/${path}`, 'Docker swarm'],
    ['GET POST DELETE', `/${path}/{name}`, 'Docker swarm']
  ] as const),
  ['GET', '/plugins', 'plugins'],
  ['GET POST DELETE', '/plugins/{name}', 'plugins']
]

/**
 * Answers 501 for these, saying what it is that dockerserver does not do. `not supported` is what the docker CLI looks for when
 * it asks for a name in one place after the other.
 */
export const REFUSED_ROUTES: readonly Route[] = REFUSED.flatMap(([methods, path, what]) => methods.split(' ').map((method) => route(method, path, () => {
  throw new HttpError(501, 'NotImplemented', `${what} is not supported by dockerserver`)
})))
