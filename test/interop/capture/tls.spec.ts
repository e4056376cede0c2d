import { once } from 'node:events'
import { tls } from '@libp2p/tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { generateIdentity } from '../../../src/identity/index.ts'
import { createSwarm } from '../../../src/swarm/index.ts'
import { goMissing } from '../support/go.ts'
import { readSignedKey } from './decode/certificate.ts'
import { peerIdText, PublicKey } from './decode/public-key.ts'
import { Reader } from './decode/reader.ts'
import { FLAG, readFrame, TYPE } from './decode/yamux.ts'
import { startGo } from './go-peer.ts'
import { FAULTS, libp2pCertificate } from './libp2p-certificate.ts'
import { tlsTo } from './tls-by-hand.ts'
import type { Fault } from './libp2p-certificate.ts'
import type { PeerCertificate, TLSSocket } from 'node:tls'

/** The last is not seen by go-libp2p: a certificate that is its own root is not verified there. */
const OF_CERTIFICATES: Fault[] = [...FAULTS, 'with another signature of its own']
const ALPN = ['/yamux/1.0.0', 'libp2p']
const GO_MISSING = goMissing()

type KeyType = 'Ed25519' | 'RSA'

interface Listener {
  readonly port: number
  readonly peerId: string
}

/** A listener until the test has ended. */
type Listen = (key: KeyType) => Promise<Listener>

const LISTENERS: Array<[string, KeyType, Listen]> = [
  ['swarmd', 'Ed25519', ours],
  ['swarmd', 'RSA', ours],
  ...GO_MISSING == null ? [['go-libp2p', 'Ed25519', theirs], ['go-libp2p', 'RSA', theirs]] satisfies Array<[string, KeyType, Listen]> : []
]

async function ours (type: KeyType): Promise<Listener> {
  const swarm = await createSwarm({
    identity: await generateIdentity({ type }),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    connectionEncrypters: [tls()]
  })

  onTestFinished(() => swarm.close())

  return { port: portOf(swarm.listenAddresses().map(String)), peerId: String(swarm.peerId) }
}

async function theirs (type: KeyType): Promise<Listener> {
  const peer = await startGo('-security', 'tls', '-key', type.toLowerCase())

  onTestFinished(async () => { await peer[Symbol.asyncDispose]() })

  return { port: portOf(peer.addrs), peerId: peer.peer }
}

function portOf ([address = '']: readonly string[]): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1])
}

async function connected (listener: Listener, options: Parameters<typeof tlsTo>[1] = { ALPNProtocols: ALPN }): Promise<TLSSocket> {
  const socket = await tlsTo(listener.port, options)

  onTestFinished(() => { socket.destroy() })
  socket.on('error', () => {}) // who shows no certificate is thrown out in the end

  return socket
}

/** The one certificate that was shown. */
function certificate (socket: TLSSocket): NonNullable<ReturnType<TLSSocket['getPeerX509Certificate']>> {
  const found = socket.getPeerX509Certificate()

  if (found == null) {
    throw new Error('no certificate was shown')
  }

  return found
}

describe.each(LISTENERS)(`the TLS of %s with a host key of type %s${GO_MISSING == null ? '' : ` (go-libp2p is not looked at: ${GO_MISSING})`}`, (_, type, listen) => {
  it('follows tls, "Handshake Protocol", in that it is TLS 1.3', async () => {
    expect((await connected(await listen(type))).getProtocol()).toBe('TLSv1.3')
  })

  it('follows tls, "Handshake Protocol", in that it does no TLS 1.2', async () => {
    const listener = await listen(type)

    await expect(connected(listener, { ALPNProtocols: ALPN, maxVersion: 'TLSv1.2' })).rejects.toThrow(/alert|version|reset|closed|disconnected/i)
  })

  it('follows tls, "Handshake Protocol", in that a client without a certificate is thrown out', async () => {
    const socket = await connected(await listen(type))
    const end = new Promise((resolve) => { socket.on('close', () => { resolve('closed') }).resume() })

    // with or without an alert that says why: the client has done its part of the handshake by then
    expect(await end).toBe('closed')
  })

  it('follows tls, "Peer Authentication", in that a client with a certificate of libp2p is talked to', async () => {
    const socket = await connected(await listen(type), { ALPNProtocols: ALPN, ...libp2pCertificate() })
    const [first] = await once(socket, 'data') as [Buffer]

    expect(readFrame(new Reader(first))).toMatchObject({ version: 0, type: TYPE.ping, flags: FLAG.syn, stream: 0 })
  })

  it.each(listen === ours ? OF_CERTIFICATES : FAULTS)('follows tls, "Peer Authentication", in that a client with a certificate %s is thrown out', async (fault) => {
    const socket = await connected(await listen(type), { ALPNProtocols: ALPN, ...libp2pCertificate(fault) })
    const received: Buffer[] = []

    await new Promise((resolve) => { socket.on('data', (bytes) => { received.push(bytes) }).on('close', resolve) })
    expect(received).toEqual([])
  })

  it('follows tls, "Peer Authentication", in that it shows one certificate, signed by its own key and valid now', async () => {
    const socket = await connected(await listen(type))
    const shown = certificate(socket)
    const { issuerCertificate } = socket.getPeerCertificate(true) as PeerCertificate & { issuerCertificate?: PeerCertificate }

    expect(shown.verify(shown.publicKey)).toBe(true)
    expect([undefined, shown.fingerprint256]).toContain(issuerCertificate?.fingerprint256)
    expect(Date.parse(shown.validFrom)).toBeLessThan(Date.now())
    expect(Date.parse(shown.validTo)).toBeGreaterThan(Date.now())
    expect(shown.publicKey.asymmetricKeyType).toBe('ec')
    expect(readSignedKey(shown.raw).hasUniqueIds).toBe(false)
  })

  it('follows tls, "libp2p Public Key Extension", in that extension 1.3.6.1.4.1.53594.1.1 has the host key, which gives the peer ID', async () => {
    const listener = await listen(type)
    const key = new PublicKey(readSignedKey(certificate(await connected(listener)).raw).publicKey)

    expect(key.type).toBe(type.toLowerCase())
    expect(peerIdText(key.peerId)).toBe(listener.peerId)
  })

  it('follows tls, "libp2p Public Key Extension", in that the host key has signed the prefix and the key of the certificate', async () => {
    const shown = certificate(await connected(await listen(type)))
    const { publicKey, signature } = readSignedKey(shown.raw)
    const info = shown.publicKey.export({ type: 'spki', format: 'der' })

    expect(new PublicKey(publicKey).verifies(Buffer.concat([Buffer.from('libp2p-tls-handshake:'), info]), signature)).toBe(true)
    expect(new PublicKey(publicKey).verifies(info, signature)).toBe(false)
  })

  it('follows tls, "ALPN", in that it agrees on libp2p', async () => {
    expect((await connected(await listen(type), { ALPNProtocols: ['libp2p'] })).alpnProtocol).toBe('libp2p')
  })

  it('follows tls, "ALPN", in that it refuses a client that offers nothing it knows', async () => {
    const listener = await listen(type)

    await expect(connected(listener, { ALPNProtocols: ['h2'] })).rejects.toThrow(/alert|alpn|application protocol|reset|disconnected/i)
  })

  it('follows inlined-muxer-negotiation, "Multiplexer Negotiation over TLS", in that it takes the first that the client offers and it knows', async () => {
    expect((await connected(await listen(type), { ALPNProtocols: ['/unknown/1.0.0', ...ALPN] })).alpnProtocol).toBe('/yamux/1.0.0')
  })
})
