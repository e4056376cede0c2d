import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { SelfRecord } from '../../../src/swarm/plugins/self-record.ts'
import { settle } from '../../support/fake-clock.ts'
import { fakeHost } from './fake-host.ts'
import type { FakeHost } from './fake-host.ts'

interface Setup {
  host: FakeHost
  record: SelfRecord
  truth: { addresses: string[], protocols: string[] }
  errors: Error[]
  /** What the store holds. */
  stored (): Promise<{ addresses: string[], protocols: string[] }>
  /** Writes that were begun. */
  writes (): number
}

async function setUp (): Promise<Setup> {
  const host = await fakeHost()
  const truth = { addresses: [] as string[], protocols: [] as string[] }
  const errors: Error[] = []
  const patch = host.peerStore.patch.bind(host.peerStore)
  let writes = 0

  host.peerStore.patch = async (...args) => {
    writes++
    return patch(...args)
  }

  const record = new SelfRecord({
    peerId: host.peerId,
    peerStore: host.peerStore,
    addresses: () => truth.addresses.map((address) => multiaddr(address)),
    protocols: () => truth.protocols,
    onError: (error) => { errors.push(error) }
  })

  return {
    host,
    record,
    truth,
    errors,
    writes: () => writes,
    stored: async () => {
      const { addresses, protocols } = await host.peerStore.get(host.peerId)

      return { addresses: addresses.map((address) => address.multiaddr.toString()), protocols }
    }
  }
}

describe('SelfRecord', () => {
  it('stores addresses and protocols, and that is told', async () => {
    const { host, record, truth, stored } = await setUp()
    let told = 0

    host.events.addEventListener('self:peer:update', () => { told++ })
    truth.addresses.push('/ip4/127.0.0.1/tcp/1')
    truth.protocols.push('/a/1')
    await record.flush()

    expect(await stored()).toEqual({ addresses: ['/ip4/127.0.0.1/tcp/1'], protocols: ['/a/1'] })
    expect(told).toBe(1)
  })

  it('writes the changes of one turn together, and once more for those that come meanwhile', async () => {
    const { record, truth, writes, stored } = await setUp()

    record.changed()
    record.changed()
    truth.protocols.push('/a/1')
    record.changed()

    const flushed = record.flush()

    await settle()
    expect(writes()).toBe(1)
    await flushed

    record.changed()
    await Promise.resolve()
    await Promise.resolve()
    truth.protocols.push('/b/1')
    await record.flush()

    expect(writes()).toBe(3)
    expect(await stored()).toEqual({ addresses: [], protocols: ['/a/1', '/b/1'] })
  })

  it('tells nobody when nothing has changed', async () => {
    const { host, record } = await setUp()
    let told = 0

    await record.flush()
    host.events.addEventListener('self:peer:update', () => { told++ })
    await record.flush()

    expect(told).toBe(0)
  })

  it('reports a store that fails, and tries again at the next change', async () => {
    const { host, record, truth, errors, stored } = await setUp()
    const patch = host.peerStore.patch

    host.peerStore.patch = async () => { throw new Error('disk full') }
    await record.flush()
    expect(errors).toEqual([new Error('disk full')])

    host.peerStore.patch = patch
    truth.protocols.push('/a/1')
    await record.flush()
    expect((await stored()).protocols).toEqual(['/a/1'])
  })

  it('writes nothing after stop', async () => {
    const { record, writes } = await setUp()

    record.changed()
    await record.stop()
    await record.flush()
    record.changed()
    await settle()

    expect(writes()).toBe(0)
  })
})
