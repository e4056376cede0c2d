import { defaultLogger } from '@libp2p/logger'
import { plaintext } from '@libp2p/plaintext'
import { generateKey, preSharedKey } from '@libp2p/pnet'
import { yamux } from '@libp2p/yamux'
import { describe, expect, it } from 'vitest'
import { generateIdentity } from '../../../src/identity/index.ts'
import { UpgradeError } from '../../../src/swarm/connection/index.ts'
import { connect, never, peer, sockets, tryConnect } from '../../support/upgrade-pair.ts'
import type { Identity } from '../../../src/identity/index.ts'
import type { SwarmConnection } from '../../../src/swarm/connection/index.ts'
import type { ConnectionEncrypter, ConnectionProtector, StreamMuxerFactory } from '@libp2p/interface'

const ECHO = '/echo/1.0.0'

/** An encrypter that leaves the choice of a muxer to a negotiation of its own. */
const plain = (identity: Identity): ConnectionEncrypter => plaintext()({ ...identity, logger: defaultLogger() })

const muxer = (protocol: string): StreamMuxerFactory => Object.assign(yamux({ enableKeepAlive: false })(), { protocol })

const failed = (code: string, phase: string, message = ''): unknown => expect.objectContaining({
  status: 'rejected',
  reason: expect.objectContaining({ code, phase, message: expect.stringContaining(message) })
})

async function echo (connection: SwarmConnection, text: string): Promise<string> {
  const stream = await connection.newStream(ECHO)

  await stream.end(text)

  return stream.text()
}

describe('an upgrade', () => {
  it.each([['noise', '/noise'], ['tls', '/tls/1.0.0']] as const)('with %s makes a connection that knows its peer, on both sides', async (encrypter, encryption) => {
    using near = await peer({ encrypters: [encrypter] })
    using far = await peer({ encrypters: [encrypter] })

    far.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })

    const pair = sockets(far)
    const [outbound, inbound] = await connect(near, far, pair)

    expect(outbound.remotePeer.equals(far.identity.peerId)).toBe(true)
    expect(inbound.remotePeer.equals(near.identity.peerId)).toBe(true)
    expect(outbound).toMatchObject({ direction: 'outbound', status: 'open', encryption, multiplexer: '/yamux/1.0.0', limits: undefined, direct: true })
    expect(inbound).toMatchObject({ direction: 'inbound', status: 'open', encryption })
    expect(outbound.remoteAddr.toString()).toBe(`/ip4/192.0.2.1/tcp/4001/p2p/${far.identity.peerId}`)
    expect(inbound.remoteAddr.toString()).toBe(`/ip4/192.0.2.2/tcp/50000/p2p/${near.identity.peerId}`)
    expect(outbound.id).toBe(`${far.identity.peerId.toString().slice(-10)}-1`)
    expect(pair[0].timeline.upgraded).toBeGreaterThan(0)
    expect(await echo(outbound, 'hello')).toBe('hello')
  })

  it('takes the first encrypter and the first muxer that both have', async () => {
    using near = await peer({ encrypters: ['tls', 'noise'], muxers: [muxer('/a'), muxer('/b')] })
    using far = await peer({ encrypters: ['noise', 'tls'], muxers: [muxer('/b'), muxer('/c')] })

    const [outbound] = await connect(near, far)

    expect(outbound.encryption).toBe('/tls/1.0.0')
    expect(near.connections).toEqual([outbound])
  })

  it('agrees on a muxer by itself where the encrypter does not', async () => {
    const [mine, theirs] = [await generateIdentity(), await generateIdentity()]
    using near = await peer({ identity: mine, encrypters: [plain(mine)], muxers: [muxer('/yamux/2'), yamux({ enableKeepAlive: false })()] })
    using far = await peer({ identity: theirs, encrypters: [plain(theirs)] })

    far.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })

    const [outbound] = await connect(near, far)

    expect(outbound).toMatchObject({ encryption: '/plaintext/2.0.0', multiplexer: '/yamux/1.0.0' })
    expect(await echo(outbound, 'hello')).toBe('hello')
  })

  it.each(['noise', 'tls'] as const)('over %s fails on both sides when another peer answers than was dialled', async (encrypter) => {
    using near = await peer({ encrypters: [encrypter] })
    using far = await peer({ encrypters: [encrypter] })
    using other = await peer()

    const [outbound, inbound] = await tryConnect(near, far, sockets(other))

    expect(outbound).toEqual(failed('UnexpectedPeer', 'encrypt'))
    expect(inbound).toMatchObject({ status: 'rejected', reason: { code: 'UpgradeFailed' } })
  })

  it('fails when an encrypter lets another peer pass than was dialled', async () => {
    const [mine, theirs] = [await generateIdentity(), await generateIdentity()]
    const trusting = { ...plain(mine), protocol: '/plaintext/2.0.0', secureOutbound: async (conn: never) => plain(mine).secureOutbound(conn) } as unknown as ConnectionEncrypter
    using near = await peer({ identity: mine, encrypters: [trusting] })
    using far = await peer({ identity: theirs, encrypters: [plain(theirs)] })
    using other = await peer()

    const [outbound] = await tryConnect(near, far, sockets(other))

    expect(outbound).toEqual(failed('UnexpectedPeer', 'encrypt', `wanted peer ${other.identity.peerId}, but ${far.identity.peerId} answers`))
  })

  it('takes whoever answers at an address that names no peer', async () => {
    using near = await peer()
    using far = await peer()

    const [outbound] = await connect(near, far, sockets())

    expect(outbound.remotePeer.equals(far.identity.peerId)).toBe(true)
  })

  it('fails with ourselves', async () => {
    using near = await peer()

    const [outbound, inbound] = await tryConnect(near, near, sockets())

    expect(outbound).toEqual(failed('DialToSelf', 'encrypt', 'dial to self attempted'))
    expect(inbound).toMatchObject({ status: 'rejected' })
    expect(near.connections).toEqual([])
  })

  it('fails without an encrypter in common', async () => {
    using near = await peer({ encrypters: ['noise'] })
    using far = await peer({ encrypters: ['tls'] })

    const [outbound, inbound] = await tryConnect(near, far)

    expect(outbound).toEqual(failed('UpgradeFailed', 'encrypt', 'the peer speaks none of /noise'))
    expect(outbound).toMatchObject({ reason: { cause: { code: 'UnsupportedProtocol' } } })
    expect(inbound).toEqual(failed('UpgradeFailed', 'encrypt'))
  })

  it('fails without a muxer in common', async () => {
    const [mine, theirs] = [await generateIdentity(), await generateIdentity()]
    using near = await peer({ identity: mine, encrypters: [plain(mine)], muxers: [muxer('/a')] })
    using far = await peer({ identity: theirs, encrypters: [plain(theirs)], muxers: [muxer('/b')] })

    const [outbound, inbound] = await tryConnect(near, far)

    expect(outbound).toEqual(failed('UpgradeFailed', 'mux', 'the peer speaks none of /a'))
    expect(inbound).toEqual(failed('UpgradeFailed', 'mux'))
  })

  it('says which plugin failed, and keeps its error', async () => {
    const cause = new Error('no entropy left')
    const broken = { protocol: '/noise', secureOutbound: async () => { throw cause } } as unknown as ConnectionEncrypter
    using near = await peer({ encrypters: [broken] })
    using far = await peer()

    const [outbound] = await tryConnect(near, far)

    expect(outbound).toEqual(failed('UpgradeFailed', 'encrypt', 'failed while agreeing on encryption: no entropy left'))
    expect(outbound).toMatchObject({ reason: { cause } })
    expect((outbound as PromiseRejectedResult).reason).toBeInstanceOf(UpgradeError)
  })

  it('fails with a muxer that throws', async () => {
    const broken = { protocol: '/yamux/1.0.0', createStreamMuxer: () => { throw new Error('out of numbers') } } as unknown as StreamMuxerFactory
    using near = await peer({ muxers: [broken] })
    using far = await peer()

    const [outbound] = await tryConnect(near, far)

    expect(outbound).toEqual(failed('UpgradeFailed', 'mux', 'out of numbers'))
    expect(near.connectionLimits.stat()).toMatchObject({ outbound: 0, peers: 0 })
  })

  it('goes on when a metrics plugin measures the socket', async () => {
    const tracked: unknown[] = []
    const metrics = { trackMultiaddrConnection: (conn: unknown) => { tracked.push(conn) }, trackProtocolStream: () => {} } as never
    using near = await peer({ metrics })
    using far = await peer()
    const pair = sockets(far)

    await connect(near, far, pair)

    expect(tracked).toEqual([pair[0]])
  })
})

describe('a pre-shared key', () => {
  const protector = (psk: Uint8Array): ConnectionProtector => preSharedKey({ psk })()
  const key = (): Uint8Array => {
    const psk = new Uint8Array(95)

    generateKey(psk)

    return psk
  }

  it('connects those who have it', async () => {
    const psk = key()
    using near = await peer({ protector: protector(psk) })
    using far = await peer({ protector: protector(psk) })

    far.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })

    const [outbound] = await connect(near, far)

    expect(await echo(outbound, 'among us')).toBe('among us')
  })

  it('keeps out who has another one', async () => {
    using near = await peer({ protector: protector(key()) })
    using far = await peer({ protector: protector(key()) })

    const [outbound, inbound] = await tryConnect(near, far)

    expect(outbound).toMatchObject({ reason: { code: 'UpgradeFailed', phase: 'encrypt' } })
    expect(inbound).toMatchObject({ reason: { code: 'UpgradeFailed', phase: 'encrypt' } })
  })

  it('that cannot be proven fails in its own phase', async () => {
    using near = await peer({ protector: { protect: async () => { throw new Error('wrong key') } } as unknown as ConnectionProtector })
    using far = await peer()

    const [outbound] = await tryConnect(near, far)

    expect(outbound).toEqual(failed('UpgradeFailed', 'protect', 'failed while proving the pre-shared key: wrong key'))
  })

  it('is not asked of a transport that needs none', async () => {
    using near = await peer({ protector: { protect: async () => { throw new Error('wrong key') } } as unknown as ConnectionProtector })
    using far = await peer()
    const [mine, theirs] = sockets(far)

    const [outbound] = await Promise.all([
      near.upgrader.upgradeOutbound(mine, { signal: never, skipProtection: true }),
      far.upgrader.upgradeInbound(theirs, { signal: never })
    ])

    expect(outbound.status).toBe('open')
  })
})

describe('a transport that encrypts by itself', () => {
  it('says who the peer is, and gets a connection without further encryption', async () => {
    using near = await peer()
    using far = await peer()
    const [mine, theirs] = sockets(far)
    const options = { signal: never, skipEncryption: true } as const

    far.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })

    const [outbound] = await Promise.all([
      near.upgrader.upgradeOutbound(mine, { ...options, remotePeer: far.identity.peerId }),
      far.upgrader.upgradeInbound(theirs, { ...options, remotePeer: near.identity.peerId })
    ])

    expect(outbound.encryption).toBeUndefined()
    expect(await echo(outbound, 'hello')).toBe('hello')
  })

  it('must say who the peer is', async () => {
    using near = await peer()
    const [mine] = sockets()

    await expect(near.upgrader.upgradeOutbound(mine, { signal: never, skipEncryption: true })).rejects.toMatchObject({ code: 'UpgradeFailed', phase: 'encrypt', message: expect.stringContaining('must say who the remote peer is') })
  })

  it('may bring its own muxer', async () => {
    using near = await peer({ muxers: [] })
    using far = await peer({ muxers: [] })
    const [mine, theirs] = sockets(far)
    const options = { signal: never, muxerFactory: yamux({ enableKeepAlive: false })() }

    const [outbound] = await Promise.all([near.upgrader.upgradeOutbound(mine, options), far.upgrader.upgradeInbound(theirs, options)])

    expect(outbound.multiplexer).toBe('/yamux/1.0.0')
  })
})

describe('two dialers who meet in a hole punch', () => {
  it.each(['noise', 'tls'] as const)('agree over %s on who listens, and both open streams', async (encrypter) => {
    using near = await peer({ encrypters: [encrypter] })
    using far = await peer({ encrypters: [encrypter] })
    const [mine, theirs] = sockets(far)

    Object.assign(theirs, { direction: 'outbound' })
    near.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })
    far.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })

    const [first, second] = await Promise.all([
      near.upgrader.upgradeOutbound(mine, { signal: never, initiator: true }),
      far.upgrader.upgradeOutbound(theirs, { signal: never, initiator: false })
    ])

    expect([first.direction, second.direction]).toEqual(['outbound', 'inbound'])
    expect(await Promise.all([echo(first, 'one way'), echo(second, 'and the other')])).toEqual(['one way', 'and the other'])
  })
})
