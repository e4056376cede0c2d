import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bytes, readAll } from './fixtures.ts'
import { createNode, nextEvent } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { SwarmInit } from '../../../src/swarm/index.ts'
import type { Identify } from '@libp2p/identify'
import type { Libp2p, Stream } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'

interface Services extends Record<string, unknown> {
  identify: Identify
  ping: Ping
}

const ECHO = '/echo/1.0.0'
const PAYLOAD = 'x'.repeat(1_000_000)

const STACKS = [
  { name: 'TCP, Noise', listen: '/ip4/127.0.0.1/tcp/0', encrypter: noise() },
  { name: 'TCP, TLS', listen: '/ip4/127.0.0.1/tcp/0', encrypter: tls() },
  { name: 'WebSocket, Noise', listen: '/ip4/127.0.0.1/tcp/0/ws', encrypter: noise() }
]

type Stack = typeof STACKS[number]

async function echo (stream: Stream): Promise<void> {
  for await (const message of stream) {
    if (!stream.send(message)) {
      await new Promise((resolve) => { stream.addEventListener('drain', resolve, { once: true }) })
    }
  }

  await stream.close()
}

/** A node of the npm package `libp2p`. */
async function theirs ({ listen, encrypter }: Stack): Promise<Libp2p<Services>> {
  const node = await createLibp2p({
    addresses: { listen: [listen] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [encrypter],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() }
  })

  onTestFinished(async () => { await node.stop() })
  await node.handle(ECHO, echo)

  return node
}

async function ours ({ listen, encrypter }: Stack): Promise<TestNode<Services>> {
  const init: SwarmInit<Services> = {
    listen: [listen],
    connectionEncrypters: [encrypter],
    services: { identify: identify(), ping: ping() }
  }
  const node = await createNode<Services>(init)

  await node.libp2p.handle(ECHO, echo)

  return node
}

async function echoed (from: Libp2p<Services>, to: Libp2p<Services>): Promise<string> {
  const stream = await from.dialProtocol(to.peerId, ECHO)
  const answer = readAll(stream as never)

  if (!stream.send(bytes(PAYLOAD))) {
    await stream.onDrain()
  }

  await stream.close()

  return answer
}

describe.each(STACKS)('our swarm and a js-libp2p node over $name', (stack) => {
  it.each(['we dial', 'they dial'])('identify, ping and echo both ways when %s', async (who) => {
    const [us, them] = [await ours(stack), await theirs(stack)]
    const [dialer, listener] = who === 'we dial' ? [us.libp2p, them] : [them, us.libp2p]
    const identified = Promise.all([nextEvent(us.libp2p as never, 'peer:identify'), nextEvent(them as never, 'peer:identify')])

    await dialer.dial(listener.getMultiaddrs())

    const [ofThem, ofUs] = await identified

    expect(ofThem.peerId.equals(them.peerId)).toBe(true)
    expect(ofUs.protocols).toEqual(expect.arrayContaining([ECHO, '/ipfs/ping/1.0.0', '/ipfs/id/1.0.0']))
    expect(ofUs.peerId.equals(us.swarm.peerId)).toBe(true)

    expect(await us.libp2p.services.ping.ping(them.peerId)).toBeGreaterThanOrEqual(0)
    expect(await them.services.ping.ping(us.swarm.peerId)).toBeGreaterThanOrEqual(0)
    expect(await echoed(us.libp2p, them) === PAYLOAD).toBe(true)
    expect(await echoed(them, us.libp2p) === PAYLOAD).toBe(true)
    expect(us.errors).toEqual([])
  })
})
