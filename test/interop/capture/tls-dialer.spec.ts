import { once } from 'node:events'
import { createServer } from 'node:net'
import { tls } from '@libp2p/tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSwarm } from '../../../src/swarm/index.ts'
import { goMissing } from '../support/go.ts'
import { readSignedKey } from './decode/certificate.ts'
import { peerIdText, PublicKey } from './decode/public-key.ts'
import { Reader } from './decode/reader.ts'
import { readFrame } from './decode/yamux.ts'
import { startGo } from './go-peer.ts'
import { FAULTS, libp2pCertificate } from './libp2p-certificate.ts'
import { tlsFrom } from './tls-by-hand.ts'
import type { Fault, Libp2pCertificate } from './libp2p-certificate.ts'
import type { X509Certificate } from 'node:crypto'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

const GO_MISSING = goMissing()

/** What either says of it. */
const REASONS: Readonly<Record<Fault, RegExp>> = {
  'signed by another host key': /verify signature|signature invalid/,
  'without the extension': /the (?:libp2p public )?key extension/,
  expired: /has expired/,
  'not valid yet': /not valid yet|not yet valid/,
  'with another signature of its own': /self signature/
}

/** Who dials, and what came of it. */
interface Dialer {
  readonly peerId: string
  /** Rejects when it does not take the listener. */
  dial(address: string): Promise<unknown>
}

type MakeDialer = () => Promise<Dialer>

const DIALERS: Array<[string, MakeDialer]> = [
  ['swarmd', ours],
  ...GO_MISSING == null ? [['go-libp2p', theirs]] satisfies Array<[string, MakeDialer]> : []
]

async function ours (): Promise<Dialer> {
  const swarm = await createSwarm({ connectionEncrypters: [tls()] })

  onTestFinished(() => swarm.close())

  return { peerId: String(swarm.peerId), dial: async (address) => swarm.dial(address) }
}

async function theirs (): Promise<Dialer> {
  const go = await startGo('-security', 'tls')

  onTestFinished(async () => { await go[Symbol.asyncDispose]() })

  return { peerId: go.peer, dial: async (addr) => go.do('connect', { addr }) }
}

interface Met {
  readonly dialer: Dialer
  readonly secured: TLSSocket
  /** What the dialer offers by ALPN. */
  readonly offered: string[]
  /** Its certificate. */
  readonly shown: X509Certificate
}

/** A listener made of `node:tls` alone, with this certificate. */
async function listener (certificate: Libp2pCertificate, onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer(onSocket).listen(0, '127.0.0.1')

  await once(server, 'listening')
  onTestFinished(() => { server.close() })

  return `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}/p2p/${certificate.peerId}`
}

/** Has it dial a listener whose certificate is in order. */
async function meet (make: MakeDialer): Promise<Met> {
  const certificate = libp2pCertificate()
  const accepted = Promise.withResolvers<Socket>()
  const dialer = await make()
  const dialled = dialer.dial(await listener(certificate, accepted.resolve))
  let offered: string[] = []

  dialled.catch(() => {}) // the listener leaves as soon as the test has seen enough

  const secured = await tlsFrom(await accepted.promise, {
    ...certificate,
    ALPNCallback: ({ protocols }) => {
      offered = protocols

      return '/yamux/1.0.0'
    }
  })
  const shown = secured.getPeerX509Certificate()

  secured.on('error', () => {})
  onTestFinished(() => { secured.destroy() })

  if (shown == null) {
    throw new Error('the dialer shows no certificate')
  }

  return { dialer, secured, offered, shown }
}

/** Has it dial a listener whose certificate has a fault, or is of another peer. */
async function refusal (make: MakeDialer, fault?: Fault): Promise<unknown> {
  const certificate = libp2pCertificate(fault)
  const dialer = await make()
  const address = await listener(certificate, (socket) => {
    onTestFinished(() => { socket.destroy() })
    socket.on('error', () => {})
    tlsFrom(socket, { ...certificate, ALPNProtocols: ['/yamux/1.0.0'] }).catch(() => {})
  })

  return dialer.dial(fault == null ? address.replace(/[^/]+$/, libp2pCertificate().peerId) : address)
}

describe.each(DIALERS)(`the TLS of %s as dialer${GO_MISSING == null ? '' : ` (go-libp2p is not looked at: ${GO_MISSING})`}`, (_, make) => {
  it('follows tls, "Handshake Protocol", in that it is TLS 1.3, and goes on with yamux', async () => {
    const { secured } = await meet(make)
    const [first] = await once(secured, 'data') as [Buffer]

    expect(secured.getProtocol()).toBe('TLSv1.3')
    expect(readFrame(new Reader(first)).version).toBe(0)
  })

  it('follows inlined-muxer-negotiation, "Multiplexer Negotiation over TLS", in that it offers its muxer, and libp2p last', async () => {
    expect((await meet(make)).offered).toEqual(['/yamux/1.0.0', 'libp2p'])
  })

  it('follows tls, "libp2p Public Key Extension", in that its certificate has its host key, which has signed the key of the certificate', async () => {
    const { dialer, shown } = await meet(make)
    const { publicKey, signature } = readSignedKey(shown.raw)
    const key = new PublicKey(publicKey)
    const info = shown.publicKey.export({ type: 'spki', format: 'der' })

    expect(peerIdText(key.peerId)).toBe(dialer.peerId)
    expect(key.verifies(Buffer.concat([Buffer.from('libp2p-tls-handshake:'), info]), signature)).toBe(true)
    expect(shown.verify(shown.publicKey)).toBe(true)
  })

  it.each(make === ours ? [...FAULTS, 'with another signature of its own' as const] : FAULTS)('follows tls, "Peer Authentication", in that it refuses a listener with a certificate %s', async (fault) => {
    await expect(refusal(make, fault)).rejects.toThrow(REASONS[fault])
  })

  it('follows tls, "libp2p Public Key Extension", in that it refuses a listener that is another peer', async () => {
    await expect(refusal(make)).rejects.toThrow(/unexpected peer|peer id mismatch/i)
  })
})
