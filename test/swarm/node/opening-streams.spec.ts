import { describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { addressOf, DEAD, echo, ECHO, echoServer, errorsOf, introduce, LOOPBACK, rejection, swarmPair, told, toldTimes } from '../../support/swarm-pair.ts'
import { until } from '../../support/until.ts'
import type { Stream, Swarm } from '../../../src/index.ts'
import type { SwarmConnection } from '../../../src/swarm/connection/index.ts'

const { peerId: STRANGER } = await generateIdentity()

/** Kills the socket beneath a stream, without a farewell. */
function pullThePlug ({ connection }: Stream): void {
  (connection as SwarmConnection).maConn.abort(new Error('the plug was pulled'))
}

/** A swarm whose connections die of the first stream that somebody opens there. */
async function moody (): Promise<Swarm> {
  const swarm = await createSwarm({ listen: [LOOPBACK] })

  swarm.setStreamHandler(pullThePlug)

  return swarm
}

describe('newStream of a swarm', () => {
  // TestNetworkOpenStream
  it('uses the connection that is there, and carries the bytes', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair

    await using stream = await near.newStream(far.peerId, ['/unknown/1.0.0', ECHO])

    expect(stream).toMatchObject({ protocol: ECHO, direction: 'outbound', connection })
    await stream.end('hello ipfs')
    expect(await stream.text()).toBe('hello ipfs')
  })

  it('dials where there is none', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()

    await introduce(near, far)

    await using stream = await near.newStream(far.peerId.toString(), ECHO)

    await stream.end('dialled')
    expect(await stream.text()).toBe('dialled')
  })

  it('fails with the error of the dial where the peer cannot be dialled', async () => {
    await using near = await createSwarm()

    await expect(near.newStream(STRANGER, ECHO)).rejects.toMatchObject({ name: 'DialError', code: 'NoAddresses' })
    await expect(near.newStream(`${DEAD[0]}/p2p/${STRANGER}`, ECHO)).rejects.toMatchObject({ name: 'DialError', code: 'AllDialsFailed' })
  })

  it('fails with UnsupportedProtocol where the peer speaks none of the protocols, and the connection lives on', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair

    await expect(near.newStream(far.peerId, ['/a/1.0.0', '/b/1.0.0'])).rejects.toMatchObject({ code: 'UnsupportedProtocol' })
    expect(await echo(connection, 'lives on')).toBe('lives on')
  })

  it.each([['nothing', []], ['an empty name', ''], ['a name with a newline', '/a\n'], ['a name that is too long', `/${'a'.repeat(1_023)}`]])('refuses %s as a protocol before it dials', async (_what, protocols) => {
    await using near = await createSwarm()

    await expect(near.newStream(STRANGER, protocols)).rejects.toBeInstanceOf(TypeError)
  })

  // TestNoDial
  it('fails with NoConnection instead of dialling when told not to dial', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()

    await introduce(near, far)
    await expect(near.newStream(far.peerId, ECHO, { noDial: true })).rejects.toMatchObject({ code: 'NoConnection' })
    expect(near.connections()).toEqual([])

    await near.dial(far.peerId)
    await using stream = await near.newStream(far.peerId, ECHO, { noDial: true })

    expect(stream.protocol).toBe(ECHO)
  })

  it.each([
    ['connection.negotiateTimeoutMs', { negotiateTimeoutMs: 3_000 }, 3_000],
    ['connection.openStreamTimeoutMs', { openStreamTimeoutMs: 2_000 }, 2_000]
  ])('fails after %s where the peer does not answer, and resets the stream', async (_option, connection, timeoutMs) => {
    const clock = new FakeClock()
    await using pair = await swarmPair({ clock, connection })
    const { near, far } = pair
    const asked = Promise.withResolvers<void>()

    far.setStreamHandler(async (stream) => {
      asked.resolve()
      await stream.closed
    })

    const opening = rejection(near.newStream(far.peerId, ECHO))

    await asked.promise
    await clock.advance(timeoutMs)

    expect(await opening).toMatchObject({ code: 'NegotiationTimeout' })
    await until(() => far.stat().streams.inbound === 0)
  })

  it('dials again when the connection that is there dies under it', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair

    await introduce(near, far)
    far.setStreamHandler((stream) => {
      far.setStreamHandler(null)
      pullThePlug(stream)
    })

    await using stream = await near.newStream(far.peerId, ECHO)

    expect(stream.connection).not.toBe(connection)
    expect((await connection.closed).by).toBe('remote')
  })

  it('gives up when as many connections as dial.dialAttempts have closed before a stream was open', async () => {
    await using near = await createSwarm()
    await using far = await moody()
    const connected = toldTimes(far, 'connected', 1)

    await introduce(near, far)

    const error = await rejection(near.newStream(far.peerId, ECHO))

    expect(error).toMatchObject({ code: 'TooManyDialAttempts', cause: { code: 'ConnectionLost' } })
    expect((error as Error).message).toContain('max dial attempts exceeded')
    expect((error as Error).message).toContain('dial.dialAttempts')
    expect(await connected).toHaveLength(1)
  })

  it('dials as often as dial.dialAttempts says', async () => {
    await using near = await createSwarm({ dial: { dialAttempts: 3 } })
    await using far = await moody()
    let dials = 0

    near.addEventListener('connected', () => { dials++ })
    await introduce(near, far)

    expect(await rejection(near.newStream(far.peerId, ECHO))).toMatchObject({ code: 'TooManyDialAttempts' })
    expect(dials).toBe(3)
  })
})

describe('the streams of a swarm', () => {
  // TestStreamCount
  it('are counted on both sides, as they open, close and are reset', async () => {
    await using pair = await swarmPair()
    const { near, far, connection, inbound } = pair
    const counts = async (out: number, back: number): Promise<void> => {
      await until(() => near.stat().streams.outbound === out && far.stat().streams.inbound === out, `${out} outbound streams`)
      await until(() => near.stat().streams.inbound === back && far.stat().streams.outbound === back, `${back} inbound streams`)
      expect([connection.stat().streams, inbound.stat().streams]).toEqual([out + back, out + back])
      expect([connection.streams.length, inbound.streams.length]).toEqual([out + back, out + back])
    }
    const open = async (from: Swarm, to: Swarm, count: number): ReturnType<typeof openMany> => openMany(from, to, count)

    const [a, b, c] = await open(near, far, 3)

    await counts(3, 0)

    const [d, e] = await open(far, near, 2)

    await counts(3, 2)
    await a?.end()
    await a?.text()
    await counts(2, 2)
    b?.reset()
    await counts(1, 2)
    d?.reset()
    await e?.end()
    await e?.text()
    await counts(1, 0)
    c?.reset()
    await counts(0, 0)
  })

  it('of one peer are no business of the other connections', async () => {
    await using hub = await echoServer()
    await using pair = await swarmPair()
    const { near } = pair
    const other = await near.dial(addressOf(hub))

    const [stream] = await openMany(near, hub, 1)

    expect(other.streams).toHaveLength(1)
    expect(pair.connection.streams).toHaveLength(0)
    stream?.reset()
  })
})

describe('a stream handler', () => {
  it.each<[string, () => Promise<void>]>([
    ['throws', () => { throw new Error('handler on fire') }],
    ['rejects', async () => { throw new Error('handler on fire') }]
  ])('that %s has its stream reset and is told of as an error, and the connection lives on', async (_what, handler) => {
    await using pair = await swarmPair()
    const { far, connection } = pair
    const errors = errorsOf(far)

    far.handle('/fire/1.0.0', handler)

    const failed = told(far, 'error')

    // the reset may even overtake the agreement on the protocol
    await expect(connection.newStream('/fire/1.0.0').then(async (stream) => stream.read())).rejects.toMatchObject({ code: 'StreamReset' })
    await failed
    expect(errors).toMatchObject([{ during: 'stream handler /fire/1.0.0', error: { message: 'handler on fire' } }])
    expect(await echo(connection, 'lives on')).toBe('lives on')
  })

  it('is refused a second time for one protocol, unless forced', async () => {
    await using pair = await swarmPair()
    const { far, connection } = pair

    expect(() => { far.handle(ECHO, () => {}) }).toThrow(expect.objectContaining({ code: 'DuplicateHandler' }))
    far.handle(ECHO, async (stream) => { await stream.end('another') }, { force: true })
    expect(await echo(connection, 'hello')).toBe('another')

    far.unhandle(ECHO)
    expect(far.protocols()).not.toContain(ECHO)
  })

  it('may take inbound streams raw, until it gives them back', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair
    const raw = Promise.withResolvers<string>()

    far.setStreamHandler(async (stream) => {
      raw.resolve(new TextDecoder().decode(await stream.read() ?? undefined))
      stream.reset()
    })

    await rejection(near.newStream(far.peerId, ECHO))
    // negotiation is the handler's business: it sees the very first bytes
    expect(await raw.promise).toContain('/multistream/1.0.0')

    far.setStreamHandler(null)
    expect(await echo(connection, 'negotiated')).toBe('negotiated')
  })
})

async function openMany (from: Swarm, to: Swarm, count: number): Promise<Array<Awaited<ReturnType<Swarm['newStream']>>>> {
  return Promise.all(Array.from({ length: count }, async () => {
    const stream = await from.newStream(to.peerId, ECHO)

    await stream.write('x')
    await stream.read()

    return stream
  }))
}
