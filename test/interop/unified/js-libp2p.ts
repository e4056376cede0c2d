/*
 * The npm package `libp2p` in the same part as main.ts, so that the two meet on a machine without Docker.
 */
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { pluginsFor } from './plugins.ts'
import { transportTest } from './transport-test.ts'
import type { Settings } from './settings.ts'
import type { TestNode } from './transport-test.ts'

async function createNode (settings: Settings): Promise<TestNode> {
  const { listen, ...plugins } = await pluginsFor(settings, { tcp: tcp(), noise: noise(), tls: tls(), yamux: yamux() })
  const node = await createLibp2p({
    ...plugins as object,
    addresses: { listen },
    services: { identify: identify(), ping: ping() }
  })

  return {
    addresses: () => node.getMultiaddrs().map(String),
    async measure (address, signal) {
      const started = performance.now()
      const { remotePeer } = await node.dial(multiaddr(address), { signal })
      await node.services.ping.ping(remotePeer, { signal })
      const answered = performance.now()

      await node.services.ping.ping(remotePeer, { signal })

      return { handshakePlusOneRtt: answered - started, pingRtt: performance.now() - answered }
    },
    async [Symbol.asyncDispose] () { await node.stop() }
  }
}

process.exitCode = await transportTest(process.env, createNode)
