import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryDatastore } from 'datastore-core'
import { TypedEventEmitter } from 'main-event'
import { vi } from 'vitest'
import { createPeerstore } from '../../src/peerstore/index.ts'
import type { PeerstoreInit } from '../../src/peerstore/index.ts'
import type { Libp2pEvents, PeerId, PeerStore, PeerUpdate } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Datastore, Key } from 'interface-datastore'

export const MINUTE = 60_000

/** @libp2p/peer-store reads the wall clock; nothing else is faked, as nothing here waits. */
export function fakeDate (): void {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
}

export function passMinutes (minutes: number): void {
  vi.setSystemTime(Date.now() + minutes * MINUTE)
}

/** Counts its calls, fails on demand, and holds writes back while told to. */
export class TestDatastore extends MemoryDatastore {
  readFailure: Error | undefined
  writeFailure: Error | undefined
  reads = 0
  writes = 0
  writing = 0
  mostWriting = 0
  #held: Array<() => void> | undefined

  override async get (key: Key): Promise<Uint8Array> {
    this.reads++

    if (this.readFailure != null) {
      throw this.readFailure
    }

    return super.get(key)
  }

  override async put (key: Key, value: Uint8Array): Promise<Key> {
    this.writes++
    this.mostWriting = Math.max(this.mostWriting, ++this.writing)

    if (this.#held != null) {
      const { promise, resolve } = Promise.withResolvers<void>()

      this.#held.push(resolve)
      await promise
    }

    this.writing--

    if (this.writeFailure != null) {
      throw this.writeFailure
    }

    return super.put(key, value)
  }

  hold (): void {
    this.#held = []
  }

  release (): void {
    const held = this.#held ?? []

    this.#held = undefined
    held.forEach((resolve) => { resolve() })
  }
}

export interface Setup<D extends Datastore> {
  self: PeerId
  datastore: D
  events: TypedEventEmitter<Libp2pEvents>
  updates: PeerUpdate[]
  store: PeerStore
}

export async function newPeer (type: 'Ed25519' | 'RSA' | 'secp256k1' = 'Ed25519'): Promise<PeerId> {
  return peerIdFromPrivateKey(type === 'RSA' ? await generateKeyPair(type, 2048) : await generateKeyPair(type as 'Ed25519'))
}

export function setup<D extends Datastore> (datastore: D, self: PeerId, init?: PeerstoreInit): Setup<D> {
  const events = new TypedEventEmitter<Libp2pEvents>()
  const updates: PeerUpdate[] = []

  events.addEventListener('peer:update', ({ detail }) => { updates.push(detail) })

  return { self, datastore, events, updates, store: createPeerstore({ peerId: self, datastore, events, logger: defaultLogger() }, init) }
}

export async function newSetup (init?: PeerstoreInit): Promise<Setup<TestDatastore>> {
  return setup(new TestDatastore(), await newPeer(), init)
}

export function address (port: number): Multiaddr {
  return multiaddr(`/ip4/192.0.2.1/tcp/${port}`)
}

export function addressesFrom (first: number, count: number): Multiaddr[] {
  return Array.from({ length: count }, (_, index) => address(first + index))
}

/** The ports of the addresses that are stored of `peer`, in order. */
export async function ports (store: PeerStore, peer: PeerId): Promise<number[]> {
  const { addresses } = await store.get(peer)

  return portsOf(addresses.map(({ multiaddr }) => multiaddr))
}

export function portsOf (addresses: Multiaddr[]): number[] {
  return addresses.map((address) => Number(address.getComponents().find(({ name }) => name === 'tcp')?.value)).toSorted((a, b) => a - b)
}
