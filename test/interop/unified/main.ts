/*
 * swarmd as a transport test application of https://github.com/libp2p/unified-testing: see README.md.
 */
import { randomBytes } from 'node:crypto'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { createSwarm, noise, tcp, tls, yamux } from '../../../src/swarm/index.ts'
import { pluginsFor } from './plugins.ts'
import { transportTest } from './transport-test.ts'
import type { Settings } from './settings.ts'
import type { Latency, TestNode } from './transport-test.ts'
import type { Stream, Swarm } from '../../../src/swarm/index.ts'

const PING = '/ipfs/ping/1.0.0'
const PING_BYTES = 32

async function createNode (settings: Settings): Promise<TestNode> {
  const swarm = await createSwarm({
    ...await pluginsFor(settings, { tcp: tcp(), noise: noise(), tls: tls(), yamux: yamux() }),
    services: { identify: identify(), ping: ping() }
  })

  return {
    addresses: () => swarm.interfaceListenAddresses().map(String),
    measure: async (address, signal) => measure(swarm, address, signal),
    async [Symbol.asyncDispose] () { await swarm.close() }
  }
}

async function measure (swarm: Swarm, address: string, signal: AbortSignal): Promise<Latency> {
  const started = performance.now()
  const { remotePeer } = await swarm.dial(address, { signal })
  await using stream = await swarm.newStream(remotePeer, PING, { signal })

  await pingOnce(stream, signal)

  const answered = performance.now()

  await pingOnce(stream, signal)

  return { handshakePlusOneRtt: answered - started, pingRtt: performance.now() - answered }
}

async function pingOnce (stream: Stream, signal: AbortSignal): Promise<void> {
  const sent = randomBytes(PING_BYTES)
  let echoed = Buffer.alloc(0)

  await stream.write(sent, { signal })

  while (echoed.length < PING_BYTES) {
    const bytes = await stream.read({ signal })

    if (bytes == null) {
      throw new Error(`the ping ended after ${echoed.length} of ${PING_BYTES} bytes`)
    }

    echoed = Buffer.concat([echoed, bytes])
  }

  if (!echoed.equals(sent)) {
    throw new Error('the ping came back with other bytes')
  }
}

process.exitCode = await transportTest(process.env, createNode)
