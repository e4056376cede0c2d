import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromMultihash } from '@libp2p/peer-id'
import { LevelDatastore } from 'datastore-level'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { address, addressesFrom, fakeDate, newPeer, passMinutes, ports, setup } from './setup.ts'
import type { PeerId, PeerStore } from '@libp2p/interface'

let folder: string
let self: PeerId
let datastore: LevelDatastore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmd-peerstore-'))
  self = await newPeer()
  fakeDate()
})

afterEach(async () => {
  vi.useRealTimers()
  await datastore.close()
  await rm(folder, { recursive: true, force: true })
})

/** The peer store of a node that has just started. */
async function start (): Promise<PeerStore> {
  datastore = new LevelDatastore(join(folder, 'peers'))
  await datastore.open()

  return setup(datastore, self).store
}

async function restart (): Promise<PeerStore> {
  await datastore.close()

  return start()
}

describe('a peerstore in LevelDB', () => {
  it('knows after a restart what it knew before', async () => {
    const before = await start()
    const { publicKey } = await generateKeyPair('RSA', 2048)
    const peer = peerIdFromMultihash(publicKey.toMultihash())

    await before.merge(peer, {
      addresses: [{ multiaddr: address(1), isCertified: true }, { multiaddr: address(2), isCertified: false }],
      publicKey,
      protocols: ['/a/1', '/b/1'],
      metadata: { AgentVersion: new TextEncoder().encode('test/1') },
      tags: { friend: { value: 50 }, passing: { value: 1, ttl: 60_000 } }
    })
    const known = await (await restart()).get(peer)

    expect(known.id.publicKey?.equals(publicKey)).toBe(true)
    expect(known.addresses.map(({ multiaddr, isCertified }) => [multiaddr.toString(), isCertified]))
      .toEqual([['/ip4/192.0.2.1/tcp/1', true], ['/ip4/192.0.2.1/tcp/2', false]])
    expect(known.protocols).toEqual(['/a/1', '/b/1'])
    expect(new TextDecoder().decode(known.metadata.get('AgentVersion'))).toBe('test/1')
    expect([...known.tags].map(([name, { value }]) => [name, value])).toEqual([['friend', 50], ['passing', 1]])
  })

  it('forgets what expires while nothing runs', async () => {
    const before = await start()
    const peer = await newPeer()

    await before.merge(peer, { multiaddrs: [address(1)], protocols: ['/a'], tags: { friend: { value: 50 }, passing: { value: 1, ttl: 60_000 } } })
    passMinutes(61)
    const known = await (await restart()).get(peer)

    expect(known.addresses).toEqual([])
    expect(known.protocols).toEqual(['/a'])
    expect([...known.tags.keys()]).toEqual(['friend'])
  })

  it('counts ages, and the addresses of a peer, over restarts', async () => {
    const peer = await newPeer()

    await (await start()).merge(peer, { multiaddrs: addressesFrom(1, 64) })
    passMinutes(40)
    await (await restart()).merge(peer, { multiaddrs: [address(64), address(1000)] })
    const store = await restart()

    expect(await ports(store, peer)).toHaveLength(64)
    passMinutes(40)
    expect(await ports(store, peer)).toEqual([64, 1000])
  })

  it('forgets for good what is deleted', async () => {
    const peer = await newPeer()
    const before = await start()

    await before.merge(peer, { multiaddrs: [address(1)] })
    await before.delete(peer)
    const store = await restart()

    expect(await store.has(peer)).toBe(false)
    expect(await store.all()).toEqual([])
  })

  it('loses no record when it is used after it has been closed', async () => {
    const peer = await newPeer()
    const before = await start()

    await before.merge(peer, { multiaddrs: [address(1)], protocols: ['/a'] })
    await datastore.close()
    await expect(before.merge(peer, { multiaddrs: [address(2)] })).rejects.toThrow()

    expect(await (await start()).get(peer)).toMatchObject({ protocols: ['/a'] })
  })
})
