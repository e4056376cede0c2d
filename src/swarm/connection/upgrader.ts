import { CodedError, Deadline, raceSignal } from '../../base/index.ts'
import { parsePeerId } from '../../identity/index.ts'
import { answerProposals, selectProtocol, StreamPort } from '../stream/index.ts'
import { localAddressOf, peerInAddress, withPeerId } from './addresses.ts'
import { SwarmConnection } from './swarm-connection.ts'
import { inPhase, UpgradeError } from './upgrade-error.ts'
import type { Direction } from '../contract/stream.ts'
import type { ConnectionComponents } from './components.ts'
import type { ConnectionEncrypter, ConnectionGater, ConnectionProtector, MessageStream, MultiaddrConnection, PeerId, SecuredConnection, StreamMuxerFactory, UpgraderOptions, UpgraderWithoutEncryptionOptions } from '@libp2p/interface'

/** Where the upgrader asks before it spends anything; the limits room implements it. */
export interface ConnectionGate {
  admitInbound(maConn: MultiaddrConnection): Disposable
  admitOutbound(): Disposable
  admitPeer(peer: PeerId): Disposable
  /** Waits for one of the places in which inbound connections are upgraded. */
  upgradePlace(maConn: MultiaddrConnection, signal: AbortSignal): Promise<Disposable>
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

/**
 * Makes connections of sockets: gate, protect, encrypt, gate, mux, gate, in this order and each
 * bounded in time. A socket that fails is left to the transport, which aborts it.
 */
export class ConnectionUpgrader {
  readonly #components: UpgraderComponents
  #count = 0

  constructor (components: UpgraderComponents) {
    this.#components = components
  }

  async upgradeOutbound (maConn: MultiaddrConnection, options: UpgradeOptions): Promise<SwarmConnection> {
    const permits: Disposable[] = []

    try {
      permits.push(await inPhase('limit', options.signal, () => this.#components.gate.admitOutbound()))

      return await this.#complete(maConn, 'outbound', options, permits)
    } catch (error) {
      dispose(permits)
      throw error
    }
  }

  async upgradeInbound (maConn: MultiaddrConnection, options: UpgradeOptions): Promise<SwarmConnection> {
    const { connections: { clock, settings }, gate } = this.#components
    const permits: Disposable[] = []

    try {
      permits.push(await inPhase('limit', options.signal, () => gate.admitInbound(maConn)))

      using _place = await this.#awaitPlace(maConn, options.signal)
      using deadline = new Deadline({
        clock,
        timeoutMs: settings.inboundUpgradeTimeoutMs,
        signal: options.signal,
        onTimeout: () => new UpgradeError('UpgradeTimeout', 'negotiate', `the upgrade took more than ${settings.inboundUpgradeTimeoutMs} ms (connection.inboundUpgradeTimeoutMs)`)
      })

      return await this.#complete(maConn, 'inbound', { ...options, signal: deadline.signal }, permits)
    } catch (error) {
      dispose(permits)
      throw error
    }
  }

  /** Nobody reads while a connection waits for its place: the socket must not fill our memory meanwhile. */
  async #awaitPlace (maConn: MultiaddrConnection, signal: AbortSignal): Promise<Disposable> {
    maConn.pause()

    const place = await inPhase('limit', signal, () => this.#components.gate.upgradePlace(maConn, signal))

    maConn.resume()

    return place
  }

  async #complete (maConn: MultiaddrConnection, direction: Direction, options: UpgradeOptions, permits: Disposable[]): Promise<SwarmConnection> {
    const connection = await this.#upgrade(maConn, direction, options, permits)

    try {
      await this.#components.admit(connection)
    } catch (error) {
      connection.abort()
      throw error
    }

    return connection
  }

  async #upgrade (maConn: MultiaddrConnection, direction: Direction, options: UpgradeOptions, permits: Disposable[]): Promise<SwarmConnection> {
    const { connections, gater, gate, protector } = this.#components
    const { signal } = options
    const isInbound = direction === 'inbound'
    connections.metrics?.trackMultiaddrConnection(maConn)

    const expectedText = isInbound ? undefined : peerInAddress(maConn.remoteAddr)
    const expected = options.remotePeer ?? (expectedText == null ? undefined : parsePeerId(expectedText))

    await this.#ask(signal, 'denyInboundConnection or denyOutboundConnection', () => isInbound
      ? gater.denyInboundConnection?.(maConn)
      : expected != null && gater.denyOutboundConnection?.(expected, maConn))

    const guarded = protector == null || options.skipProtection === true
      ? maConn
      : await inPhase('protect', signal, () => raceSignal(protector.protect(maConn, { signal }), signal))
    const { secured, encryption } = await inPhase('encrypt', signal, () => this.#secure(guarded, expected, options))
    const { remotePeer } = secured

    this.#checkPeer(remotePeer, expected)
    await this.#ask(signal, 'denyInboundEncryptedConnection or denyOutboundEncryptedConnection', () => isInbound
      ? gater.denyInboundEncryptedConnection?.(remotePeer, maConn)
      : gater.denyOutboundEncryptedConnection?.(remotePeer, maConn))

    const muxerFactory = options.muxerFactory ?? secured.streamMuxer ?? await inPhase('mux', signal, () => this.#selectMuxer(secured.connection, options))

    await this.#ask(signal, 'denyInboundUpgradedConnection or denyOutboundUpgradedConnection', () => isInbound
      ? gater.denyInboundUpgradedConnection?.(remotePeer, maConn)
      : gater.denyOutboundUpgradedConnection?.(remotePeer, maConn))
    permits.push(await inPhase('limit', signal, () => gate.admitPeer(remotePeer)))
    signal.throwIfAborted()
    maConn.timeline.upgraded = Math.round(connections.clock.now())

    return new SwarmConnection(connections, {
      id: `${remotePeer.toString().slice(-10)}-${++this.#count}`,
      direction,
      remotePeer,
      remoteAddr: withPeerId(maConn.remoteAddr, remotePeer),
      localAddr: localAddressOf(maConn),
      limits: options.limits,
      encryption,
      maConn,
      secured: secured.connection,
      muxerFactory,
      permits
    })
  }

  async #ask (signal: AbortSignal, question: string, answer: () => unknown): Promise<void> {
    if (await inPhase('gate', signal, answer) === true) {
      throw new UpgradeError('Gated', 'gate', `gater disallows connection to peer (${question})`)
    }
  }

  async #secure (conn: MessageStream, expected: PeerId | undefined, options: UpgradeOptions): Promise<{ secured: SecuredConnection, encryption: string | undefined }> {
    const { signal, remotePeer, skipEncryption, muxerFactory } = options

    if (skipEncryption === true) {
      if (remotePeer == null) {
        throw new TypeError('a transport that skips encryption must say who the remote peer is, received no remotePeer')
      }

      return { secured: { connection: conn, remotePeer }, encryption: undefined }
    }

    const { encrypters } = this.#components
    const encryption = await this.#agree(conn, encrypters, options)
    const encrypter = encrypters.get(encryption)

    if (encrypter == null) {
      throw new CodedError('NegotiationFailed', `there is no encrypter for ${encryption}`)
    }

    const secureOptions = {
      signal,
      ...(expected == null ? {} : { remotePeer: expected }),
      skipStreamMuxerNegotiation: muxerFactory != null
    }
    const securing = isInitiator(conn, options) ? encrypter.secureOutbound(conn, secureOptions) : encrypter.secureInbound(conn, secureOptions)

    return { secured: await raceSignal(securing, signal), encryption }
  }

  async #selectMuxer (conn: MessageStream, options: UpgradeOptions): Promise<StreamMuxerFactory> {
    const { muxers } = this.#components
    const protocol = await this.#agree(conn, muxers, options)
    const factory = muxers.get(protocol)

    if (factory == null) {
      throw new CodedError('NegotiationFailed', `there is no muxer for ${protocol}`)
    }

    return factory
  }

  /** Negotiates one of `choices` before there is a muxer. */
  async #agree (conn: MessageStream, choices: ReadonlyMap<string, unknown>, options: UpgradeOptions): Promise<string> {
    const { clock, settings } = this.#components.connections
    const port = new StreamPort(conn, { highWaterBytes: NEGOTIATION_HIGH_WATER_BYTES, lowWaterBytes: 0 })
    const negotiation = { clock, timeoutMs: settings.negotiateTimeoutMs, signal: options.signal }
    const supported = { has: (name: string) => choices.has(name), list: () => [...choices.keys()] }

    const protocol = isInitiator(conn, options)
      ? await selectProtocol(port, supported.list(), negotiation)
      : await answerProposals(port, supported, negotiation)

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

/** Who speaks first. A hole punch makes one of two dialers the listener. */
function isInitiator (conn: MessageStream, { initiator }: UpgradeOptions): boolean {
  return initiator ?? conn.direction === 'outbound'
}

function dispose (permits: Disposable[]): void {
  for (const permit of permits) {
    permit[Symbol.dispose]()
  }
}
