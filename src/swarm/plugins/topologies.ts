import { toError } from '../../base/index.ts'
import type { Connection, Libp2pEvents, PeerId, Topology, TypedEventTarget } from '@libp2p/interface'

export interface TopologiesInit {
  events: TypedEventTarget<Libp2pEvents>
  reportError(during: string, error: Error): void
}

interface Entry {
  protocol: string
  topology: Topology
  /** Who was told to `onConnect`, by the text of the peer ID. */
  told: Map<string, PeerId>
}

/** A connected peer of which identify has learnt what it speaks. */
interface Identified {
  connection: Connection
  protocols: ReadonlySet<string>
}

/**
 * Tells topologies who speaks their protocol: `onConnect` when identify has found out, `onDisconnect`
 * when the peer has left or no longer speaks it. A topology that throws holds up no other one.
 */
export class Topologies {
  readonly #init: TopologiesInit
  readonly #entries = new Map<string, Entry>()
  readonly #identified = new Map<string, Identified>()
  #count = 0

  constructor (init: TopologiesInit) {
    const { events } = init

    this.#init = init
    events.addEventListener('peer:identify', ({ detail: { peerId, protocols, connection } }) => {
      this.#onIdentify(peerId, protocols, connection)
    })
    events.addEventListener('peer:update', ({ detail: { peer, previous } }) => {
      this.#onUpdate(peer.id, new Set(peer.protocols), previous?.protocols ?? [])
    })
    events.addEventListener('peer:disconnect', ({ detail }) => { this.#onDisconnect(detail) })
  }

  /** Peers that are known to speak the protocol already are told of, one turn later. */
  add (protocol: string, topology: Topology): string {
    const id = `topology-${++this.#count}`
    const entry = { protocol, topology, told: new Map<string, PeerId>() }

    this.#entries.set(id, entry)
    queueMicrotask(() => {
      if (this.#entries.get(id) === entry) {
        this.#introduce(entry)
      }
    })

    return id
  }

  remove (id: string): void {
    this.#entries.delete(id)
  }

  list (protocol: string): Topology[] {
    return this.#speaking(protocol).map(({ topology }) => topology)
  }

  #speaking (protocol: string): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.protocol === protocol)
  }

  #introduce (entry: Entry): void {
    for (const { connection, protocols } of this.#identified.values()) {
      if (protocols.has(entry.protocol) && !entry.told.has(connection.remotePeer.toString())) {
        this.#connect(entry, connection.remotePeer, connection)
      }
    }
  }

  #onIdentify (peerId: PeerId, protocols: string[], connection: Connection): void {
    // an answer that came when the connection had gone already would never be forgotten
    if (connection.status === 'open') {
      this.#identified.set(peerId.toString(), { connection, protocols: new Set(protocols) })
    }

    for (const protocol of protocols) {
      for (const entry of this.#speaking(protocol)) {
        this.#connect(entry, peerId, connection)
      }
    }
  }

  #onUpdate (peerId: PeerId, protocols: ReadonlySet<string>, before: string[]): void {
    const identified = this.#identified.get(peerId.toString())

    if (identified != null) {
      identified.protocols = protocols
    }

    for (const protocol of before) {
      if (!protocols.has(protocol)) {
        this.#speaking(protocol).forEach((entry) => { this.#disconnect(entry, peerId) })
      }
    }
  }

  #onDisconnect (peerId: PeerId): void {
    this.#identified.delete(peerId.toString())

    for (const entry of this.#entries.values()) {
      this.#disconnect(entry, peerId)
    }
  }

  #connect ({ protocol, topology, told }: Entry, peerId: PeerId, connection: Connection): void {
    if ((connection.limits != null && topology.notifyOnLimitedConnection !== true) || topology.filter?.has(peerId) === true) {
      return
    }

    told.set(peerId.toString(), peerId)
    topology.filter?.add(peerId)
    this.#call(`onConnect of a topology of ${protocol}`, () => topology.onConnect?.(peerId, connection))
  }

  #disconnect ({ protocol, topology, told }: Entry, peerId: PeerId): void {
    if (!told.delete(peerId.toString())) {
      return
    }

    topology.filter?.remove(peerId)
    this.#call(`onDisconnect of a topology of ${protocol}`, () => topology.onDisconnect?.(peerId))
  }

  #call (during: string, fn: () => void | Promise<void>): void {
    invoke(fn).catch((thrown: unknown) => { this.#init.reportError(during, toError(thrown)) })
  }
}

/** Calls at once; what is thrown comes out as a rejection. */
async function invoke (fn: () => void | Promise<void>): Promise<void> {
  await fn()
}
