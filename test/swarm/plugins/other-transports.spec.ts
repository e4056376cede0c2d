import { quic } from '@chainsafe/libp2p-quic'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { webRTCDirect } from '@libp2p/webrtc'
import { describe, expect, it } from 'vitest'
import { bytes, readAll } from './fixtures.ts'
import { createNode, nextEvent } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { PluginFactory } from '../../../src/swarm/index.ts'
import type { Identify } from '@libp2p/identify'
import type { Stream, Transport } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'

interface Services extends Record<string, unknown> {
  identify: Identify
  ping: Ping
}

const ECHO = '/echo/1.0.0'
const PAYLOAD = 'y'.repeat(300_000)

interface Kind {
  name: string
  listen: string
  transport (): PluginFactory<Transport>
}

const KINDS: Kind[] = [
  { name: 'WebRTC Direct', listen: '/ip4/127.0.0.1/udp/0/webrtc-direct', transport: () => webRTCDirect() },
  { name: 'QUIC', listen: '/ip4/127.0.0.1/udp/0/quic-v1', transport: () => quic() as never }
]

async function node ({ listen, transport }: Kind): Promise<TestNode<Services>> {
  const made = await createNode<Services>({
    listen: [listen],
    transports: [transport()],
    services: { identify: identify(), ping: ping() }
  })

  await made.libp2p.handle(ECHO, echo)

  return made
}

async function echo (stream: Stream): Promise<void> {
  for await (const message of stream) {
    if (!stream.send(message)) {
      await stream.onDrain()
    }
  }

  await stream.close()
}

describe.each(KINDS)('$name of js-libp2p', (kind) => {
  it('connects, identifies, pings, and carries streams that half-close', async () => {
    const [a, b] = [await node(kind), await node(kind)]
    const identified = Promise.all([a, b].map(({ libp2p }) => nextEvent(libp2p as never, 'peer:identify')))
    const connection = await a.swarm.dial(b.libp2p.getMultiaddrs())

    await identified
    expect(connection.encryption).toBeUndefined()
    expect(connection.remotePeer.equals(b.swarm.peerId)).toBe(true)
    expect(await a.swarm.services.ping.ping(b.swarm.peerId)).toBeGreaterThanOrEqual(0)
    expect(await b.swarm.services.ping.ping(a.swarm.peerId)).toBeGreaterThanOrEqual(0)

    const stream = await a.libp2p.dialProtocol(b.swarm.peerId, ECHO)
    const answer = readAll(stream as never)

    if (!stream.send(bytes(PAYLOAD))) {
      await stream.onDrain()
    }

    await stream.close()
    expect(await answer === PAYLOAD).toBe(true)
    expect([...a.errors, ...b.errors]).toEqual([])
  })
})
