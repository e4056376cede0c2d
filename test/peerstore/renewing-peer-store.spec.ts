import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { Key } from 'interface-datastore'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAX_ADDRESSES_PER_PEER } from '../../src/peerstore/index.ts'
import { turns } from '../support/settle.ts'
import { address, addressesFrom, fakeDate, newPeer, newSetup, passMinutes, ports, portsOf } from './setup.ts'
import { FIRST_RECORD, SECOND_RECORD, SIGNER } from './signed-records.ts'

beforeEach(fakeDate)
afterEach(() => { vi.useRealTimers() })

function bytes (hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

describe('an address', () => {
  it('expires an hour after it was learnt', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)], protocols: ['/a'] })
    passMinutes(59)
    expect(await ports(store, peer)).toEqual([1])
    passMinutes(1)

    expect(await ports(store, peer)).toEqual([])
    expect((await store.get(peer)).protocols).toEqual(['/a'])
  })

  it('expires after as long as asked for', async () => {
    const { store } = await newSetup({ maxAddressAgeMs: 120_000 })
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    passMinutes(1)
    expect(await ports(store, peer)).toEqual([1])
    passMinutes(1)

    expect(await ports(store, peer)).toEqual([])
  })

  it('never expires when its age has no bound', async () => {
    const { store } = await newSetup({ maxAddressAgeMs: Infinity })
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    passMinutes(1e6)

    expect(await ports(store, peer)).toEqual([1])
  })

  it.each(['merge', 'patch', 'save'] as const)('is new again when %s stores it again, and others are not', async (method) => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: addressesFrom(1, 2) })
    passMinutes(40)
    await store[method](peer, { multiaddrs: [address(1)] })
    passMinutes(40)

    expect(await ports(store, peer)).toEqual([1])
  })

  it.each(['merge', 'patch', 'save'] as const)('comes back with %s after it has expired', async (method) => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    passMinutes(61)
    const { addresses } = await store[method](peer, { addresses: [{ multiaddr: address(1), isCertified: false }] })

    expect(portsOf(addresses.map(({ multiaddr }) => multiaddr))).toEqual([1])
    expect(await ports(store, peer)).toEqual([1])
  })

  it('is not renewed by changes of something else', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    passMinutes(40)
    await store.merge(peer, { protocols: ['/a'] })
    await store.patch(peer, { tags: { friend: { value: 5 } } })
    passMinutes(40)

    expect(await ports(store, peer)).toEqual([])
  })

  it('is renewed by a signed record', async () => {
    const { store } = await newSetup()
    const peer = peerIdFromString(SIGNER)

    await store.consumePeerRecord(bytes(FIRST_RECORD), { expectedPeer: peer })
    passMinutes(61)
    await store.consumePeerRecord(bytes(SECOND_RECORD), { expectedPeer: peer })

    expect(await ports(store, peer)).toEqual([1, 2])
  })

  it('is not renewed by a signed record that is out of date', async () => {
    const { store } = await newSetup()
    const peer = peerIdFromString(SIGNER)

    expect(await store.consumePeerRecord(bytes(FIRST_RECORD))).toBe(true)
    passMinutes(61)

    expect(await store.consumePeerRecord(bytes(FIRST_RECORD), { expectedPeer: peer })).toBe(false)
    expect(await ports(store, peer)).toEqual([])
  })

  it('of somebody else is not taken from a signed record', async () => {
    const { store } = await newSetup()

    expect(await store.consumePeerRecord(bytes(FIRST_RECORD), { expectedPeer: await newPeer() })).toBe(false)
    expect(await store.all()).toEqual([])
  })

  it('tells nobody when it is only renewed', async () => {
    const { store, updates } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    passMinutes(1)
    await store.merge(peer, { multiaddrs: [address(1)] })

    expect(updates).toHaveLength(1)
  })

  it('stays certified when it is merged without a signature', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { addresses: [{ multiaddr: address(1), isCertified: true }] })
    await store.merge(peer, { multiaddrs: [address(1)] })

    expect((await store.get(peer)).addresses).toMatchObject([{ isCertified: true }])
  })

  it('becomes certified when its signature comes later', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    await store.merge(peer, { addresses: [{ multiaddr: address(1), isCertified: true }] })

    expect((await store.get(peer)).addresses).toMatchObject([{ isCertified: true }])
  })

  it('is stored once, with or without the peer at its end', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()
    const long = address(1).encapsulate(`/p2p/${peer.toString()}`)

    await store.merge(peer, { multiaddrs: [long, address(1)], addresses: [{ multiaddr: long, isCertified: true }] })
    await store.merge(peer, { multiaddrs: [long] })

    expect((await store.get(peer)).addresses.map(({ multiaddr, isCertified }) => [multiaddr.toString(), isCertified]))
      .toEqual([['/ip4/192.0.2.1/tcp/1', true]])
  })

  it('keeps a relay that it goes through', async () => {
    const { store } = await newSetup()
    const [peer, relay] = await Promise.all([newPeer(), newPeer()])
    const relayed = `/ip4/192.0.2.9/tcp/9/p2p/${relay.toString()}/p2p-circuit`

    await store.merge(peer, { multiaddrs: [multiaddr(`${relayed}/p2p/${peer.toString()}`)] })

    expect((await store.get(peer)).addresses.map(({ multiaddr }) => multiaddr.toString())).toEqual([relayed])
  })

  it('that says only who the peer is is no address', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [multiaddr(`/p2p/${peer.toString()}`)] })

    expect(await ports(store, peer)).toEqual([])
  })

  it('of ours never expires, whatever changes about us', async () => {
    const { store, self } = await newSetup()

    await store.patch(self, { multiaddrs: addressesFrom(1, 2) })
    passMinutes(100)
    await store.merge(self, { protocols: ['/a'] })
    passMinutes(100)
    await store.patch(self, { protocols: ['/b'] })
    passMinutes(100)
    await store.merge(self, { multiaddrs: [address(3)] })

    expect(await ports(store, self)).toEqual([1, 2, 3])

    await store.patch(self, { multiaddrs: [address(4)] })

    expect(await ports(store, self)).toEqual([4])
  })
})

describe('a peer', () => {
  it('keeps no more than 64 addresses, those that were learnt last', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: addressesFrom(1000, 60) })
    passMinutes(1)
    await store.merge(peer, { multiaddrs: addressesFrom(1, 3) })
    passMinutes(1)
    await store.merge(peer, { multiaddrs: addressesFrom(2000, 62) })

    expect(MAX_ADDRESSES_PER_PEER).toBe(64)
    expect(await ports(store, peer)).toEqual([...[1, 2, 3].slice(0, 2), ...Array.from({ length: 62 }, (_, index) => 2000 + index)])
  })

  it.each(['merge', 'patch', 'save'] as const)('keeps the first 64 of more that %s gives at once', async (method) => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store[method](peer, { multiaddrs: addressesFrom(1, 5000) })

    expect(await ports(store, peer)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1))
  })

  it('is forgotten six hours after it last changed, if none of its addresses is left', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)], tags: { friend: { value: 5 } } })
    passMinutes(360)
    expect(await store.has(peer)).toBe(true)
    passMinutes(1)

    expect(await store.has(peer)).toBe(false)
  })

  it('keeps what is known of it when reading fails', async () => {
    const { store, datastore } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)], protocols: ['/a'], tags: { friend: { value: 5 } } })
    datastore.readFailure = new Error('EIO')
    await expect(store.merge(peer, { multiaddrs: [address(2)] })).rejects.toThrow('EIO')
    datastore.readFailure = undefined

    expect(await store.get(peer)).toMatchObject({ protocols: ['/a'], tags: new Map([['friend', { value: 5 }]]) })
    expect(await ports(store, peer)).toEqual([1])
  })

  it('whose record cannot be read is replaced by the next write', async () => {
    const { store, datastore } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    await datastore.put(new Key(`/peers/${peer.toCID().toString()}`), Uint8Array.of(0x0a, 9))
    await store.merge(peer, { multiaddrs: [address(2)] })

    expect(await ports(store, peer)).toEqual([2])
  })

  it('says so when writing fails, and can be written afterwards', async () => {
    const { store, datastore } = await newSetup()
    const peer = await newPeer()

    datastore.writeFailure = new Error('ENOSPC')
    await expect(store.merge(peer, { multiaddrs: [address(1)] })).rejects.toThrow('ENOSPC')
    datastore.writeFailure = undefined
    await store.merge(peer, { multiaddrs: [address(2)] })

    expect(await ports(store, peer)).toEqual([2])
  })

  it('takes one read and one write for a change', async () => {
    const { store, datastore } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    await store.merge(peer, { multiaddrs: [address(1)] })

    expect([datastore.reads, datastore.writes]).toEqual([2, 2])
  })
})

describe('calls for one peer', () => {
  it('happen one after the other, also when a caller leaves in between', async () => {
    const { store, datastore } = await newSetup()
    const peer = await newPeer()
    const controller = new AbortController()
    const reason = new Error('gone')

    datastore.hold()
    const left = store.merge(peer, { protocols: ['/a'] }, { signal: controller.signal })
    const stays = store.merge(peer, { protocols: ['/b'] })
    await turns(20)
    controller.abort(reason)
    await expect(left).rejects.toBe(reason)
    await turns(20)
    datastore.release()
    await stays

    expect((await store.get(peer)).protocols).toEqual(['/a', '/b'])
    expect(datastore.mostWriting).toBe(1)
  })

  it('lose no change when many come at once', async () => {
    const { store } = await newSetup()
    const peer = await newPeer()

    await Promise.all(addressesFrom(1, 20).map(async (address, index) => store.merge(peer, { multiaddrs: [address], protocols: [`/${index}`] })))

    expect(await ports(store, peer)).toHaveLength(20)
    expect((await store.get(peer)).protocols).toHaveLength(20)
  })

  it('never read what was made up for a write', async () => {
    const { store, datastore } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)] })
    datastore.hold()
    const written = store.merge(peer, { multiaddrs: [address(1)] })
    const read = ports(store, peer)
    await turns(20)
    datastore.release()
    await written

    expect(await read).toEqual([1])
  })

  it('do nothing for a caller that had left before', async () => {
    const { store, datastore } = await newSetup()
    const peer = await newPeer()
    const signal = AbortSignal.abort(new Error('gone'))

    await expect(store.merge(peer, { protocols: ['/a'] }, { signal })).rejects.toThrow('gone')
    await expect(store.consumePeerRecord(new Uint8Array(), { signal })).rejects.toThrow('gone')
    await turns(5)

    expect([datastore.reads, datastore.writes]).toEqual([0, 0])
  })

  it('do not wait for those for other peers', async () => {
    const { store, datastore } = await newSetup()
    const [slow, other] = await Promise.all([newPeer(), newPeer()])

    datastore.hold()
    const held = store.merge(slow, { protocols: ['/a'] })
    await turns(5)

    expect(await store.has(other)).toBe(false)

    datastore.release()
    await held
  })
})
