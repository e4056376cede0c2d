import { BoundedMap, CodedError, isCoded, raceSignal, toError } from '../../base/index.ts'
import { parsePeerId } from '../../identity/index.ts'
import { namedPeer, withPeer } from '../address/index.ts'
import { answerProposals, selectProtocol, StreamPort } from '../stream/index.ts'
import { closeError } from './close-reason.ts'
import { localAddressOf } from './local-address.ts'
import { SwarmConnection } from './swarm-connection.ts'
import { inPhase, UpgradeError } from './upgrade-error.ts'
import { UpgradeWatch } from './upgrade-watch.ts'
import type { ConnectionComponents } from './components.ts'
import type { Direction } from '../contract/stream.ts'
import type { ConnectionEncrypter, ConnectionGater, ConnectionProtector, MessageStream, MultiaddrConnection, PeerId, SecureConnectionOptions, SecuredConnection, StreamMuxerFactory, UpgraderOptions, UpgraderWithoutEncryptionOptions } from '@libp2p/interface'

/** Where the upgrader asks before it spends anything; the limits room implements it. */
export interface ConnectionGate {
  admitInbound(maConn: MultiaddrConnection): Disposable
  admitOutbound(): Disposable
  admitPeer(peer: PeerId): Disposable
  /** Waits for one of the places in which inbound connections are upgraded. */
  upgradePlace(maConn: MultiaddrConnection, signal: AbortSignal): Promise<Disposable>
}

/** An encrypter whose dialling side can speak before the peer has agreed to it. */
interface EagerEncrypter extends ConnectionEncrypter {
  /** As `secureOutbound`; sends at once, and reads nothing before `agreed` has resolved. */
  secureOutboundEagerly(conn: MessageStream, options: SecureConnectionOptions, agreed: Promise<unknown>): Promise<SecuredConnection>
}

export interface UpgraderComponents {
  readonly connections: ConnectionComponents
  /** In order of preference. */
  readonly encrypters: ReadonlyMap<string, ConnectionEncrypter>
  readonly muxers: ReadonlyMap<string, StreamMuxerFactory>
  readonly protector: ConnectionProtector | undefined
  readonly gater: ConnectionGater
  readonly gate: ConnectionGate
  /** Makes the connection known. Resolves when `connected` has been told; throws when nobody wants it. */
  admit(connection: SwarmConnection): Promise<void>
}

export type UpgradeOptions = Omit<UpgraderOptions, 'onProgress'> & Partial<Pick<UpgraderWithoutEncryptionOptions, 'skipEncryption' | 'remotePeer'>>

/** Messages of the negotiations before there is a muxer are small; what is more is held back. */
const NEGOTIATION_HIGH_WATER_BYTES = 64 * 1024

/** Peers of which it is remembered; the one that agreed longest ago is forgotten first. */
const MAX_AGREEMENTS = 4096

/** How an upgrade stands. */
interface Upgrade {
  maConn: MultiaddrConnection
  /** Who dialled. */
  direction: Direction
  /** Who speaks first. A hole punch makes one of two dialers the listener. */
  role: Direction
  options: UpgradeOptions
  /** Whom we expect there, if we know. */
  expected: PeerId | undefined
  /** Given back when the upgrade fails, or else when its connection has ended. */
  permits: Disposable[]
}

/**
 * Makes connections of sockets: gate, protect, encrypt, gate, mux, gate, in this order and each
 * bounded in time. A socket whose upgrade fails is aborted.
 */
export class ConnectionUpgrader {
  readonly #components: UpgraderComponents
  /** On which encryption peers have agreed with us of late; multistream 16. */
  readonly #agreements = new BoundedMap<string>(MAX_AGREEMENTS)
  #count = 0

  constructor (components: UpgraderComponents) {
    this.#components = components
  }

  /** @throws UpgradeError, or the signal's reason */
  async upgradeOutbound (maConn: MultiaddrConnection, options: UpgradeOptions): Promise<SwarmConnection> {
    const permits: Disposable[] = []

    try {
      permits.push(await inPhase('limit', options.signal, () => this.#components.gate.admitOutbound()))

      return await this.#admit(await this.#watched(maConn, 'outbound', options, permits, Infinity))
    } catch (error) {
      giveUp(maConn, permits, error)
      throw error
    }
  }

  /** @throws UpgradeError, or the signal's reason */
  async upgradeInbound (maConn: MultiaddrConnection, options: UpgradeOptions): Promise<SwarmConnection> {
    const { connections: { settings }, gate } = this.#components
    const permits: Disposable[] = []

    try {
      permits.push(await inPhase('limit', options.signal, () => gate.admitInbound(maConn)))

      const place = await this.#awaitPlace(maConn, options.signal)
      let connection: SwarmConnection

      try {
        connection = await this.#watched(maConn, 'inbound', options, permits, settings.inboundUpgradeTimeoutMs)
      } finally {
        // before anybody is told: handlers may take their time, and others wait for the place
        place[Symbol.dispose]()
      }

      return await this.#admit(connection)
    } catch (error) {
      giveUp(maConn, permits, error)
      throw error
    }
  }

  /** Nobody reads while a connection waits for its place: the socket must not fill our memory meanwhile. */
  async #awaitPlace (maConn: MultiaddrConnection, signal: AbortSignal): Promise<Disposable> {
    using watch = new UpgradeWatch({ clock: this.#components.connections.clock, timeoutMs: Infinity, signal, maConn })

    return await inPhase('limit', watch.signal, async () => {
      maConn.pause()

      const place = await this.#components.gate.upgradePlace(maConn, watch.signal)

      try {
        maConn.resume()
      } catch (error) {
        place[Symbol.dispose]()
        throw error
      }

      return place
    })
  }

  async #admit (connection: SwarmConnection): Promise<SwarmConnection> {
    try {
      if (connection.status !== 'open') {
        throw closeError(connection.reason ?? { code: 'lost', by: 'remote' })
      }

      await this.#components.admit(connection)
    } catch (error) {
      connection.abort(toError(error))
      throw error
    }

    return connection
  }

  async #watched (maConn: MultiaddrConnection, direction: Direction, options: UpgradeOptions, permits: Disposable[], timeoutMs: number): Promise<SwarmConnection> {
    using watch = new UpgradeWatch({ clock: this.#components.connections.clock, timeoutMs, signal: options.signal, maConn })
    const initiator = options.initiator ?? direction === 'outbound'

    return await this.#upgrade({
      maConn,
      direction,
      permits,
      options: { ...options, signal: watch.signal },
      role: initiator ? 'outbound' : 'inbound',
      expected: expectedPeer(maConn, direction, options)
    })
  }

  async #upgrade (upgrade: Upgrade): Promise<SwarmConnection> {
    const { maConn, direction, role, options, expected, permits } = upgrade
    const { connections, gater, gate } = this.#components
    const { signal } = options
    const isInbound = direction === 'inbound'

    connections.metrics?.trackMultiaddrConnection(maConn)
    await this.#ask(signal, 'denyInboundConnection or denyOutboundConnection', () => isInbound
      ? gater.denyInboundConnection?.(maConn)
      : expected != null && gater.denyOutboundConnection?.(expected, maConn))

    const guarded = await this.#protect(maConn, options)
    const { secured, encryption } = await inPhase('encrypt', signal, () => this.#secure(guarded, upgrade))
    const { remotePeer } = secured

    this.#checkPeer(remotePeer, expected)

    if (role === 'outbound' && encryption != null) {
      this.#agreements.set(remotePeer.toString(), encryption)
    }

    await this.#ask(signal, 'denyInboundEncryptedConnection or denyOutboundEncryptedConnection', () => isInbound
      ? gater.denyInboundEncryptedConnection?.(remotePeer, maConn)
      : gater.denyOutboundEncryptedConnection?.(remotePeer, maConn))

    const muxerFactory = options.muxerFactory ?? this.#earlyMuxer(secured, role) ?? await inPhase('mux', signal, () => this.#selectMuxer(secured.connection, upgrade))

    await this.#ask(signal, 'denyInboundUpgradedConnection or denyOutboundUpgradedConnection', () => isInbound
      ? gater.denyInboundUpgradedConnection?.(remotePeer, maConn)
      : gater.denyOutboundUpgradedConnection?.(remotePeer, maConn))
    permits.push(await inPhase('limit', signal, () => gate.admitPeer(remotePeer)))

    // the signal is looked at last in the tick in which the connection begins to look after itself
    return inPhase('mux', signal, () => {
      takeRole(secured.connection, role)
      maConn.timeline.upgraded = Math.round(connections.clock.now())

      return new SwarmConnection(connections, {
        id: `${remotePeer.toString().slice(-10)}-${++this.#count}`,
        direction: role,
        remotePeer,
        remoteAddr: withPeer(maConn.remoteAddr, remotePeer),
        localAddr: localAddressOf(maConn),
        limits: options.limits,
        encryption,
        maConn,
        secured: secured.connection,
        muxerFactory,
        permits
      })
    })
  }

  #ask (signal: AbortSignal, question: string, ask: () => unknown): void | Promise<void> {
    const answer = inPhase('gate', signal, () => answerOf(ask(), signal))
    const heed = (isDenied: unknown): void => {
      if (isDenied === true) {
        throw new UpgradeError('Gated', 'gate', `gater disallows connection to peer (${question})`)
      }
    }

    return answer instanceof Promise ? answer.then(heed) : heed(answer)
  }

  async #protect (maConn: MultiaddrConnection, { signal, skipProtection }: UpgradeOptions): Promise<MessageStream> {
    const { protector } = this.#components

    if (protector == null || skipProtection === true) {
      return maConn
    }

    return inPhase('protect', signal, () => raceSignal(protector.protect(maConn, { signal }), signal))
  }

  async #secure (conn: MessageStream, { expected, role, options }: Upgrade): Promise<{ secured: SecuredConnection, encryption: string | undefined }> {
    const { signal, remotePeer, skipEncryption, muxerFactory } = options

    if (skipEncryption === true) {
      if (remotePeer == null) {
        throw new TypeError('a transport that skips encryption must say who the remote peer is, received no remotePeer')
      }

      return { secured: { connection: conn, remotePeer }, encryption: undefined }
    }

    const { encrypters } = this.#components
    const secureOptions = {
      signal,
      ...(expected == null ? {} : { remotePeer: expected }),
      skipStreamMuxerNegotiation: muxerFactory != null
    }
    const eager = role === 'outbound' ? this.#eagerEncrypter(expected) : undefined

    if (eager != null) {
      return { secured: await this.#secureEagerly(eager, conn, secureOptions), encryption: eager.protocol }
    }

    const encryption = await this.#agree(conn, [...encrypters.keys()], role, signal)
    const encrypter = encrypters.get(encryption)

    if (encrypter == null) {
      throw new CodedError('NegotiationFailed', `there is no encrypter for ${encryption}`)
    }

    const securing = role === 'outbound' ? encrypter.secureOutbound(conn, secureOptions) : encrypter.secureInbound(conn, secureOptions)

    return { secured: await raceSignal(securing, signal), encryption }
  }

  /** The encrypter that need not wait for an agreement, as there is no other, or the peer took it before; multistream 15 and 16. */
  #eagerEncrypter (expected: PeerId | undefined): EagerEncrypter | undefined {
    const [encrypter, ...others] = this.#components.encrypters.values()
    const isSure = encrypter != null && (others.length === 0 || (expected != null && this.#agreements.get(expected.toString()) === encrypter.protocol))

    return isSure && isEager(encrypter) ? encrypter : undefined
  }

  async #secureEagerly (encrypter: EagerEncrypter, conn: MessageStream, options: SecureConnectionOptions & { signal: AbortSignal }): Promise<SecuredConnection> {
    const { remotePeer, signal } = options
    const agreeing = this.#agree(conn, [encrypter.protocol], 'outbound', signal)

    agreeing.catch((error: unknown) => {
      // not when another address was faster, or the connection was lost
      if (remotePeer != null && (isCoded(error, 'UnsupportedProtocol') || isCoded(error, 'NegotiationFailed'))) {
        this.#agreements.delete(remotePeer.toString())
      }
    })

    return raceSignal(encrypter.secureOutboundEagerly(conn, options, agreeing), signal)
  }

  /**
   * The muxer that the handshake agreed on. The dialler's list decides (libp2p/specs inlined-muxer-negotiation),
   * but @libp2p/noise takes the first of the peer's list on either side: as dialler we choose ourselves.
   */
  #earlyMuxer ({ streamMuxer, remoteExtensions }: SecuredConnection, role: Direction): StreamMuxerFactory | undefined {
    const offered = (remoteExtensions as { streamMuxers?: string[] } | undefined)?.streamMuxers

    if (role === 'inbound' || streamMuxer == null || offered == null) {
      return streamMuxer
    }

    return [...this.#components.muxers.values()].find(({ protocol }) => offered.includes(protocol)) ?? streamMuxer
  }

  async #selectMuxer (conn: MessageStream, { role, options }: Upgrade): Promise<StreamMuxerFactory> {
    const { muxers } = this.#components
    const protocol = await this.#agree(conn, [...muxers.keys()], role, options.signal)
    const factory = muxers.get(protocol)

    if (factory == null) {
      throw new CodedError('NegotiationFailed', `there is no muxer for ${protocol}`)
    }

    return factory
  }

  /** Negotiates one of `choices` before there is a muxer. */
  async #agree (conn: MessageStream, choices: string[], role: Direction, signal: AbortSignal): Promise<string> {
    const { clock, settings } = this.#components.connections
    const port = new StreamPort(conn, { highWaterBytes: NEGOTIATION_HIGH_WATER_BYTES, lowWaterBytes: 0 })
    const negotiation = { clock, timeoutMs: settings.negotiateTimeoutMs, signal }

    const protocol = role === 'outbound'
      ? await selectProtocol(port, choices, negotiation)
      : await answerProposals(port, { has: (name) => choices.includes(name), list: () => choices }, negotiation)

    port.release()

    return protocol
  }

  #checkPeer (remotePeer: PeerId, expected: PeerId | undefined): void {
    if (remotePeer.equals(this.#components.connections.localPeer)) {
      throw new UpgradeError('DialToSelf', 'encrypt', 'dial to self attempted: the other end of this connection is this very peer')
    }

    if (expected != null && !remotePeer.equals(expected)) {
      throw new UpgradeError('UnexpectedPeer', 'encrypt', `wanted peer ${expected.toString()}, but ${remotePeer.toString()} answers at this address`)
    }
  }
}

function isEager (encrypter: ConnectionEncrypter): encrypter is EagerEncrypter {
  return 'secureOutboundEagerly' in encrypter
}

/** Most gaters have no opinion, and most of the others have it at once: there is nothing to wait for. */
function answerOf (answer: unknown, signal: AbortSignal): unknown {
  return answer == null || typeof answer === 'boolean' ? answer : raceSignal(Promise.resolve(answer), signal)
}

function expectedPeer (maConn: MultiaddrConnection, direction: Direction, { remotePeer }: UpgradeOptions): PeerId | undefined {
  const named = direction === 'outbound' ? namedPeer(maConn.remoteAddr) : undefined

  return remotePeer ?? (named == null ? undefined : parsePeerId(named))
}

/** Muxers number their streams by who dialled, and after a hole punch both have. */
function takeRole (conn: MessageStream, role: Direction): void {
  if (conn.direction !== role) {
    (conn as { direction: Direction }).direction = role
  }
}

function giveUp (maConn: MultiaddrConnection, permits: Disposable[], error: unknown): void {
  for (const permit of permits) {
    permit[Symbol.dispose]()
  }

  maConn.abort(toError(error))
}
