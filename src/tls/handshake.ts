import { connect, TLSSocket } from 'node:tls'
import { InvalidCryptoExchangeError } from '@libp2p/interface'
import { CodedError, toError } from '../base/index.ts'
import { wrapSocket } from '../tcp/index.ts'
import { ALPN_LIBP2P } from './constants.ts'
import { verifyPeerCertificate } from './peer-certificate.ts'
import { StreamDuplex } from './stream-duplex.ts'
import { TlsStream } from './tls-stream.ts'
import type { Clock } from '../base/index.ts'
import type { MessageStream, PeerId, SecuredConnection, StreamMuxerFactory } from '@libp2p/interface'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'

export interface HandshakeInit {
  stream: MessageStream
  isServer: boolean
  context: SecureContext
  /** In order of preference, by protocol; empty where none is to be agreed on. */
  muxers: ReadonlyMap<string, StreamMuxerFactory>
  expected: PeerId | undefined
  signal: AbortSignal | undefined
  clock: Clock
}

/**
 * Runs TLS over a stream, and finds out who the peer is. When it fails, the stream is aborted.
 *
 * @throws InvalidCryptoExchangeError, UnexpectedPeerError; what OpenSSL says, with its `code`; what the
 * stream ended with; the signal's reason
 */
export async function handshake (init: HandshakeInit): Promise<SecuredConnection> {
  const { stream, signal, clock, expected } = init

  try {
    signal?.throwIfAborted()

    if (stream.status !== 'open') {
      throw new CodedError('ConnectionLost', `the connection ended before the TLS handshake: it is ${stream.status}`)
    }

    const socket = wrapSocket(stream, (raw) => wrap(raw, init)) ?? wrap(new StreamDuplex(stream), init)
    const connection = await secured(socket, init)
    const remotePeer = await verifyPeerCertificate(socket.getPeerX509Certificate(), { now: clock.now(), expected })

    signal?.throwIfAborted()

    return { connection, remotePeer, ...earlyMuxer(socket, init) }
  } catch (thrown) {
    stream.abort(toError(thrown)) // and the socket follows; tls 6.5
    throw thrown
  }
}

/** Begins to talk. The certificate of the peer is looked at afterwards, by us. */
function wrap (carrier: Duplex, { isServer, context, muxers }: HandshakeInit): TLSSocket {
  const options = { secureContext: context, rejectUnauthorized: false }

  if (!isServer) {
    return connect({ ...options, socket: carrier, ALPNProtocols: [...muxers.keys(), ALPN_LIBP2P] })
  }

  return new TLSSocket(carrier, {
    ...options,
    isServer: true,
    requestCert: true,
    // undefined is an alert, and the end; tls 3.3
    ALPNCallback: ({ protocols }) => protocols.find((name) => muxers.has(name)) ?? protocols.find((name) => name === ALPN_LIBP2P)
  })
}

/**
 * The plain text, once there is some. The stream is made in the call that tells of it, and so misses
 * nothing; what it reads before the peer is verified nobody takes.
 */
async function secured (socket: TLSSocket, { stream, signal, clock }: HandshakeInit): Promise<MessageStream> {
  const { promise, resolve, reject } = Promise.withResolvers<MessageStream>()
  const onAbort = (): void => { reject(signal?.reason) }
  const onCarrierClose = ({ error }: { error?: Error }): void => {
    // OpenSSL's own words, which the socket tells of later, say more than that its end was lost
    queueMicrotask(() => { reject(error ?? hungUp()) })
  }

  socket.once('secure', () => { resolve(new TlsStream({ socket, carrier: stream, clock })) })
  socket.on('error', reject)
  socket.once('close', () => { reject(hungUp()) })
  stream.addEventListener('close', onCarrierClose)
  signal?.addEventListener('abort', onAbort)

  try {
    return await promise
  } finally {
    stream.removeEventListener('close', onCarrierClose)
    signal?.removeEventListener('abort', onAbort)
  }
}

function hungUp (): CodedError {
  return new CodedError('ConnectionLost', 'the peer hung up during the TLS handshake')
}

/** Tls 3.4. */
function earlyMuxer ({ alpnProtocol }: TLSSocket, { muxers }: HandshakeInit): { streamMuxer?: StreamMuxerFactory } {
  if (typeof alpnProtocol !== 'string' || alpnProtocol === ALPN_LIBP2P) {
    return {}
  }

  const streamMuxer = muxers.get(alpnProtocol)

  if (streamMuxer == null) {
    throw new InvalidCryptoExchangeError(`the peer chose a multiplexer that was not offered: ${alpnProtocol}`)
  }

  return { streamMuxer }
}
