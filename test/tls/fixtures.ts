import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { concat } from '../../src/base/index.ts'
import { OID, SIGNATURE_PREFIX } from '../../src/tls/constants.ts'
import { bitString, contextTag, der, TAG } from '../../src/tls/der.ts'
import { tls } from '../../src/tls/index.ts'
import { dial, transport } from '../tcp/fixtures.ts'
import type { TlsInit } from '../../src/tls/index.ts'
import type { Ends } from '../tcp/fixtures.ts'
import type { ConnectionEncrypter, MultiaddrConnection, PeerId, PrivateKey, SecureConnectionOptions, SecuredConnection, StreamMuxerFactory } from '@libp2p/interface'
import type { KeyObject } from 'node:crypto'
import type { AddressInfo, Socket } from 'node:net'

export interface Party {
  encrypter: ConnectionEncrypter
  peerId: PeerId
  privateKey: PrivateKey
}

export interface PartyInit extends TlsInit {
  privateKey?: PrivateKey
  /** Protocols of its multiplexers, in order of preference. */
  muxers?: string[]
  /** Ours unless given. */
  create? (init?: TlsInit): (components: never) => ConnectionEncrypter
}

export const YAMUX = '/yamux/1.0.0'
export const MPLEX = '/mplex/6.7.0'

export function muxerMap (protocols: string[]): Map<string, StreamMuxerFactory> {
  return new Map(protocols.map((protocol) => [protocol, { protocol } as StreamMuxerFactory]))
}

export async function party ({ privateKey, muxers = [], create = tls, ...init }: PartyInit = {}): Promise<Party> {
  const key = privateKey ?? await generateKeyPair('Ed25519')
  const components = { privateKey: key, logger: defaultLogger(), upgrader: { getStreamMuxers: () => muxerMap(muxers) } }

  return { privateKey: key, peerId: peerIdFromPrivateKey(key), encrypter: create(init)(components as never) }
}

/** Secures the two ends of a connection; each knows whom it wants. */
export async function secured ({ dialled, accepted }: Ends, client: Party, server: Party, options: SecureConnectionOptions = {}): Promise<[SecuredConnection, SecuredConnection]> {
  return Promise.all([
    client.encrypter.secureOutbound(dialled, { remotePeer: server.peerId, ...options }),
    server.encrypter.secureInbound(accepted, { remotePeer: client.peerId, ...options })
  ])
}

export interface CertificateInit {
  hostKey: PrivateKey
  /** In the order in which they come; that of libp2p is `undefined`. */
  extensions?: Array<Uint8Array | undefined>
  notBefore?: string
  notAfter?: string
  /** Between the key and the extensions. */
  uniqueId?: Uint8Array
  isCritical?: boolean
  /** What is after the prefix in what the host key signs, if not the key of the certificate. */
  signs?: Uint8Array
  /** What signs the certificate, if not its own key. */
  signer?: KeyObject
  /** What is in the extension, if not a signed key. */
  signedKey?: Uint8Array
}

export interface TestCertificate {
  bytes: Uint8Array
  cert: string
  key: string
  x509: X509Certificate
}

/** `[id, critical?, value]` of an extension. */
export function extension (id: Uint8Array, value: Uint8Array, { isCritical = false }: { isCritical?: boolean } = {}): Uint8Array {
  const critical = isCritical ? [der(TAG.boolean, Uint8Array.of(0xFF))] : []

  return der(TAG.sequence, der(TAG.oid, id), ...critical, der(TAG.octetString, value))
}

/** A certificate with whatever is wrong with it. */
export async function certificate (init: CertificateInit): Promise<TestCertificate> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const info = publicKey.export({ type: 'spki', format: 'der' })
  const algorithm = der(TAG.sequence, der(TAG.oid, OID.ecdsaWithSha256))
  const name = der(TAG.sequence)
  const signature = await init.hostKey.sign(concat([SIGNATURE_PREFIX, init.signs ?? info]))
  const signedKey = init.signedKey ?? der(TAG.sequence, der(TAG.octetString, publicKeyToProtobuf(init.hostKey.publicKey)), der(TAG.octetString, signature))
  const own = extension(OID.libp2pPublicKey, signedKey, { isCritical: init.isCritical ?? false })
  const extensions = (init.extensions ?? [undefined]).map((bytes) => bytes ?? own)
  const body = der(TAG.sequence,
    der(contextTag(0), der(TAG.integer, Uint8Array.of(2))),
    der(TAG.integer, Uint8Array.of(1)),
    algorithm,
    name,
    der(TAG.sequence, der(TAG.generalizedTime, Buffer.from(init.notBefore ?? '20200101000000Z')), der(TAG.generalizedTime, Buffer.from(init.notAfter ?? '21200101000000Z'))),
    name,
    info,
    init.uniqueId ?? new Uint8Array(0),
    extensions.length === 0 ? new Uint8Array(0) : der(contextTag(3), der(TAG.sequence, ...extensions)))
  const bytes = der(TAG.sequence, body, algorithm, bitString(sign('sha256', body, init.signer ?? privateKey)))

  return {
    bytes,
    x509: new X509Certificate(bytes),
    cert: pem(bytes),
    key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ type: 'pkcs8', format: 'pem' }).toString()
  }
}

function pem (bytes: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

export interface RawEnds extends AsyncDisposable {
  /** Ours. */
  stream: MultiaddrConnection
  /** Of a peer that is played by the test. */
  socket: Socket
}

/** A connection of our transport with a bare socket at its other end. */
export async function rawEnds (): Promise<RawEnds> {
  const server = createServer().listen(0, '127.0.0.1')

  await once(server, 'listening')

  const accepted = once(server, 'connection') as Promise<[Socket]>
  const stream = await dial(transport(), multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`))
  const [socket] = await accepted

  socket.on('error', () => {})

  return {
    stream,
    socket,
    [Symbol.asyncDispose]: async () => {
      stream.abort(new Error('the test is over'))
      socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}
