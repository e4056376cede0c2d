import { defaultLogger } from '@libp2p/logger'
import { TypedEventEmitter } from 'main-event'
import { describe, expect, it } from 'vitest'
import { createPeerstore } from '../../src/peerstore/index.ts'
import { Renewals } from '../../src/peerstore/renewals.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { address, newPeer, ports, TestDatastore } from './setup.ts'
import type { RenewingPeerStore } from '../../src/peerstore/renewing-peer-store.ts'
import type { PeerId } from '@libp2p/interface'

interface Scene {
  clock: FakeClock
  datastore: TestDatastore
  store: RenewingPeerStore
  peer: PeerId
}

async function scene (maxAddressAgeMs?: number): Promise<Scene> {
  const clock = new FakeClock()
  const datastore = new TestDatastore()
  const components = { peerId: await newPeer(), datastore, events: new TypedEventEmitter<never>(), logger: defaultLogger(), clock }

  return { clock, datastore, store: createPeerstore(components, { maxAddressAgeMs }), peer: await newPeer() }
}

describe('a renewal', () => {
  it('is written the first time, and not again within a minute', async () => {
    const { clock, datastore, store, peer } = await scene()

    await store.renew(peer, [address(1)])
    await clock.advance(59_999)
    await store.renew(peer, [address(1)])

    expect(await ports(store, peer)).toEqual([1])
    expect(datastore.writes).toBe(1)
  })

  it('is written again after a minute', async () => {
    const { clock, datastore, store, peer } = await scene()

    await store.renew(peer, [address(1)])
    await clock.advance(60_000)
    await store.renew(peer, [address(1)])

    expect(datastore.writes).toBe(2)
  })

  it('is written again after the sixtieth part of the age that addresses reach', async () => {
    const { clock, datastore, store, peer } = await scene(6000)

    await store.renew(peer, [address(1)])
    await clock.advance(100)
    await store.renew(peer, [address(1)])

    expect(datastore.writes).toBe(2)
  })

  it('of another address is written', async () => {
    const { store, peer } = await scene()

    await store.renew(peer, [address(1)])
    await store.renew(peer, [address(2)])

    expect(await ports(store, peer)).toEqual([1, 2])
  })

  it('is written when the peer was forgotten meanwhile', async () => {
    const { store, peer } = await scene()

    await store.renew(peer, [address(1)])
    await store.delete(peer)
    await store.renew(peer, [address(1)])

    expect(await ports(store, peer)).toEqual([1])
  })

  it.each(['merge', 'patch', 'save'] as const)('is written when %s has written something else', async (method) => {
    const { store, peer } = await scene()

    await store.renew(peer, [address(1)])
    await store[method](peer, { multiaddrs: [address(2)] })
    await store.renew(peer, [address(1)])

    expect(await ports(store, peer)).toContain(1)
  })

  it('is tried again after it has failed', async () => {
    const { datastore, store, peer } = await scene()

    datastore.writeFailure = new Error('ENOSPC')
    await expect(store.renew(peer, [address(1)])).rejects.toThrow('ENOSPC')
    datastore.writeFailure = undefined
    await store.delete(peer)
    await store.renew(peer, [address(1)])

    expect(await ports(store, peer)).toEqual([1])
  })
})

describe('Renewals', () => {
  it('forgets the peer that was renewed longest ago when there are too many', () => {
    const renewals = new Renewals(new FakeClock(), 1000)

    for (let i = 0; i <= 1024; i++) {
      renewals.add(`peer ${i}`, ['/memory/1'])
    }

    expect([0, 1, 1024].map((i) => renewals.areFresh(`peer ${i}`, ['/memory/1']))).toEqual([false, true, true])
  })

  it('keeps all others when one is renewed', () => {
    const renewals = new Renewals(new FakeClock(), 1000)

    for (let i = 0; i < 1024; i++) {
      renewals.add(`peer ${i}`, [])
    }

    renewals.add('peer 5', [])

    expect(renewals.areFresh('peer 0', [])).toBe(true)
  })
})
