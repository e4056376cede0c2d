import { multiaddr } from '@multiformats/multiaddr'
import { MemoryDatastore } from 'datastore-core'
import { describe, expect, it } from 'vitest'
import { address, addressesFrom, newPeer, newSetup, ports, setup } from './setup.ts'

describe('createPeerstore', () => {
  it('works over a MemoryDatastore that nobody has opened', async () => {
    const { store } = setup(new MemoryDatastore(), await newPeer())
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: [address(1)], protocols: ['/a'] })

    expect(await ports(store, peer)).toEqual([1])
    expect((await store.all()).map(({ id }) => id.toString())).toEqual([peer.toString()])
  })

  it('does everything that a peer store does', async () => {
    const { store, self } = await newSetup()
    const peer = await newPeer()
    const seen: string[] = []

    await store.save(peer, { multiaddrs: [address(1)], protocols: ['/a'] })
    await store.patch(peer, { protocols: ['/b'] })
    await store.merge(peer, { protocols: ['/c'], tags: { friend: { value: 5 } } })
    await store.forEach(({ id }) => { seen.push(id.toString()) })

    expect((await store.get(peer)).protocols).toEqual(['/b', '/c'])
    expect((await store.getInfo(peer)).multiaddrs.map(String)).toEqual(['/ip4/192.0.2.1/tcp/1'])
    expect(await store.has(peer)).toBe(true)
    expect(await store.has(self)).toBe(false)
    expect(seen).toEqual([peer.toString()])

    await store.delete(peer)

    expect(await store.has(peer)).toBe(false)
    await expect(store.get(peer)).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it.each([
    [{ maxAddressAgeMs: -1 }, 'maxAddressAgeMs must be a number of 0 or more, received -1'],
    [{ maxAddressAgeMs: NaN }, 'maxAddressAgeMs must be a number of 0 or more, received NaN'],
    [{ maxPeerAgeMs: 3_599_999 }, 'maxPeerAgeMs must be a number of 3600000 or more, received 3599999']
  ])('refuses %o', async (init, why) => {
    const peer = await newPeer()

    expect(() => setup(new MemoryDatastore(), peer, init)).toThrow(new RangeError(why))
  })

  it('leaves out addresses that the filter refuses', async () => {
    const { store } = await newSetup({ addressFilter: (_, address) => !address.equals(multiaddr('/ip4/192.0.2.1/tcp/1')) })
    const peer = await newPeer()

    await store.merge(peer, { multiaddrs: addressesFrom(1, 2) })

    expect(await ports(store, peer)).toEqual([2])
  })
})
