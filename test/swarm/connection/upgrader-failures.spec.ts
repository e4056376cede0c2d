import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { defaultLogger } from '@libp2p/logger'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure } from '../../support/stream-pair.ts'
import { connect, never, peer, sockets } from '../../support/upgrade-pair.ts'
import type { Peer } from '../../support/upgrade-pair.ts'
import type { ConnectionEncrypter, ConnectionGater, ConnectionProtector, Listener, MultiaddrConnection } from '@libp2p/interface'

const NOBODY = { inbound: 0, outbound: 0, peers: 0, ips: 0, pending: 0, queued: 0 }
const HEADER = '\x13/multistream/1.0.0\n'
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

/** The upgrade of an inbound socket, and the far end of that. */
function inbound (far: Peer): { outcome: Promise<unknown>, stranger: MultiaddrConnection, socket: MultiaddrConnection } {
  const [stranger, socket] = sockets()

  return { outcome: failure(far.upgrader.upgradeInbound(socket, { signal: never })), stranger, socket }
}

describe('a stranger', () => {
  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n', 'this is HTTP, not libp2p'],
    ['a short HTTP request', 'GET /', 'this is HTTP, not libp2p'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'this is TLS, not libp2p'],
    ['noise without a question', '\x00\x20', 'wants a message that ends in a newline'],
    ['nothing that we know', 'hello', 'wants the header /multistream/1.0.0'],
    ['another version', '\x13/multistream/9.0.0\n', 'received "/multistream/9.0.0"'],
    ['a message without an end', `${HEADER}\xff\xff\xff`, 'wants a message of at most 1024 bytes'],
    ['what is no text', `${HEADER}\x03\xc3\x28\n`, 'wants a message in UTF-8']
  ])('who speaks %s is hung up on at once', async (_what, words, reason) => {
    const clock = new FakeClock()
    using far = await peer({ clock })
    const { outcome, stranger, socket } = inbound(far)

    stranger.send(bytes(words))

    expect(await outcome).toMatchObject({ code: 'UpgradeFailed', phase: 'encrypt', message: expect.stringContaining(reason) })
    expect(socket.status).toBe('aborted')
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
    expect(clock.pending).toBe(0)
  })

  it('who says garbage in place of the handshake is hung up on', async () => {
    using far = await peer()
    const { outcome, stranger, socket } = inbound(far)

    stranger.send(bytes(`${HEADER}\x07/noise\n\x00\x20${'x'.repeat(32)}`))
    await stranger.close()

    expect(await outcome).toMatchObject({ code: 'UpgradeFailed', phase: 'encrypt' })
    expect(socket.status).not.toBe('open')
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
  })

  it('who says nothing is hung up on when the time is up', async () => {
    const clock = new FakeClock()
    using far = await peer({ clock, settings: { inboundUpgradeTimeoutMs: 5_000 } })
    const { outcome, socket } = inbound(far)

    await clock.advance(4_999)
    expect(far.connectionLimits.stat()).toMatchObject({ inbound: 1, pending: 1 })
    await clock.advance(1)

    expect(await outcome).toMatchObject({
      code: 'UpgradeTimeout',
      phase: 'encrypt',
      message: 'the upgrade took more than 5000 ms (connection.inboundUpgradeTimeoutMs), while agreeing on encryption'
    })
    expect(socket.status).toBe('aborted')
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['before a word', ''],
    ['after the header', HEADER],
    ['in the midst of a message', `${HEADER}\x07/noi`],
    ['in the handshake', `${HEADER}\x07/noise\n\x00\x20`]
  ])('who hangs up %s is not waited for', async (_what, words) => {
    const clock = new FakeClock()
    using far = await peer({ clock })
    const { outcome, stranger } = inbound(far)

    await turns(1)
    stranger.send(bytes(words))
    await turns(5)
    await stranger.close()

    expect(await outcome).toMatchObject({ code: 'UpgradeFailed', phase: 'encrypt', message: 'the other side hung up, while agreeing on encryption' })
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
    expect(clock.pending).toBe(0)
  })

  it('who has hung up before the upgrade begins is not asked anything', async () => {
    let questions = 0
    using far = await peer({ gater: { denyInboundConnection: () => Boolean(++questions) } })
    const [stranger, socket] = sockets()

    await stranger.close()
    await eventually(() => socket.status !== 'open')

    expect(await failure(far.upgrader.upgradeInbound(socket, { signal: never }))).toMatchObject({ code: 'UpgradeFailed', phase: 'limit' })
    expect(questions).toBe(0)
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
  })
})

describe('a plugin that hangs', () => {
  const hang = async (): Promise<never> => new Promise(() => {})
  const encrypter = { protocol: '/noise', secureInbound: hang, secureOutbound: hang } as unknown as ConnectionEncrypter
  const words = `${HEADER}\x07/noise\n`

  it.each<[string, string, Partial<{ gater: ConnectionGater, protector: ConnectionProtector, encrypters: ConnectionEncrypter[] }>]>([
    ['gater', 'gate', { gater: { denyInboundConnection: hang } }],
    ['protector', 'protect', { protector: { protect: hang } }],
    ['encrypter', 'encrypt', { encrypters: [encrypter] }]
  ])('a %s, is given up when the time is up, in its phase', async (_what, phase, init) => {
    const clock = new FakeClock()
    using far = await peer({ clock, ...init })
    const { outcome, stranger, socket } = inbound(far)

    stranger.send(bytes(words))
    await clock.advance(10_000)

    expect(await outcome).toMatchObject({ code: 'UpgradeTimeout', phase })
    expect(socket.status).toBe('aborted')
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
    expect(clock.pending).toBe(0)
  })

  it.each<[string, string, Partial<{ gater: ConnectionGater, protector: ConnectionProtector, encrypters: ConnectionEncrypter[] }>]>([
    ['gater', 'gate', { gater: { denyInboundConnection: hang } }],
    ['protector', 'protect', { protector: { protect: hang } }],
    ['encrypter', 'encrypt', { encrypters: [encrypter] }]
  ])('a %s, is given up when the other side hangs up', async (_what, phase, init) => {
    using far = await peer({ clock: new FakeClock(), ...init })
    const { outcome, stranger } = inbound(far)

    stranger.send(bytes(words))
    await turns(1)
    await stranger.close()

    expect(await outcome).toMatchObject({ code: 'UpgradeFailed', phase, message: expect.stringContaining('hung up') })
  })
})

describe('a dial', () => {
  it('ends with the reason of its signal, untouched, and hangs up', async () => {
    using near = await peer()
    const [socket] = sockets()
    const controller = new AbortController()
    const reason = new Error('another address was faster')
    const outcome = failure(near.upgrader.upgradeOutbound(socket, { signal: controller.signal }))

    await turns(1)
    controller.abort(reason)

    expect(await outcome).toBe(reason)
    expect(socket.status).toBe('aborted')
    expect(near.connectionLimits.stat()).toEqual(NOBODY)
  })

  it('does not begin when its signal has aborted before', async () => {
    using near = await peer()
    const [socket, other] = sockets()
    const reason = new Error('too late')

    expect(await failure(near.upgrader.upgradeOutbound(socket, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(socket.status).toBe('aborted')
    expect(other.readBufferLength).toBe(0)
  })

  it('of a server that does not answer fails after negotiateTimeoutMs', async () => {
    const clock = new FakeClock()
    using near = await peer({ clock, settings: { negotiateTimeoutMs: 3_000 } })
    const [socket] = sockets()
    const outcome = failure(near.upgrader.upgradeOutbound(socket, { signal: never }))

    await clock.advance(3_000)

    expect(await outcome).toMatchObject({ code: 'UpgradeTimeout', phase: 'encrypt', cause: { code: 'NegotiationTimeout' } })
    expect(clock.pending).toBe(0)
  })

  it('keeps the error of the system when the connection breaks', async () => {
    using near = await peer()
    const [socket] = sockets()
    const outcome = failure(near.upgrader.upgradeOutbound(socket, { signal: never }))
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

    await turns(1)
    socket.abort(error)

    expect(await outcome).toMatchObject({ code: 'UpgradeFailed', phase: 'encrypt', cause: error })
  })
})

describe('a connection that nobody wants in the end', () => {
  it('is aborted with its streams, on both sides, and gives all back', async () => {
    const refusal = new Error('a handler has closed it')
    using near = await peer({ admit: async () => { throw refusal } })
    using far = await peer()
    const pair = sockets(far)

    expect(await failure(connect(near, far, pair))).toBe(refusal)
    await eventually(() => far.reasons.length === 1)

    expect(near.reasons).toEqual([{ code: 'aborted', by: 'local', error: refusal }])
    expect(far.reasons).toMatchObject([{ code: 'aborted', by: 'remote' }])
    expect(near.connectionLimits.stat()).toEqual(NOBODY)
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
  })
})

describe('over TCP', () => {
  /** A listener of this peer; what its upgrades came to. */
  async function listen (far: Peer): Promise<{ listener: Listener, port: number, outcomes: Array<Promise<unknown>> }> {
    const outcomes: Array<Promise<unknown>> = []
    const transport = tcp()({ logger: defaultLogger() })
    const listener = transport.createListener({
      upgrader: {
        upgradeInbound: async (maConn: MultiaddrConnection, options: { signal: AbortSignal }) => {
          const outcome = far.upgrader.upgradeInbound(maConn, options)

          outcomes.push(outcome.catch((error: unknown) => error))
          await outcome
        }
      } as never
    })

    await listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0'))

    return { listener, port: Number(listener.getAddrs()[0]?.getComponents()[1]?.value), outcomes }
  }

  it('connects, knows both addresses, and closes', async () => {
    using near = await peer()
    using far = await peer()
    const { listener, port } = await listen(far)
    const address = multiaddr(`/ip4/127.0.0.1/tcp/${port}/p2p/${far.identity.peerId}`)

    await tcp()({ logger: defaultLogger() }).dial(address, { signal: never, upgrader: near.upgrader as never })
    await eventually(() => far.connections.length === 1)

    const [outbound, accepted] = [near.connections[0], far.connections[0]]

    expect(outbound?.localAddr?.toString()).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/)
    expect(accepted?.remoteAddr.toString()).toBe(`${outbound?.localAddr}/p2p/${near.identity.peerId}`)
    expect(accepted?.localAddr?.toString()).toBe(`/ip4/127.0.0.1/tcp/${port}`)

    await outbound?.close()
    expect(await accepted?.closed).toMatchObject({ code: 'closed', by: 'remote' })
    await listener.close()
  })

  it('hangs up on an HTTP client', async () => {
    using far = await peer()
    const { listener, port, outcomes } = await listen(far)
    const client = connectTcp({ port, host: '127.0.0.1' })
    const hungUp = once(client, 'close').catch(() => {})

    client.on('error', () => {})
    client.write('GET / HTTP/1.0\r\n\r\n')
    await hungUp

    expect(await outcomes[0]).toMatchObject({ code: 'UpgradeFailed', message: expect.stringContaining('this is HTTP') })
    expect(far.connectionLimits.stat()).toEqual(NOBODY)
    await listener.close()
  })
})
