import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { describe, expect, it } from 'vitest'
import { bytes } from './fixtures.ts'
import { tcpNode } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { GossipSub, GossipSubEvents } from '@libp2p/gossipsub'
import type { Identify } from '@libp2p/identify'

interface Services extends Record<string, unknown> {
  identify: Identify
  pubsub: GossipSub
}

const NODES = 5
const TOPIC = 'news'

async function node (): Promise<TestNode<Services>> {
  return tcpNode<Services>({
    services: {
      identify: identify(),
      pubsub: gossipsub({ heartbeatInterval: 50, allowPublishToZeroTopicPeers: true })
    }
  })
}

/** Resolves at the first event for which `isDone`. */
async function until (pubsub: GossipSub, type: keyof GossipSubEvents, isDone: () => boolean): Promise<void> {
  if (isDone()) {
    return
  }

  await new Promise<void>((resolve) => {
    const onEvent = (): void => {
      if (isDone()) {
        pubsub.removeEventListener(type, onEvent)
        resolve()
      }
    }

    pubsub.addEventListener(type, onEvent)
  })
}

/** Everybody connected to everybody, subscribed, and aware of that. */
async function mesh (): Promise<Array<TestNode<Services>>> {
  const nodes = await Promise.all(Array.from({ length: NODES }, node))

  nodes.forEach(({ swarm }) => { swarm.services.pubsub.subscribe(TOPIC) })

  for (const [i, { libp2p }] of nodes.entries()) {
    await Promise.all(nodes.slice(i + 1).map((other) => libp2p.dial(other.libp2p.getMultiaddrs())))
  }

  await Promise.all(nodes.map(({ swarm: { services: { pubsub } } }) => {
    return until(pubsub, 'subscription-change', () => pubsub.getSubscribers(TOPIC).length === NODES - 1)
  }))

  return nodes
}

describe('gossipsub of js-libp2p on five nodes', () => {
  it('brings each message to everybody', async () => {
    const nodes = await mesh()
    const received = nodes.map(() => new Set<string>())

    nodes.forEach(({ swarm }, i) => {
      swarm.services.pubsub.addEventListener('message', ({ detail }) => {
        received[i]?.add(new TextDecoder().decode(detail.data))
      })
    })

    const all = Promise.all(nodes.map(({ swarm }, i) => until(swarm.services.pubsub, 'message', () => received[i]?.size === NODES - 1)))

    await Promise.all(nodes.map(({ swarm }, i) => swarm.services.pubsub.publish(TOPIC, bytes(`from ${i}`))))
    await all

    received.forEach((texts, i) => {
      expect([...texts].sort()).toEqual(nodes.map((_node, j) => `from ${j}`).filter((_text, j) => j !== i))
    })
    expect(nodes.flatMap(({ errors }) => errors)).toEqual([])
  })

  it('forgets a peer that has gone', async () => {
    const nodes = await mesh()
    const [first, second] = nodes

    if (first == null || second == null) {
      throw new Error('there are no nodes')
    }

    const { pubsub } = first.swarm.services
    const gone = new Promise((resolve) => { first.libp2p.addEventListener('peer:disconnect', resolve) })

    await second.swarm.close()
    await gone
    await until(pubsub, 'gossipsub:heartbeat', () => !pubsub.getPeers().includes(second.swarm.peerId))

    expect(pubsub.getSubscribers(TOPIC)).toHaveLength(NODES - 2)
  })
})
