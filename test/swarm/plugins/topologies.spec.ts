import { TypedEventEmitter } from 'main-event'
import { describe, expect, it } from 'vitest'
import { Topologies } from '../../../src/swarm/plugins/topologies.ts'
import { settle } from '../../support/fake-clock.ts'
import { newPeerId } from './fake-host.ts'
import type { Connection, IdentifyResult, Libp2pEvents, Peer, PeerId, Topology, TypedEventTarget } from '@libp2p/interface'

const PROTOCOL = '/dht/1'

interface Setup {
  events: TypedEventTarget<Libp2pEvents>
  topologies: Topologies
  peer: PeerId
  told: string[]
  errors: string[]
  topology: Topology
  identify (protocols: string[], connection?: Partial<Connection>): void
  update (protocols: string[], before: string[]): void
  disconnect (): void
}

async function setUp (): Promise<Setup> {
  const events = new TypedEventEmitter<Libp2pEvents>()
  const peer = await newPeerId()
  const told: string[] = []
  const errors: string[] = []

  return {
    events,
    peer,
    told,
    errors,
    topologies: new Topologies({ events, reportError: (during) => { errors.push(during) } }),
    topology: {
      onConnect: () => { told.push('connect') },
      onDisconnect: () => { told.push('disconnect') }
    },
    identify: (protocols, connection = {}) => {
      const detail = { peerId: peer, protocols, connection: { remotePeer: peer, status: 'open', ...connection } } as IdentifyResult

      events.safeDispatchEvent('peer:identify', { detail })
    },
    update: (protocols, before) => {
      events.safeDispatchEvent('peer:update', { detail: { peer: { id: peer, protocols } as Peer, previous: { id: peer, protocols: before } as Peer } })
    },
    disconnect: () => { events.safeDispatchEvent('peer:disconnect', { detail: peer }) }
  }
}

describe('Topologies', () => {
  it('tells a topology of peers that speak its protocol, and when they leave', async () => {
    const { topologies, topology, told, identify, disconnect } = await setUp()

    topologies.add(PROTOCOL, topology)
    identify(['/other/1', PROTOCOL])
    disconnect()

    expect(told).toEqual(['connect', 'disconnect'])
  })

  it('tells of nobody who does not speak it, and of no disconnect without a connect', async () => {
    const { topologies, topology, told, identify, disconnect } = await setUp()

    topologies.add(PROTOCOL, topology)
    identify(['/other/1'])
    disconnect()

    expect(told).toEqual([])
  })

  it('tells when a peer no longer speaks the protocol, once', async () => {
    const { topologies, topology, told, identify, update, disconnect } = await setUp()

    topologies.add(PROTOCOL, topology)
    identify([PROTOCOL])
    update(['/other/1'], [PROTOCOL, '/other/1'])
    disconnect()

    expect(told).toEqual(['connect', 'disconnect'])
  })

  it('passes over limited connections, unless the topology wants them', async () => {
    const { topologies, topology, told, identify } = await setUp()
    const limited = { limits: { bytes: 100n } }

    topologies.add(PROTOCOL, topology)
    topologies.add(PROTOCOL, { ...topology, notifyOnLimitedConnection: true })
    identify([PROTOCOL], limited)

    expect(told).toEqual(['connect'])
  })

  it('asks the filter, and keeps it up to date', async () => {
    const { topologies, topology, peer, told, identify, disconnect } = await setUp()
    const known = new Set<string>()
    const filter = {
      has: (id: PeerId) => known.has(id.toString()),
      add: (id: PeerId) => { known.add(id.toString()) },
      remove: (id: PeerId) => { known.delete(id.toString()) }
    }

    topologies.add(PROTOCOL, { ...topology, filter })
    identify([PROTOCOL])
    identify([PROTOCOL])
    expect(told).toEqual(['connect'])
    expect(filter.has(peer)).toBe(true)

    disconnect()
    expect(filter.has(peer)).toBe(false)
  })

  it('tells one that comes late of peers that are there already', async () => {
    const { topologies, topology, told, identify } = await setUp()

    identify([PROTOCOL])
    topologies.add(PROTOCOL, topology)
    expect(told).toEqual([])
    await settle()

    expect(told).toEqual(['connect'])
  })

  it('forgets peers that have left', async () => {
    const { topologies, topology, told, identify, disconnect } = await setUp()

    identify([PROTOCOL])
    disconnect()
    identify([PROTOCOL], { status: 'closed' })
    topologies.add(PROTOCOL, topology)
    await settle()

    expect(told).toEqual([])
  })

  it('tells nothing to one that was removed', async () => {
    const { topologies, topology, told, identify } = await setUp()
    const id = topologies.add(PROTOCOL, topology)

    expect(topologies.list(PROTOCOL)).toEqual([topology])
    topologies.remove(id)
    identify([PROTOCOL])
    await settle()

    expect(told).toEqual([])
    expect(topologies.list(PROTOCOL)).toEqual([])
  })

  it('reports one that throws or rejects, and tells the others all the same', async () => {
    const { topologies, topology, told, errors, identify } = await setUp()

    topologies.add(PROTOCOL, { onConnect: () => { throw new Error('thrown') } })
    topologies.add(PROTOCOL, { onConnect: () => Promise.reject(new Error('rejected')) })
    topologies.add(PROTOCOL, topology)
    identify([PROTOCOL])
    await settle()

    expect(told).toEqual(['connect'])
    expect(errors).toEqual(new Array(2).fill(`onConnect of a topology of ${PROTOCOL}`))
  })
})
