import type { Acquaintance } from './wire.ts'
import type { Stream, Swarm } from '../../index.ts'
import type { PeerId } from '@libp2p/interface'

/** Leaves one's own addresses, and gets those of everybody whom the other side knows. */
export const ADDRESSES_PROTOCOL = '/demo/addresses/1.0.0'

/** Tells the time. The second version exists only as an offer, so that a choice is to be made. */
export const TIME_PROTOCOL = '/demo/time/1.0.0'
export const NEWER_TIME_PROTOCOL = '/demo/time/2.0.0'

const MAX_BYTES = 64 * 1024

/** Sends one JSON value, and waits for one. */
export async function request (stream: Stream, value: unknown, signal: AbortSignal): Promise<unknown> {
  await stream.end(JSON.stringify(value), { signal })

  const answer: unknown = JSON.parse(await stream.text({ signal, maxBytes: MAX_BYTES }))

  await stream.close({ signal })

  return answer
}

/** Serves a protocol of one question and one answer. */
export async function respond (stream: Stream, answer: (question: unknown) => unknown): Promise<void> {
  const question: unknown = JSON.parse(await stream.text({ maxBytes: MAX_BYTES }))

  await stream.end(JSON.stringify(await answer(question)))
  await stream.close()
}

/** Notes where a peer says it is. */
export async function remember (swarm: Swarm, peer: PeerId, addresses: unknown): Promise<void> {
  if (!isStrings(addresses)) {
    throw new TypeError(`wanted an array of addresses, received ${JSON.stringify(addresses)}`)
  }

  const { multiaddr } = await import('@multiformats/multiaddr')

  await swarm.peerStore.merge(peer, { multiaddrs: addresses.map((address) => multiaddr(address)) })
}

/** Everybody in the peerstore whose address is known. */
export async function acquaintances (swarm: Swarm): Promise<Acquaintance[]> {
  const peers = await swarm.peerStore.all()

  return peers
    .map(({ id, addresses }) => ({ peer: id.toString(), addresses: addresses.map(({ multiaddr }) => multiaddr.toString()) }))
    .filter(({ addresses }) => addresses.length > 0)
}

export function isAcquaintances (value: unknown): value is Acquaintance[] {
  return Array.isArray(value) && value.every((entry: unknown) => typeof entry === 'object' && entry != null && 'peer' in entry && typeof entry.peer === 'string' && 'addresses' in entry && isStrings(entry.addresses))
}

function isStrings (value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
