import { autoNAT } from '@libp2p/autonat'
import { bootstrap } from '@libp2p/bootstrap'
import { identify } from '@libp2p/identify'
import { mdns } from '@libp2p/mdns'
import { describe, expect, it } from 'vitest'
import { nextEvent, tcpNode } from './nodes.ts'

type Services = Record<string, unknown>

describe('discovery and NAT plugins of js-libp2p', () => {
  it('bootstrap finds, tells of and connects to the peers that it is given', async () => {
    const known = await tcpNode()
    const node = await tcpNode<Services>({
      services: { bootstrap: bootstrap({ list: known.libp2p.getMultiaddrs().map(String), timeout: 1 }) }
    })
    const discovered = nextEvent(node.libp2p, 'peer:discovery')
    const connected = nextEvent(node.libp2p, 'peer:connect')

    expect((await discovered).id.equals(known.swarm.peerId)).toBe(true)
    expect((await connected).equals(known.swarm.peerId)).toBe(true)
    expect((await node.swarm.peerStore.get(known.swarm.peerId)).tags.has('bootstrap')).toBe(true)
  })

  it('mdns starts, asks around, and stops', async () => {
    const node = await tcpNode<Services>({ services: { mdns: mdns({ interval: 1_000 }) } })

    await node.swarm.close()

    expect(node.errors).toEqual([])
  })

  it('autonat serves its protocol, and leaves private addresses as they are', async () => {
    const node = await tcpNode<Services>({
      services: { identify: identify(), autonat: autoNAT() }
    })

    expect(node.libp2p.getProtocols()).toContain('/libp2p/autonat/1.0.0')
    expect(node.libp2p.getMultiaddrs()).toHaveLength(1)
  })
})
