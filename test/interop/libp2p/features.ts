import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { PROTOCOLS } from './peer.ts'
import type { ConnectionFacts, IdentifyFacts, Peer } from './peer.ts'
import type { Stack } from './stacks.ts'

const MEBIBYTE = 1024 * 1024

export const WAYS = ['we dial', 'they dial'] as const

export type Way = typeof WAYS[number]

/** Two peers, connected. */
export interface Pair {
  readonly dialer: Peer
  readonly listener: Peer
  readonly stack: Stack
}

/** Something that two peers do together; who has dialled asks. */
export interface Feature {
  readonly name: string
  /** @default both */
  readonly ways?: readonly Way[]
  /** Whether their process must be one in which nobody else was before. */
  readonly isAlone?: boolean
  run(pair: Pair): Promise<void>
}

const SECURITY = { noise: '/noise', tls: '/tls/1.0.0' }
const MUXER = { yamux: '/yamux/1.0.0', mplex: '/mplex/6.7.0' }

async function expectFacts (peer: Peer, of: Peer, { transport, security, muxer }: Stack): Promise<void> {
  const facts = await peer.do('connection', { peer: of.peer })
  // QUIC has all of its own
  const upgrades = transport === 'quic-v1' ? {} : { security: SECURITY[security], muxer: MUXER[muxer], early: true }
  const wanted: Partial<ConnectionFacts> = { peer: of.peer, transport, limited: false, keyType: 'Ed25519', ...upgrades }

  // what a library does not tell is null
  expect(facts).toMatchObject(Object.fromEntries(Object.entries(wanted).filter(([name]) => facts[name as keyof ConnectionFacts] !== null)))
}

async function expectIdentified (peer: Peer, of: Peer): Promise<void> {
  const { protocols, agent, version, addrs } = await peer.do('identify', { peer: of.peer, protocol: PROTOCOLS.echo })

  expect(protocols).toEqual(expect.arrayContaining([...Object.values(PROTOCOLS), '/ipfs/id/1.0.0', '/ipfs/ping/1.0.0']))
  expect(agent.length).toBeGreaterThan(0)
  expect(version.length).toBeGreaterThan(0)
  expect(addrs.map(withoutPeer)).toEqual(expect.arrayContaining(of.addrs.map(withoutPeer)))
}

function withoutPeer (address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '')
}

/** Is told of it although it has asked before. */
async function expectPushed (peer: Peer, of: Peer): Promise<void> {
  const protocol = `/test/${randomUUID()}/1.0.0`

  await peer.do('identify', { peer: of.peer, protocol: PROTOCOLS.echo })
  await of.do('add-protocol', { protocol })

  const { protocols }: IdentifyFacts = await peer.do('identify', { peer: of.peer, protocol })

  expect(protocols).toContain(protocol)
}

/** What every peer speaks. */
export const BASICS: readonly Feature[] = [
  {
    name: 'connection as agreed',
    run: async ({ dialer, listener, stack }) => {
      await dialer.do('ping', { peer: listener.peer }) // or the listener may not have finished its side
      await expectFacts(dialer, listener, stack)
      await expectFacts(listener, dialer, stack)
    }
  },
  {
    name: 'ping',
    run: async ({ dialer, listener }) => { await dialer.do('ping', { peer: listener.peer }) }
  },
  {
    name: 'identify',
    run: async ({ dialer, listener }) => {
      await expectIdentified(dialer, listener)
      await expectIdentified(listener, dialer)
    }
  },
  {
    name: 'echo',
    run: async ({ dialer, listener }) => {
      await dialer.do('echo', { peer: listener.peer, bytes: 100_000 })
      await dialer.do('echo', { peer: listener.peer, bytes: 1 })
    }
  },
  {
    name: 'half-close by the dialer',
    run: async ({ dialer, listener }) => {
      expect(await dialer.do('sink', { peer: listener.peer, bytes: 300_000 })).toEqual({ count: 300_000 })
    }
  },
  {
    name: 'half-close by the listener',
    run: async ({ dialer, listener }) => {
      expect(await dialer.do('give', { peer: listener.peer })).toEqual({ text: 'given' })
    }
  },
  {
    name: 'unknown protocol refused',
    run: async ({ dialer, listener }) => {
      expect(await dialer.do('refused', { peer: listener.peer, protocol: '/no/such/1.0.0' })).toMatchObject({ error: expect.any(String) as string })
      await dialer.do('echo', { peer: listener.peer, bytes: 1 })
    }
  }
]

export const IDENTIFY_PUSH: Feature = {
  name: 'identify push',
  run: async ({ dialer, listener }) => {
    await expectPushed(dialer, listener)
    await expectPushed(listener, dialer)
  }
}

export const RESET: Feature = {
  name: 'reset',
  run: async ({ dialer, listener }) => {
    expect(await dialer.do('reset', { peer: listener.peer })).toMatchObject({ remote: true })
  }
}

export const BULK: Feature = {
  name: '16 MiB each way',
  run: async ({ dialer, listener }) => {
    await dialer.do('echo', { peer: listener.peer, bytes: 16 * MEBIBYTE })
  }
}

export const PERF: Feature = {
  name: 'perf',
  run: async ({ dialer, listener }) => {
    expect(await dialer.do('perf', { peer: listener.peer, upload: 2 * MEBIBYTE, download: 3 * MEBIBYTE })).toEqual({ count: 3 * MEBIBYTE })
    expect(await dialer.do('perf', { peer: listener.peer, upload: 0, download: 0 })).toEqual({ count: 0 })
  }
}

/** The dialer does not wait for the answer: it says so by having a stream for what is then refused. */
export const LAZY: Feature = {
  name: 'lazy negotiation',
  run: async ({ dialer, listener }) => {
    expect(await dialer.do('lazy', { peer: listener.peer, protocol: PROTOCOLS.echo })).toEqual({ text: 'lazily' })
    expect(await dialer.do('lazy', { peer: listener.peer, protocol: '/no/such/1.0.0' })).toMatchObject({ error: expect.any(String) as string })
    await dialer.do('echo', { peer: listener.peer, bytes: 1 })
  }
}

export const DHT: Feature = {
  name: 'kad-dht provide and find',
  run: async ({ dialer, listener }) => {
    const text = randomUUID()

    await Promise.all([dialer.do('identify', { peer: listener.peer, protocol: '/test/kad/1.0.0' }), listener.do('identify', { peer: dialer.peer, protocol: '/test/kad/1.0.0' })])
    await dialer.do('provide', { text })

    expect(await listener.do('find', { text })).toEqual({ peers: [dialer.peer] })
  }
}

export const GOSSIPSUB: Feature = {
  name: 'gossipsub',
  // that of js-libp2p opens one stream after the other, and waits for peers that have gone
  isAlone: true,
  run: async ({ dialer, listener }) => {
    const topic = randomUUID()

    await dialer.do('join', { topic })
    await listener.do('join', { topic })
    await dialer.do('publish', { topic, text: 'from the dialer' })
    expect(await listener.do('next', { topic })).toEqual({ text: 'from the dialer', from: dialer.peer })
    await listener.do('publish', { topic, text: 'from the listener' })
    expect(await dialer.do('next', { topic })).toEqual({ text: 'from the listener', from: listener.peer })
  }
}

/** Who has @chainsafe/libp2p-quic reads a reset as an end: findings.md. */
export const RESET_BY_US: Feature = { ...RESET, ways: ['they dial'] }

/** All that there is between two peers. */
export const ALL: readonly Feature[] = [...BASICS, IDENTIFY_PUSH, RESET, BULK, PERF, LAZY, DHT, GOSSIPSUB]
