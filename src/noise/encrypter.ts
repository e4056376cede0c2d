import { serviceCapabilities } from '@libp2p/interface'
import { CodedError, toError } from '../base/index.ts'
import { gather } from '../message-stream/index.ts'
import { LENGTH_BYTES, NOISE_PROTOCOL } from './constants.ts'
import { HandshakeReader } from './handshake-reader.ts'
import { Handshake } from './handshake.ts'
import { IdentityProofs, proveStaticKey } from './identity-proof.ts'
import { registerMetrics } from './metrics.ts'
import { NoiseStream } from './noise-stream.ts'
import { decodePayload, encodePayload } from './payload.ts'
import { generateKeys, keysFromPrivate } from './x25519.ts'
import type { NoiseMetrics } from './metrics.ts'
import type { NoiseExtensions, Payload } from './payload.ts'
import type { KeyPair } from './x25519.ts'
import type { ConnectionEncrypter, MessageStream, Metrics, PeerId, PrivateKey, SecureConnectionOptions, SecuredConnection, StreamMuxerFactory, Upgrader } from '@libp2p/interface'

export interface NoiseInit {
  /**
   * A private X25519 key of 32 bytes; otherwise each encrypter makes one. Keep it in memory only: a
   * file gains nothing and may be read.
   */
  staticNoiseKey?: Uint8Array | undefined
  /** What to tell peers besides the stream muxers. */
  extensions?: Partial<Pick<NoiseExtensions, 'webtransportCerthashes'>> | undefined
  /** What both sides must know for a handshake to succeed. Nothing, between libp2p peers. */
  prologueBytes?: Uint8Array | undefined
}

export interface NoiseComponents {
  privateKey: PrivateKey
  upgrader: Pick<Upgrader, 'getStreamMuxers'>
  metrics?: Metrics | undefined
}

type SecuredStream = SecuredConnection<NoiseExtensions>

/** How one handshake stands. */
interface Session {
  transport: MessageStream
  reader: HandshakeReader
  handshake: Handshake
  options: SecureConnectionOptions
  /** The stream muxers that we offer, those we like best first. */
  muxers: ReadonlyMap<string, StreamMuxerFactory>
  /** What we say of ourselves. */
  payload: Uint8Array
  proofs: IdentityProofs
}

interface Outcome {
  remotePeer: PeerId
  extensions: NoiseExtensions | undefined
  streamMuxer: StreamMuxerFactory | undefined
}

/** Encrypts connections, and proves to each side who the other is; see `docs/noise.md`. */
export class NoiseEncrypter implements ConnectionEncrypter<NoiseExtensions> {
  readonly protocol = NOISE_PROTOCOL
  readonly [Symbol.toStringTag] = 'swarmd/noise'
  readonly [serviceCapabilities]: string[] = ['@libp2p/connection-encryption', '@libp2p/noise']

  readonly #components: NoiseComponents
  readonly #staticKeys: KeyPair
  readonly #certhashes: Uint8Array[]
  readonly #prologue: Uint8Array
  readonly #metrics: NoiseMetrics | undefined
  readonly #proofs = new IdentityProofs()
  /** Made once: what is signed never changes, and an RSA signature takes longer than the rest of a handshake; noise 2.4. */
  #proof: Promise<Uint8Array> | undefined

  /** @throws RangeError for a static key that is none */
  constructor (components: NoiseComponents, { staticNoiseKey, extensions, prologueBytes }: NoiseInit = {}) {
    this.#components = components
    this.#staticKeys = staticNoiseKey == null ? generateKeys() : keysFromPrivate(staticNoiseKey)
    this.#certhashes = extensions?.webtransportCerthashes ?? []
    this.#prologue = prologueBytes ?? new Uint8Array(0)
    this.#metrics = registerMetrics(components.metrics)
  }

  /**
   * Secures a connection that we dialled. Whoever called ends the transport when this fails.
   *
   * @throws CodedError UnexpectedPeer, NegotiationFailed, ConnectionLost; NoiseError; the signal's reason
   */
  async secureOutbound (transport: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredStream> {
    return this.#secure(transport, true, options)
  }

  /**
   * As `secureOutbound`, while it is not yet known whether the peer agrees to Noise: the first message leaves at once, and
   * nothing is read before `agreed` has resolved; noise 2.9.
   *
   * @throws as `secureOutbound`, and what `agreed` rejects with
   */
  async secureOutboundEagerly (transport: MessageStream, options: SecureConnectionOptions, agreed: Promise<unknown>): Promise<SecuredStream> {
    return this.#secure(transport, true, options, agreed)
  }

  /**
   * Secures a connection that was dialled by the peer. Whoever called ends the transport when this fails.
   *
   * @throws as `secureOutbound`
   */
  async secureInbound (transport: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredStream> {
    return this.#secure(transport, false, options)
  }

  async #secure (transport: MessageStream, isInitiator: boolean, options: SecureConnectionOptions, agreed?: Promise<unknown>): Promise<SecuredStream> {
    options.signal?.throwIfAborted()

    try {
      const muxers = options.skipStreamMuxerNegotiation === true ? new Map<string, StreamMuxerFactory>() : this.#components.upgrader.getStreamMuxers()
      const handshake = new Handshake({ isInitiator, prologue: this.#prologue, staticKeys: this.#staticKeys })

      if (isInitiator) {
        sendMessage(transport, handshake.writeFirst())
      }

      if (agreed != null) {
        await agreed
      }

      using reader = new HandshakeReader(transport)
      const payload = encodePayload(await this.#prove(), { webtransportCerthashes: this.#certhashes, streamMuxers: [...muxers.keys()] })
      const session = { transport, reader, handshake, options, muxers, payload, proofs: this.#proofs }
      const { remotePeer, extensions, streamMuxer } = await (isInitiator ? initiate(session) : respond(session))

      // in one tick with what follows: no byte may come between the two that listen
      const connection = new NoiseStream(transport, handshake.split(), reader.release())

      this.#metrics?.handshakes.increment()

      return {
        connection,
        remotePeer,
        ...(extensions == null ? {} : { remoteExtensions: extensions }),
        ...(streamMuxer == null ? {} : { streamMuxer })
      }
    } catch (thrown) {
      this.#metrics?.failedHandshakes.increment()
      throw thrown
    }
  }

  async #prove (): Promise<Uint8Array> {
    this.#proof ??= proveStaticKey(this.#components.privateKey, this.#staticKeys.publicKey)

    return this.#proof
  }
}

async function initiate (session: Session): Promise<Outcome> {
  const { transport, reader, handshake, options, muxers, payload, proofs } = session

  const received = decodePayload(handshake.readSecond(await reader.read(options.signal)))
  const remotePeer = await proofs.verify(received, handshake.remoteStaticKey, options.remotePeer)
  // before we say who we are
  const streamMuxer = chooseMuxer(session, received, [...muxers.keys()])

  options.signal?.throwIfAborted()
  reader.check()
  sendMessage(transport, handshake.writeThird(payload))

  return { remotePeer, streamMuxer, extensions: received.extensions }
}

async function respond (session: Session): Promise<Outcome> {
  const { transport, reader, handshake, options, payload, proofs } = session

  handshake.readFirst(await reader.read(options.signal))
  reader.check()
  sendMessage(transport, handshake.writeSecond(payload))

  const received = decodePayload(handshake.readThird(await reader.read(options.signal)))
  const remotePeer = await proofs.verify(received, handshake.remoteStaticKey, options.remotePeer)

  options.signal?.throwIfAborted()

  return { remotePeer, streamMuxer: chooseMuxer(session, received, received.extensions?.streamMuxers ?? []), extensions: received.extensions }
}

/**
 * The first stream muxer of `preferred`, the list of whoever dialled, that both sides have. None if one
 * of them offers none: then that is agreed on after the handshake; noise 2.7.
 *
 * @throws CodedError NegotiationFailed when both offer some, and none in common
 */
function chooseMuxer ({ muxers }: Session, { extensions }: Payload, preferred: string[]): StreamMuxerFactory | undefined {
  const offered = new Set(extensions?.streamMuxers)

  if (muxers.size === 0 || offered.size === 0) {
    return undefined
  }

  const chosen = preferred.find((protocol) => offered.has(protocol) && muxers.has(protocol))

  if (chosen == null) {
    throw new CodedError('NegotiationFailed', `no stream muxer in common: we have ${[...muxers.keys()].join(', ')}, the peer has ${[...offered].slice(0, 8).join(', ')}`)
  }

  return muxers.get(chosen)
}

/** Together with what else is sent in this turn; noise 2.9. */
function sendMessage (transport: MessageStream, message: Uint8Array): void {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + message.byteLength)

  framed.writeUInt16BE(message.byteLength)
  framed.set(message, LENGTH_BYTES)

  try {
    gather(transport)
    transport.send(framed)
  } catch (cause) {
    throw new CodedError('ConnectionLost', `the connection was lost during the handshake: ${toError(cause).message}`, { cause })
  }
}
