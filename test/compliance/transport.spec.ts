import transportSuite from '@libp2p/interface-compliance-tests/transport'
import { memory } from '@libp2p/memory'
import { noise } from '@libp2p/noise'
import { tcp as npmTcp } from '@libp2p/tcp'
import { tls as npmTls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { Memory, TCP, WebSockets } from '@multiformats/multiaddr-matcher'
import { describe } from 'vitest'
import { tcp } from '../../src/tcp/index.ts'
import { tls } from '../../src/tls/index.ts'
import { yamux } from '../../src/yamux/index.ts'
import type { MultiaddrMatcher } from '@multiformats/multiaddr-matcher'
import type { Libp2pInit } from 'libp2p'

/** Here `libp2p` is the Swarm: test/support/swarm-as-libp2p.ts stands behind that name. */
function runSuite (init: Libp2pInit, matcher: MultiaddrMatcher, addresses: [string, string]): void {
  transportSuite({
    async setup () {
      const dialer: Libp2pInit = {
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        ...init
      }

      return {
        dialer,
        listener: { ...dialer, addresses: { listen: addresses.map((address) => multiaddr(address).toString()) } },
        dialMultiaddrMatcher: matcher,
        listenMultiaddrMatcher: matcher
      }
    },
    async teardown () {}
  })
}

describe('the swarm over tcp', () => {
  runSuite({ transports: [tcp()] }, TCP, ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'])
})

describe('the swarm over tcp with tls', () => {
  runSuite({ transports: [tcp()], connectionEncrypters: [tls()] }, TCP, ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'])
})

describe('the swarm over the tcp of npm', () => {
  runSuite({ transports: [npmTcp()] }, TCP, ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'])
})

describe('the swarm over the tcp and the tls of npm', () => {
  runSuite({ transports: [npmTcp()], connectionEncrypters: [npmTls()] }, TCP, ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'])
})

describe('the swarm over websockets', () => {
  runSuite({ transports: [webSockets()] }, WebSockets, ['/ip4/127.0.0.1/tcp/0/ws', '/ip4/127.0.0.1/tcp/0/ws'])
})

describe('the swarm over memory', () => {
  runSuite({ transports: [memory()] }, Memory, ['/memory/compliance-1', '/memory/compliance-2'])
})
