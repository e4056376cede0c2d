import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { createSwarm, DialError, generateIdentity } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { scriptedTransport } from '../../support/scripted-transport.ts'
import { addressOf, DEAD, echoServer, LOOPBACK, rejection } from '../../support/swarm-pair.ts'
import { tcpServer } from '../../support/tcp-server.ts'
import { until } from '../../support/until.ts'
import type { Swarm } from '../../../src/index.ts'
import type { Socket } from 'node:net'

const { peerId: STRANGER } = await generateIdentity()

const HTTP = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 11\r\n\r\nBad Request'

/** Addresses of a peer that is nowhere, as texts. */
function addresses (...texts: string[]): string[] {
  return texts.map((text) => `${text}/p2p/${STRANGER.toString()}`)
}

async function failure (dial: Promise<unknown>): Promise<DialError> {
  const error = await rejection(dial)

  expect(error).toBeInstanceOf(DialError)

  return error as DialError
}

describe('a dial that fails', () => {
  // TestDialPeerFailed, TestTypedNilConn
  it('rejects with AllDialsFailed, and one error for each of five addresses', async () => {
    await using client = await createSwarm()

    const error = await failure(client.dial(addresses(...DEAD)))

    expect(error).toMatchObject({ name: 'DialError', code: 'AllDialsFailed', skipped: 0, timeout: false })
    expect(error.peer?.equals(STRANGER)).toBe(true)
    expect(error.errors.map(({ code, phase, address }) => [code, phase, address.toString()]).sort()).toEqual(
      addresses(...DEAD).map((address) => ['ConnectFailed', 'connect', address])
    )
    expect(error.message.split('\n').map((line) => line.replace(/\d+ ms/, 'n ms')).sort()).toEqual([
      `failed to dial ${STRANGER}: all dials failed (5 addresses, n ms)`,
      ...addresses(...DEAD).map((address) => `  * [${address}] connect: connection refused: nothing listens there (n ms)`),
      '  -> check that the peer runs, and that these are its addresses today'
    ].sort())
  })

  it('keeps the errors of 16 addresses, and says how many more there are', async () => {
    await using client = await createSwarm()

    const error = await failure(client.dial(addresses(...Array.from({ length: 20 }, (_, i) => `/ip4/127.0.0.1/tcp/${i + 1}`))))

    expect(error.errors).toHaveLength(16)
    expect(error.skipped).toBe(4)
    expect(error.message).toContain('(20 addresses, ')
    expect(error.message).toContain('    ... skipping 4 errors ...\n')
  })

  it('rejects with NoAddresses when nobody knows where the peer is', async () => {
    await using client = await createSwarm()

    const error = await failure(client.dial(STRANGER))

    expect(error).toMatchObject({ code: 'NoAddresses', errors: [] })
    expect(error.message).toMatch(/^failed to dial \w+: no addresses( \(\d+ ms\))?\n {2}-> add an address with peerStore.patch or dial a multiaddr$/)
  })

  // TestDialBadAddrs, TestDialQUICDraft29
  it.each([
    ['IPv6 link-local', '/ip6/fe80::1/tcp/4001', 'AddressUnusable', 'an IPv6 link-local host does not say over which interface'],
    ['without a transport', '/ip4/127.0.0.1/udp/4001/quic', 'NoTransport', 'no transport for protocol /udp/quic; QUIC draft 29 is out of use, its successor is quic-v1'],
    ['with nothing to connect to', '/ip4/127.0.0.1', 'NoTransport', 'no transport for protocol'],
    ['unspecified', '/ip4/0.0.0.0/tcp/4001', 'AddressUnusable', 'an unspecified host can be listened on, and not dialled']
  ])('rejects with NoGoodAddresses, and why, where the only address is %s', async (_what, address, code, reason) => {
    await using client = await createSwarm()

    const error = await failure(client.dial(addresses(address)))

    expect(error.code).toBe('NoGoodAddresses')
    expect(error.errors).toMatchObject([{ code, durationMs: 0 }])
    expect(error.errors[0]?.reason).toContain(reason.split(' /')[0])
  })

  it('says of an address at which another peer lives that it met another peer', async () => {
    await using server = await echoServer()
    await using client = await createSwarm()

    const error = await failure(client.dial(addresses(server.listenAddresses().join())))

    expect(error).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'UnexpectedPeer', phase: 'encrypt' }] })
    expect(client.connections()).toEqual([])
  })

  // over WebSocket, whose transport forgets to hang up
  it.each([LOOPBACK, '/ip4/127.0.0.1/tcp/0/ws'])('hangs up on who was not meant, over %s', async (listen) => {
    await using server = await echoServer({ listen: [listen], clock: new FakeClock() })
    await using client = await createSwarm({ clock: new FakeClock() })

    await failure(client.dial(addresses(server.listenAddresses().join())))

    // on a clock that stands still no timeout helps out
    await until(() => server.stat().connections.inbound === 0 && client.stat().connections.outbound === 0)
  })

  it('says that a name could not be resolved, and why', async () => {
    await using client = await createSwarm({ dns: { query: async () => { throw new Error('the name server is on fire') } } })

    const error = await failure(client.dial(addresses('/dnsaddr/nowhere.example')))

    expect(error).toMatchObject({ code: 'NoGoodAddresses', errors: [{ code: 'ResolveFailed', phase: 'resolve' }] })
    expect(error.message).toContain('the name server is on fire')
  })
})

describe('a dial to ourselves', () => {
  // TestDialSelf, TestDialSelf2
  it.each<[string, (swarm: Swarm) => string]>([
    ['peer ID', (swarm) => swarm.peerId.toString()],
    ['address with the peer ID', addressOf],
    ['address', (swarm) => swarm.listenAddresses().join()]
  ])('is refused by our own %s, every time', async (_what, targetOf) => {
    await using swarm = await echoServer()

    expect(await failure(swarm.dial(targetOf(swarm)))).toMatchObject({ code: 'DialToSelf' })
    expect(await failure(swarm.dial(targetOf(swarm)))).toMatchObject({ code: 'DialToSelf' })
    expect(await failure(swarm.newStream(targetOf(swarm), '/a'))).toMatchObject({ code: 'DialToSelf' })
  })

  it('is refused by a swarm that does not listen, too', async () => {
    await using swarm = await createSwarm()

    expect(await failure(swarm.dial(swarm.peerId))).toMatchObject({ code: 'DialToSelf', errors: [] })
  })

  // TestPreventDialListenAddr
  it('is refused where another peer claims to live at our address', async () => {
    await using swarm = await echoServer()

    await swarm.peerStore.patch(STRANGER, { multiaddrs: swarm.listenAddresses() })

    expect(await failure(swarm.dial(STRANGER))).toMatchObject({ code: 'DialToSelf', errors: [{ code: 'DialToSelf', reason: 'dial to self attempted: we listen on this address' }] })
  })

  it('is noticed by the handshake where the address does not tell', async () => {
    await using swarm = await echoServer({ listen: ['/ip4/0.0.0.0/tcp/0'] })
    const port = multiaddr(addressOf(swarm)).getComponents()[1]?.value

    // all of 127/8 leads here, and none of it but 127.0.0.1 is an address of an interface
    const error = await failure(swarm.dial(`/ip4/127.0.0.9/tcp/${port}`))

    expect(error).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'DialToSelf', phase: 'encrypt' }] })
    expect(swarm.connections()).toEqual([])
  })
})

describe('a dial of a server that', () => {
  it.each([
    ['says nothing', 'DialTimeout', 'the handshake did not end within 100 ms', () => {}],
    ['hangs up', 'UpgradeFailed', 'the other side hung up', (socket: Socket) => { socket.end() }],
    ['speaks HTTP', 'UpgradeFailed', 'this is HTTP', (socket: Socket) => { socket.write(HTTP) }]
  ])('%s dies in the handshake, and leaves no socket', async (_what, code, reason, onSocket) => {
    await using server = await tcpServer(onSocket)
    await using client = await createSwarm({ dial: { localAddressTimeoutMs: 100 } })

    const error = await failure(client.dial(addresses(server.address)))

    expect(error).toMatchObject({ code: 'AllDialsFailed', errors: [{ code, phase: 'encrypt' }] })
    expect(error.errors[0]?.reason).toContain(reason)
    await until(() => client.stat().connections.outbound === 0)
  })

  it('says nothing takes no longer than timeoutMs, and is told apart from one that refuses', async () => {
    const clock = new FakeClock()
    await using server = await tcpServer()
    await using client = await createSwarm({ clock })
    const accepted = server.accepted()

    const failed = failure(client.dial(addresses(server.address), { timeoutMs: 1_000 }))

    await accepted
    await clock.advance(1_000)

    const error = await failed

    expect(error).toMatchObject({ code: 'DialTimeout', durationMs: 1_000, timeout: true, errors: [{ code: 'DialTimeout', durationMs: 1_000 }] })
    expect(error.message).toContain('-> check that the peer can be reached, or allow more time with { timeoutMs } or dial.peerTimeoutMs')
  })
})

describe('a black hole', () => {
  // TestBlackHoledAddrBlocked
  it('is not dialled after 100 failures, unless forced to', async () => {
    let dials = 0
    const transport = scriptedTransport({
      dial: async () => {
        dials++
        throw new Error('the packets went nowhere')
      }
    })
    await using client = await createSwarm({ transports: [transport] })
    const target = (i: number): string => addresses(`/ip6/2606:4700::${i.toString(16)}/tcp/4001`).join()

    for (let i = 1; i <= 100; i++) {
      expect((await failure(client.dial(target(i)))).code).toBe('AllDialsFailed')
    }

    expect(await failure(client.dial(target(101)))).toMatchObject({
      code: 'NoGoodAddresses',
      errors: [{ code: 'BlackHole', reason: 'dial refused because of black hole' }]
    })
    expect(dials).toBe(100)
    expect((await failure(client.dial(target(101), { force: true }))).code).toBe('AllDialsFailed')
    expect(dials).toBe(101)
  })

  it('is a guess about public addresses only: local ones are dialled all the same', async () => {
    await using server = await echoServer({ listen: [LOOPBACK, '/ip6/::1/tcp/0'] })
    await using client = await createSwarm()

    for (let i = 0; i < 101; i++) {
      await failure(client.dial(addresses('/ip6/::1/tcp/1'), { force: true }))
    }

    expect((await failure(client.dial(addresses('/ip6/::1/tcp/1'), { force: true }))).errors[0]?.code).toBe('ConnectFailed')
    await expect(client.dial(addressOf(server))).resolves.toBeDefined()
  })
})
