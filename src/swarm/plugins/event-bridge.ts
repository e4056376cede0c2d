import { TransientMap } from '../../base/index.ts'
import type { PluginHost, PluginObserver } from './host.ts'
import type { Views } from './views.ts'
import type { SwarmConnection } from '../connection/index.ts'
import type { Libp2pEvents, Listener } from '@libp2p/interface'

export interface EventBridgeInit {
  host: Pick<PluginHost, 'events'>
  views: Views
  /** Our addresses or protocols may have changed. */
  onSelfChange(): void
}

/** Tells plugins what happens, in js-libp2p's events and their order. */
export class EventBridge implements PluginObserver {
  readonly #init: EventBridgeInit
  /** Connections told as open, by peer. */
  readonly #open = new TransientMap<string, Set<SwarmConnection>>()

  constructor (init: EventBridgeInit) {
    this.#init = init
  }

  connected (connection: SwarmConnection): void {
    const key = connection.remotePeer.toString()
    const siblings = this.#open.get(key) ?? new Set()
    const isFirst = siblings.size === 0

    this.#open.set(key, siblings.add(connection))
    this.#tellOf('connection:open', connection)

    if (isFirst) {
      this.#tell('peer:connect', connection.remotePeer)
    }
  }

  disconnected (connection: SwarmConnection): void {
    const key = connection.remotePeer.toString()
    const siblings = this.#open.get(key)

    if (siblings?.delete(connection) !== true) {
      return
    }

    if (siblings.size === 0) {
      this.#open.delete(key)
    }

    this.#tellOf('connection:close', connection)

    // a listener of the event before may have brought a new connection about
    if (!this.#open.has(key)) {
      this.#tell('peer:disconnect', connection.remotePeer)
    }
  }

  listening (listener: Listener): void {
    this.#init.onSelfChange()
    this.#tell('transport:listening', listener)
  }

  listenerClosed (listener: Listener): void {
    this.#init.onSelfChange()
    this.#tell('transport:close', listener)
  }

  protocolsChanged (): void {
    this.#init.onSelfChange()
  }

  /** A view of a connection is made for those who listen: without plugins, nobody does. */
  #tellOf (type: 'connection:open' | 'connection:close', connection: SwarmConnection): void {
    if (this.#init.host.events.listenerCount(type) > 0) {
      this.#tell(type, this.#init.views.connection(connection))
    }
  }

  #tell<Type extends keyof Libp2pEvents> (type: Type, detail: Libp2pEvents[Type]['detail']): void {
    this.#init.host.events.safeDispatchEvent(type, { detail })
  }
}
