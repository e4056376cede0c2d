import { readFileSync } from 'node:fs'

const PACKAGES = [
  'libp2p',
  '@libp2p/tcp',
  '@libp2p/websockets',
  '@chainsafe/libp2p-quic',
  '@libp2p/noise',
  '@libp2p/tls',
  '@libp2p/yamux',
  '@libp2p/mplex',
  '@libp2p/identify',
  '@libp2p/ping',
  '@libp2p/kad-dht',
  '@libp2p/gossipsub',
  '@libp2p/circuit-relay-v2'
]

function versionOf (name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url)

  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** What this program is made of. */
export function versions (): Record<string, string> {
  return { node: process.versions.node, ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])) }
}
