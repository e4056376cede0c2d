import { CodedError } from '../base/index.ts'
import { TcpTransport } from '../tcp/index.ts'
import { UpgradeError } from './connection/index.ts'
import { endOnAbort } from './end-on-abort.ts'
import type { SwarmConnection, UpgradeOptions } from './connection/index.ts'
import type { Connection as PluginConnection, MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface ConnectOptions {
  signal: AbortSignal
  /** Called by the transport when it has a socket. */
  upgrade(maConn: MultiaddrConnection, options: UpgradeOptions): Promise<SwarmConnection>
}

/** How plugins see our connections, and back. */
export interface ConnectionViews {
  connection(connection: SwarmConnection): PluginConnection
  original(view: PluginConnection): SwarmConnection | undefined
}

export interface TransportSetInit {
  isClosed(): boolean
  /** An inbound connection failed, and nobody waits for it. */
  onInboundFailure(error: unknown): void
}

/** The transports of a swarm: the first that takes an address is the one for it. */
export class TransportSet {
  readonly #transports: Transport[] = []
  readonly #init: TransportSetInit
  #upgrader: Upgrader | undefined
  #views: ConnectionViews | undefined

  constructor (init: TransportSetInit) {
    this.#init = init
  }

  /** Set once the plugin components exist: these two are their work. */
  install (upgrader: Upgrader, views: ConnectionViews): void {
    this.#upgrader = upgrader
    this.#views = views
  }

  /** The upgrader as transports know it; they may have it before it can work. */
  get upgrader (): Upgrader {
    const upgrader = (): Upgrader => this.#installed(this.#upgrader)

    return {
      upgradeInbound: async (maConn, options) => {
        try {
          await upgrader().upgradeInbound(endOnAbort(maConn), options)
        } catch (error) {
          this.#init.onInboundFailure(error)
          throw error
        }
      },
      upgradeOutbound: async (maConn, options) => upgrader().upgradeOutbound(endOnAbort(maConn), options),
      createInboundAbortSignal: (parent) => upgrader().createInboundAbortSignal(parent),
      getStreamMuxers: () => upgrader().getStreamMuxers(),
      getConnectionEncrypters: () => upgrader().getConnectionEncrypters()
    }
  }

  list (): Transport[] {
    return [...this.#transports]
  }

  /** @throws CodedError SwarmClosed; TypeError for what is no transport */
  add (transport: Transport): void {
    if (this.#init.isClosed()) {
      throw new CodedError('SwarmClosed', 'swarm closed: no transport can be added')
    }

    if (typeof transport?.dialFilter !== 'function' || typeof transport.listenFilter !== 'function') {
      throw new TypeError('useless transport handles no protocols: wanted an object with dialFilter and listenFilter')
    }

    this.#transports.push(transport)
  }

  remove (transport: Transport): void {
    const index = this.#transports.indexOf(transport)

    if (index >= 0) {
      this.#transports.splice(index, 1)
    }
  }

  forDialing (address: Multiaddr): Transport | undefined {
    return this.#transports.find((transport) => transport.dialFilter([address]).length > 0)
  }

  forListening (address: Multiaddr): Transport | undefined {
    return this.#transports.find((transport) => transport.listenFilter([address]).length > 0)
  }

  /** Dials with `transport`; the connection is that which `upgrade` made of its socket. */
  async connect (transport: Transport, address: Multiaddr, { signal, upgrade }: ConnectOptions): Promise<SwarmConnection> {
    const views = this.#installed(this.#views)
    const isOurs = transport instanceof TcpTransport
    let made: SwarmConnection | undefined

    // ours forgets the signal by itself
    using leash = isOurs ? undefined : new Leash(signal)
    const view = await transport.dial(address, {
      signal: leash?.signal ?? signal,
      upgrader: {
        ...this.upgrader,
        upgradeOutbound: async (maConn: MultiaddrConnection, options: UpgradeOptions) => {
          made = await upgrade(endOnAbort(maConn), options)

          // ours passes on what it gets, so that a view of it would be made for nobody
          return isOurs ? made as never : views.connection(made)
        }
      }
    })
    // relays and WebRTC upgrade with the upgrader that they were made with
    const connection = made ?? views.original(view)

    if (connection == null) {
      throw new UpgradeError('UpgradeFailed', 'connect', `transport ${transport[Symbol.toStringTag]} dialled ${address.toString()} and gave a connection that this swarm did not make`)
    }

    return connection
  }

  #installed<T> (part: T | undefined): T {
    if (part == null) {
      throw new CodedError('UnsupportedOperation', 'the swarm is not complete yet')
    }

    return part
  }
}

/**
 * A signal that follows another one for as long as a dial lasts. Node ties a socket to the signal with
 * which it was dialled for good: what is aborted after the dial must not take the connection with it.
 */
class Leash implements Disposable {
  readonly #parent: AbortSignal
  readonly #controller = new AbortController()
  readonly #onAbort = (): void => { this.#controller.abort(this.#parent.reason) }

  constructor (parent: AbortSignal) {
    this.#parent = parent

    if (parent.aborted) {
      this.#onAbort()
    } else {
      parent.addEventListener('abort', this.#onAbort, { once: true })
    }
  }

  get signal (): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose] (): void {
    this.#parent.removeEventListener('abort', this.#onAbort)
  }
}
