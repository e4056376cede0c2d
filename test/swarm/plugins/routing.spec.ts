import { contentRoutingSymbol, peerRoutingSymbol } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { PluginServices } from '../../../src/swarm/plugins/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { fakeHost, newPeerId } from './fake-host.ts'
import type { FakeHost } from './fake-host.ts'
import type { ContentRouting, PeerId, PeerInfo, PeerRouting, Provider } from '@libp2p/interface'

const ADDRESS = multiaddr('/ip4/1.2.3.4/tcp/4001')
const KEY = new Uint8Array([1, 2, 3])

async function setUp (routers: Array<{ peer?: Partial<PeerRouting>, content?: Partial<ContentRouting> }> = []): Promise<{ host: FakeHost, plugins: PluginServices }> {
  const host = await fakeHost()
  const plugins = new PluginServices(host)

  plugins.create(Object.fromEntries(routers.map(({ peer, content }, i) => [`router${i}`, () => ({
    [peerRoutingSymbol]: peer,
    [contentRoutingSymbol]: content
  })])))

  return { host, plugins }
}

function info (id: PeerId, ...multiaddrs: PeerInfo['multiaddrs']): PeerInfo {
  return { id, multiaddrs }
}

async function * iterate<T> (...items: Array<T | Error>): AsyncGenerator<T, void, undefined> {
  for (const item of items) {
    await settle()

    if (item instanceof Error) {
      throw item
    }

    yield item
  }
}

async function toArray<T> (source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []

  for await (const item of source) {
    items.push(item)
  }

  return items
}

describe('PluginPeerRouting', () => {
  it('says so when no service routes peers', async () => {
    const { plugins: { components: { peerRouting }, ...plugins } } = await setUp([{ content: {} }])
    const peer = await newPeerId()

    await expect(peerRouting.findPeer(peer)).rejects.toMatchObject({ name: 'NoPeerRoutersError' })
    await expect(toArray(peerRouting.getClosestPeers(KEY))).rejects.toMatchObject({ name: 'NoPeerRoutersError' })
    expect(plugins).toBeDefined()
  })

  it('takes the first answer, aborts the others, and remembers the addresses', async () => {
    const peer = await newPeerId()
    let slower: AbortSignal | undefined
    const { host, plugins } = await setUp([
      { peer: { findPeer: () => Promise.reject(new Error('no idea')) } },
      { peer: { findPeer: async () => info(peer, ADDRESS) } },
      { peer: { findPeer: (_peer, options) => new Promise(() => { slower = options?.signal }) } }
    ])

    expect(await plugins.components.peerRouting.findPeer(peer)).toEqual(info(peer, ADDRESS))
    expect(slower?.aborted).toBe(true)
    expect((await host.peerStore.get(peer)).addresses.map(({ multiaddr }) => multiaddr.toString())).toEqual([ADDRESS.toString()])
    expect((await plugins.findPeer(peer, new AbortController().signal)).map(String)).toEqual([ADDRESS.toString()])
  })

  it('fails with NotFound when nobody knows, and with the reason when aborted', async () => {
    const peer = await newPeerId()
    const reason = new Error('enough')
    const { plugins } = await setUp([{ peer: { findPeer: () => Promise.reject(new Error('no idea')) } }])
    const { peerRouting } = plugins.components

    await expect(peerRouting.findPeer(peer)).rejects.toMatchObject({ name: 'NotFoundError', cause: { errors: [{ message: 'no idea' }] } })
    await expect(peerRouting.findPeer(peer, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await plugins.findPeer(peer, new AbortController().signal)).toEqual([])
    await expect(plugins.findPeer(peer, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('has no addresses for a dial where nobody routes peers', async () => {
    const { plugins } = await setUp()

    expect(await plugins.findPeer(await newPeerId(), new AbortController().signal)).toEqual([])
  })

  it('does not look for itself', async () => {
    const { host, plugins } = await setUp([{ peer: { findPeer: async (peer) => info(peer) } }])

    await expect(plugins.components.peerRouting.findPeer(host.peerId)).rejects.toMatchObject({ name: 'InvalidParametersError' })
  })

  it('gives each closest peer once, with addresses, although a router fails', async () => {
    const [a, b, c] = await Promise.all([newPeerId(), newPeerId(), newPeerId()])
    const findPeer: PeerRouting['findPeer'] = async (peer) => peer.equals(c) ? Promise.reject(new Error('no idea')) : info(peer, ADDRESS)
    const { plugins } = await setUp([
      { peer: { getClosestPeers: () => iterate(info(a, ADDRESS), new Error('broken'), info(c)), findPeer } },
      { peer: { getClosestPeers: () => iterate(info(a, ADDRESS), info(b), info(c)) } }
    ])
    const found = await toArray(plugins.components.peerRouting.getClosestPeers(KEY))

    expect(found.map(({ id }) => id.toString())).toEqual([a.toString(), b.toString()])
    expect(found.every(({ multiaddrs }) => multiaddrs.length === 1)).toBe(true)
  })

  it('fails when all routers fail and none gave a peer', async () => {
    const { plugins } = await setUp([{ peer: { getClosestPeers: () => iterate<PeerInfo>(new Error('broken')) } }])

    await expect(toArray(plugins.components.peerRouting.getClosestPeers(KEY))).rejects.toThrow('broken')
  })

  it('ends its routers when the caller has enough', async () => {
    const peer = await newPeerId()
    let ended = false
    const { plugins } = await setUp([{
      peer: {
        async * getClosestPeers () {
          try {
            for (;;) {
              yield info(peer, ADDRESS)
            }
          } finally {
            ended = true
          }
        }
      }
    }])

    const found = plugins.components.peerRouting.getClosestPeers(KEY)[Symbol.asyncIterator]()

    expect((await found.next()).value?.id).toBe(peer)
    await found.return?.()
    await settle()
    expect(ended).toBe(true)
  })
})

describe('PluginContentRouting', () => {
  const cid = {} as Parameters<ContentRouting['provide']>[0]

  it('says so when no service routes content', async () => {
    const { plugins: { components: { contentRouting } } } = await setUp()

    await expect(contentRouting.provide(cid)).rejects.toMatchObject({ name: 'NoContentRoutersError' })
    await expect(contentRouting.get(KEY)).rejects.toMatchObject({ name: 'NoContentRoutersError' })
    await expect(toArray(contentRouting.findProviders(cid))).rejects.toMatchObject({ name: 'NoContentRoutersError' })
  })

  it('is content when one router takes it, and not when none does', async () => {
    const failing = { content: { put: () => Promise.reject(new Error('full')), provide: () => Promise.reject(new Error('full')) } }
    const { plugins: { components: { contentRouting } } } = await setUp([failing, { content: { put: async () => {} } }])

    await expect(contentRouting.put(KEY, KEY)).resolves.toBeUndefined()
    await expect(contentRouting.provide(cid)).rejects.toMatchObject({ errors: [{ message: 'full' }] })
  })

  it('takes the first value', async () => {
    const { plugins: { components: { contentRouting } } } = await setUp([
      { content: { get: () => Promise.reject(new Error('no idea')) } },
      { content: { get: async () => KEY } }
    ])

    expect(await contentRouting.get(KEY)).toBe(KEY)
  })

  it('gives each provider once and remembers its addresses', async () => {
    const peer = await newPeerId()
    const provider: Provider = { ...info(peer, ADDRESS), routing: 'test' }
    const { host, plugins } = await setUp([
      { content: { findProviders: () => iterate(provider, provider) } },
      { content: { findProviders: () => iterate(provider) } }
    ])

    expect(await toArray(plugins.components.contentRouting.findProviders(cid))).toEqual([provider])
    expect(await host.peerStore.has(peer)).toBe(true)
  })
})

describe('PluginRandomWalk', () => {
  it('asks for peers near random keys until it is left', async () => {
    const peer = await newPeerId()
    const keys: string[] = []
    const { plugins } = await setUp([{
      peer: {
        getClosestPeers: (key) => {
          keys.push(key.toString())

          return iterate(info(peer, ADDRESS))
        }
      }
    }])
    let found = 0

    for await (const { id } of plugins.components.randomWalk.walk()) {
      expect(id).toBe(peer)

      if (++found === 3) {
        break
      }
    }

    expect(new Set(keys).size).toBe(3)
    expect(keys.every((key) => key.split(',').length === 32)).toBe(true)
  })

  it('waits longer and longer where nobody is to be found', async () => {
    let queries = 0
    const { host, plugins } = await setUp([{
      peer: {
        getClosestPeers: () => {
          queries++

          return iterate<PeerInfo>()
        }
      }
    }])
    const controller = new AbortController()
    const reason = new Error('enough')
    const walking = toArray(plugins.components.randomWalk.walk({ signal: controller.signal }))

    await host.clock.advance(7_000)
    await settle()
    expect(queries).toBe(4)

    controller.abort(reason)
    await expect(walking).rejects.toBe(reason)
  })

  it('ends when the swarm does', async () => {
    const { plugins } = await setUp([{ peer: { getClosestPeers: () => iterate<PeerInfo>() } }])

    await plugins.start()

    const walking = toArray(plugins.components.randomWalk.walk())

    await plugins.stop()
    await expect(walking).rejects.toMatchObject({ name: 'AbortError' })
  })
})
