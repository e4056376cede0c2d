import { describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { addressOf, echo, ECHO, echoServer, LOOPBACK, rejection, swarmPair, told } from '../../support/swarm-pair.ts'
import { stranger, tcpServer } from '../../support/tcp-server.ts'
import type { Swarm } from '../../../src/index.ts'

const { peerId: STRANGER } = await generateIdentity()
const IDLE = { connections: { inbound: 0, outbound: 0 }, streams: { inbound: 0, outbound: 0 }, dials: { active: 0, waiting: 0 } }

/** Has nobody answer the streams that come. Resolves with the first. */
async function unanswered (swarm: Swarm): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()

  swarm.setStreamHandler(async (stream) => {
    resolve()
    await stream.closed
  })

  return promise
}

describe('a swarm that closes', () => {
  it.each<[string, (swarm: Swarm) => unknown]>([
    ['dial', async (swarm) => swarm.dial(STRANGER)],
    ['newStream', async (swarm) => swarm.newStream(STRANGER, ECHO)],
    ['newStream with noDial', async (swarm) => swarm.newStream(STRANGER, ECHO, { noDial: true })],
    ['listen', async (swarm) => swarm.listen(LOOPBACK)],
    ['addListenAddress', async (swarm) => swarm.addListenAddress(LOOPBACK)],
    ['handle', (swarm) => { swarm.handle('/late/1.0.0', () => {}) }],
    // TestTransportAfterClose
    ['addTransport', (swarm) => { swarm.addTransport(() => { throw new Error('nobody should make it') }) }]
  ])('answers %s with SwarmClosed afterwards', async (_what, call) => {
    const swarm = await echoServer()

    await swarm.close()

    await expect((async () => call(swarm))()).rejects.toMatchObject({ code: 'SwarmClosed', message: expect.stringContaining('swarm closed') })
    expect(swarm.listenAddresses()).toEqual([])
    expect(swarm.stat()).toMatchObject(IDLE)
  })

  it('may be closed twice, at the same time and later', async () => {
    await using pair = await swarmPair()
    const { near } = pair

    await Promise.all([near.close(), near.close()])
    await near.close()
    await near[Symbol.asyncDispose]()

    expect(near.stat()).toMatchObject(IDLE)
  })

  it('ends its connections on both sides with the reason shutdown', async () => {
    await using pair = await swarmPair()
    const { near, connection, inbound } = pair

    await near.close()

    expect(await connection.closed).toEqual({ code: 'shutdown', by: 'local' })
    expect(await inbound.closed).toEqual({ code: 'shutdown', by: 'remote' })
    expect(connection).toMatchObject({ status: 'closed', signal: { aborted: true } })
    expect(inbound.signal.aborted).toBe(true)
    expect(near.connections()).toEqual([])
  })

  it('leaves its port to others', async () => {
    const first = await echoServer()
    const [address] = first.listenAddresses()

    await first.close()

    await using second = await echoServer({ listen: [address?.toString() ?? ''] })
    await using client = await createSwarm()

    expect(await echo(await client.dial(addressOf(second)), 'taken over')).toBe('taken over')
  })

  it('is not left behind by createSwarm when it cannot listen', async () => {
    await using taken = await echoServer()

    await expect(createSwarm({ listen: taken.listenAddresses() })).rejects.toMatchObject({ code: 'ListenFailed' })
    // the leak check of the test run looks for what is left
  })
})

describe('closing in the midst of things', () => {
  it('ends a dial that hangs, with SwarmClosed, and hangs up', async () => {
    await using server = await tcpServer()
    const swarm = await createSwarm()
    const accepted = server.accepted()
    const dials = [swarm.dial(`${server.address}/p2p/${STRANGER}`), swarm.newStream(`${server.address}/p2p/${STRANGER}`, ECHO)].map(rejection)
    const socket = await accepted
    const hungUp = new Promise((resolve) => { socket.once('close', resolve) })

    await swarm.close()

    expect(await Promise.all(dials)).toMatchObject([{ code: 'SwarmClosed' }, { code: 'SwarmClosed' }])
    await hungUp
    expect(swarm.stat()).toMatchObject(IDLE)
  })

  it('ends a dial that waits for a name server', async () => {
    const asked = Promise.withResolvers<void>()
    const swarm = await createSwarm({
      dns: {
        query: async () => {
          asked.resolve()

          return new Promise(() => {})
        }
      }
    })
    const dial = rejection(swarm.dial('/dnsaddr/swarm.example'))

    await asked.promise
    await swarm.close()

    expect(await dial).toMatchObject({ code: 'SwarmClosed' })
  })

  it('hangs up on strangers whose upgrade has not finished', async () => {
    const swarm = await echoServer()
    await using silent = await stranger(addressOf(swarm))
    await using talker = await stranger(addressOf(swarm), '\x13/multistream/1.0.0\n')

    await swarm.close()

    await Promise.all([silent.closed, talker.closed])
    expect(swarm.stat()).toMatchObject(IDLE)
  })

  it.each(['near', 'far'] as const)('of the %s side ends a stream that is being negotiated', async (side) => {
    await using pair = await swarmPair()
    const { connection } = pair
    const opened = unanswered(pair.far)
    const stream = rejection(connection.newStream('/unanswered/1.0.0'))

    await opened
    await pair[side].close()

    expect(await stream).toMatchObject({ code: 'ConnectionClosed' })
  })

  it('ends newStream with SwarmClosed, instead of dialling again', async () => {
    await using pair = await swarmPair()
    const { near, far } = pair
    const opened = unanswered(far)
    const stream = rejection(near.newStream(far.peerId, '/unanswered/1.0.0'))

    await opened
    await near.close()

    expect(await stream).toMatchObject({ code: 'SwarmClosed' })
  })

  // TestCloseWithOpenStreams
  it('ends open streams: who reads or writes is told why, and nobody waits', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair
    const served = Promise.withResolvers<unknown>()

    far.handle('/silent/1.0.0', async (stream) => { served.resolve(rejection(stream.read())) })

    const stream = await connection.newStream('/silent/1.0.0')
    const reading = rejection(stream.read())

    await near.close({ timeoutMs: 100 })

    expect(await reading).toMatchObject({ code: 'ConnectionClosed' })
    expect(await served.promise).toMatchObject({ code: 'ConnectionClosed' })
    expect(await stream.closed).toMatchObject({ code: 'ConnectionClosed' })
    expect(near.stat()).toMatchObject(IDLE)
  })

  it('in a transfer that has got stuck gives up after its time', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair
    const begun = Promise.withResolvers<void>()

    // takes the stream, and never reads from it
    far.handle('/stuck/1.0.0', async (stream) => {
      begun.resolve()
      await stream.closed
    })

    const stream = await connection.newStream('/stuck/1.0.0')
    const writing = rejection((async () => {
      for (;;) {
        await stream.write(new Uint8Array(256 * 1024))
      }
    })())

    await begun.promise
    await near.close({ timeoutMs: 100 })

    expect(await writing).toMatchObject({ code: 'ConnectionClosed' })
    expect(await connection.closed).toMatchObject({ code: 'shutdown', by: 'local' })
    expect(near.stat()).toMatchObject({ ...IDLE, bytes: { buffered: 0 } })
  })

  it('delivers what was written and ended before', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair
    const received = Promise.withResolvers<number>()

    far.handle('/sink/1.0.0', async (stream) => { received.resolve((await stream.bytes({ maxBytes: Infinity })).byteLength) })

    const stream = await connection.newStream('/sink/1.0.0')

    await stream.write(new Uint8Array(1_000_000))

    const ended = stream.end()

    await near.close()
    await ended

    expect(await received.promise).toBe(1_000_000)
  })

  it('rejects with the reason of its signal, and has ended everything all the same', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair

    far.handle('/silent/1.0.0', async (stream) => { await stream.closed })
    await connection.newStream('/silent/1.0.0')

    await expect(near.close({ signal: AbortSignal.abort(new Error('at once')) })).rejects.toThrow('at once')
    expect(near.stat()).toMatchObject(IDLE)
    expect(near.listenAddresses()).toEqual([])
  })
})

describe('closing is bounded', () => {
  it('although a handler of connected never ends', async () => {
    await using far = await echoServer()
    const near = await createSwarm()
    const dial = rejection(near.dial(addressOf(far)))

    near.notify({ connected: async () => new Promise(() => {}) })
    await told(near, 'connectedness')
    await near.close()

    expect(await dial).toMatchObject({ code: 'SwarmClosed' })
    expect(near.stat()).toMatchObject(IDLE)
  })

  it('although a handler of disconnected never ends', async () => {
    await using pair = await swarmPair()
    const { near } = pair

    near.notify({ disconnected: async () => new Promise(() => {}) })
    await near.close()

    expect(near.stat()).toMatchObject(IDLE)
  })

  it('although a service does not stop: after 5 s nobody waits for it', async () => {
    const clock = new FakeClock()
    const swarm = await createSwarm({
      clock,
      services: { hung: () => ({ start: async () => {}, stop: async () => new Promise(() => {}) }) }
    })
    let closed = false
    const closing = swarm.close().then(() => { closed = true })

    await clock.advance(4_999)
    expect(closed).toBe(false)
    await clock.advance(1)
    await closing
  })

  it('although the other side has gone quiet', async () => {
    const clock = new FakeClock()
    const near = await createSwarm({ clock })
    await using far = await echoServer()
    const connection = await near.dial(addressOf(far))

    far.handle('/stuck/1.0.0', async (stream) => { await stream.closed })

    const stream = await connection.newStream('/stuck/1.0.0')
    const writing = rejection((async () => {
      for (;;) {
        await stream.write(new Uint8Array(256 * 1024))
      }
    })())
    const closing = near.close()

    await clock.advance(5_000)
    await closing

    expect(await writing).toMatchObject({ code: 'ConnectionClosed' })
  })
})
