import type { System } from './system.ts'

/**
 * By name, in the order of the report: the file of each, and what it exports. Only the processes that run a system
 * load it, and no compiler follows these names: nobody needs what another system is made of.
 */
const PLACES: Readonly<Record<string, readonly [file: string, exported: string]>> = {
  'swarmd Noise': ['swarmd/streams', 'swarmdNoise'],
  'swarmd TLS': ['swarmd/streams', 'swarmdTls'],
  'swarmd channels': ['swarmd/channels', 'swarmdChannels'],
  'swarmd typed service': ['swarmd/typed-service', 'swarmdTypedService'],
  'swarmd mesh service': ['swarmd/typed-service', 'swarmdMeshService'],
  'js-libp2p Noise': ['js-libp2p/index', 'noise'],
  'js-libp2p TLS': ['js-libp2p/index', 'tls'],
  'go-libp2p': ['go-libp2p/index', 'noise'],
  'go-libp2p TLS': ['go-libp2p/index', 'tls'],
  'secret-stream': ['secret-stream/index', 'secretStream'],
  protomux: ['protomux/index', 'protomux'],
  'grpc-js': ['grpc-js/index', 'clear'],
  'grpc-js TLS': ['grpc-js/index', 'tls'],
  'grpc-js bidi': ['grpc-js/index', 'bidi'],
  NATS: ['nats/index', 'nats'],
  moleculer: ['moleculer/index', 'moleculer'],
  capnweb: ['capnweb/index', 'capnweb'],
  ws: ['ws/index', 'ws'],
  'HTTP/2': ['http2/index', 'http2Clear'],
  'HTTP/2 TLS': ['http2/index', 'http2Tls'],
  'node:tls': ['node-tls/index', 'tlsAes'],
  'node:tls ChaCha20': ['node-tls/index', 'tlsChaCha20'],
  'node:tls mutual': ['node-tls/index', 'tlsMutual'],
  'raw TCP': ['raw-tcp/index', 'rawTcp']
}

export const SYSTEMS: readonly string[] = Object.keys(PLACES)

/** @throws RangeError when there is no such system; Error when what it is made of is not installed */
export async function loadSystem (name: string): Promise<System> {
  const [file, exported] = PLACES[name] ?? unknown(name)
  const { [exported]: system } = await import(`./${file}.ts`) as Record<string, System>

  return system ?? unknown(`${exported} of ${file}`)
}

/**
 * Systems with this name, or of this family: `swarmd` is all of ours; case and dashes do not count.
 *
 * @throws RangeError when there is none
 */
export function findSystems (wanted: string): string[] {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[ -]+/g, ' ')
  const found = SYSTEMS.filter((name) => plain(name) === plain(wanted) || plain(name).startsWith(`${plain(wanted)} `))

  return found.length > 0 ? found : unknown(wanted)
}

function unknown (name: string): never {
  throw new RangeError(`there is no system ${name}; there are ${SYSTEMS.join(', ')}`)
}
