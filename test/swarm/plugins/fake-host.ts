import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { persistentPeerStore } from '@libp2p/peer-store'
import { MemoryDatastore } from 'datastore-core'
import { TypedEventEmitter } from 'main-event'
import { ProtocolRegistry } from '../../../src/swarm/stream/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import type { ProtocolEntry, SwarmConnection } from '../../../src/swarm/connection/index.ts'
import type { PluginHost, PluginObserver } from '../../../src/swarm/plugins/index.ts'
import type { Libp2pEvents, Listener, PeerId, Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A host without a network: what it holds, tests put there. */
export interface FakeHost extends PluginHost {
  readonly clock: FakeClock
  readonly observers: PluginObserver[]
  readonly errors: Array<{ during: string, error: Error }>
  readonly open: SwarmConnection[]
  readonly listening: Listener[]
  readonly announced: Multiaddr[]
}

export async function newPeerId (): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

export async function fakeHost (overrides: Partial<PluginHost> = {}): Promise<FakeHost> {
  const privateKey = await generateKeyPair('Ed25519')
  const peerId = peerIdFromPrivateKey(privateKey)
  const events = new TypedEventEmitter<Libp2pEvents>()
  const datastore = new MemoryDatastore()
  const logger = defaultLogger()
  const observers: PluginObserver[] = []
  const errors: FakeHost['errors'] = []
  const open: SwarmConnection[] = []
  const listening: Listener[] = []
  const announced: Multiaddr[] = []
  const transports: Transport[] = []

  return {
    peerId,
    privateKey,
    events,
    datastore,
    logger,
    observers,
    errors,
    open,
    listening,
    announced,
    nodeInfo: { name: 'fake', version: '0', userAgent: 'fake/0' },
    peerStore: persistentPeerStore({ peerId, events, datastore, logger }),
    metrics: undefined,
    connectionGater: {},
    connectionProtector: undefined,
    dns: undefined,
    clock: new FakeClock(),
    random: seededRandom(1),
    registry: new ProtocolRegistry<ProtocolEntry>(() => { observers.forEach((observer) => { observer.protocolsChanged() }) }),
    upgrader: {} as PluginHost['upgrader'],
    encrypters: new Map(),
    muxers: new Map(),
    inboundUpgradeTimeoutMs: 10_000,
    connections: (peer) => open.filter(({ remotePeer }) => peer == null || remotePeer.equals(peer)),
    dial: async () => { throw new Error('a fake host does not dial') },
    closePeer: async () => {},
    isDialable: async () => true,
    pendingDials: () => [],
    maxConnections: () => 10,
    setMaxConnections: () => {},
    transports: () => transports,
    addTransport: (transport) => { transports.push(transport) },
    removeTransport: async (transport) => { transports.splice(transports.indexOf(transport), 1) },
    transportForDialing: (address) => transports.find((transport) => transport.dialFilter([address]).length > 0),
    transportForListening: (address) => transports.find((transport) => transport.listenFilter([address]).length > 0),
    listeners: () => listening,
    listen: async () => {},
    configuredListenAddresses: () => [],
    announceAddresses: () => announced,
    observe: (observer) => { observers.push(observer) },
    reportError: (during, error) => { errors.push({ during, error }) },
    close: async () => {},
    ...overrides
  } as FakeHost
}

/** A listener that listens already. */
export function fakeListener (...addresses: Multiaddr[]): Listener {
  return Object.assign(new TypedEventEmitter(), {
    listen: async () => {},
    close: async () => {},
    getAddrs: () => addresses,
    updateAnnounceAddrs: () => {}
  })
}
