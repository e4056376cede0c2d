import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { describe, expect, it } from 'vitest'
import { bytes } from './fixtures.ts'
import { tcpNode } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { Identify } from '@libp2p/identify'
import type { PeerId } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import type { Ping } from '@libp2p/ping'

interface Services extends Record<string, unknown> {
  identify: Identify
  ping: Ping
  dht: KadDHT
}

const NODES = 5

async function node (): Promise<TestNode<Services>> {
  return tcpNode<Services>({
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/test/kad/1.0.0',
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        validators: { v: async () => {} },
        selectors: { v: () => 0 }
      })
    }
  })
}

/** Resolves when the table of `of` holds `peer`. */
async function knows (of: TestNode<Services>, peer: TestNode<Services>): Promise<void> {
  const { routingTable } = of.swarm.services.dht as unknown as { routingTable: EventTarget }
  const { promise, resolve } = Promise.withResolvers<void>()

  routingTable.addEventListener('peer:add', ((event: CustomEvent<PeerId>) => {
    if (event.detail.equals(peer.swarm.peerId)) {
      resolve()
    }
  }) as EventListener)

  return promise
}

/** Nodes of which all but the first were told of the first only. */
async function star (): Promise<Array<TestNode<Services>>> {
  const nodes = await Promise.all(Array.from({ length: NODES }, node))
  const links = nodes.slice(1).map((spoke) => ({ spoke, hub: nodes[0] ?? spoke }))
  const known = Promise.all(links.flatMap(({ spoke, hub }) => [knows(spoke, hub), knows(hub, spoke)]))

  await Promise.all(links.map(({ spoke, hub }) => spoke.libp2p.dial(hub.libp2p.getMultiaddrs())))
  await known

  return nodes
}

/** Two that were not told of each other. */
function strangers (nodes: Array<TestNode<Services>>): [TestNode<Services>, TestNode<Services>] {
  const [first, last] = [nodes.at(1), nodes.at(-1)]

  if (first == null || last == null) {
    throw new Error('there are no nodes')
  }

  return [first, last]
}

describe('kad-dht of js-libp2p on five nodes', () => {
  it('gets from one node what was put by another', async () => {
    const nodes = await star()
    const [first, last] = strangers(nodes)
    const key = bytes('/v/key')

    await first.libp2p.contentRouting.put(key, bytes('value'))

    expect(Buffer.from(await last.libp2p.contentRouting.get(key)).toString()).toBe('value')
    expect(nodes.flatMap(({ errors }) => errors)).toEqual([])
  })

  it('finds a peer that it does not know, and can dial it by its ID', async () => {
    const [first, last] = strangers(await star())
    const { id, multiaddrs } = await first.libp2p.peerRouting.findPeer(last.swarm.peerId)

    expect(id.equals(last.swarm.peerId)).toBe(true)
    expect(multiaddrs.map(String)).toEqual(last.swarm.listenAddresses().map(String))

    const connection = await first.swarm.dial(last.swarm.peerId)

    expect(connection.remotePeer.equals(last.swarm.peerId)).toBe(true)
  })

  it('looks up in the network whom to dial', async () => {
    const [first, last] = strangers(await star())

    await first.swarm.closePeer(last.swarm.peerId)
    await first.swarm.peerStore.delete(last.swarm.peerId)

    expect(await first.swarm.services.ping.ping(last.swarm.peerId)).toBeGreaterThanOrEqual(0)
  })
})
