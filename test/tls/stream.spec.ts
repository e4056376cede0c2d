import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { defaultLogger } from '@libp2p/logger'
import { tcp as npmTcp } from '@libp2p/tcp'
import { tls as npmTls } from '@libp2p/tls'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { socketOf } from '../../src/tcp/index.ts'
import { eventually, turns } from '../support/settle.ts'
import { until } from '../support/until.ts'
import { closeOf, connected, receive, sendAll, transport } from '../tcp/fixtures.ts'
import { party, secured, YAMUX } from './fixtures.ts'
import type { ConnectionEncrypter, MessageStream, MultiaddrConnection, Transport } from '@libp2p/interface'

const MIB = 1024 * 1024

type Create = (components: never) => ConnectionEncrypter

interface Pair extends AsyncDisposable {
  /** The ends of the carrier. */
  dialled: MultiaddrConnection
  accepted: MultiaddrConnection
  /** The plain text. */
  client: MessageStream
  server: MessageStream
}

interface PairInit {
  dialer?: Transport
  listener?: Transport
  client?: (() => Create) | undefined
  server?: (() => Create) | undefined
  /** Does something to the carrier before it is secured. */
  prepare? (ends: { dialled: MultiaddrConnection, accepted: MultiaddrConnection }): void
}

async function overTcp ({ dialer = transport(), listener = transport(), client, server, prepare }: PairInit = {}): Promise<Pair> {
  const ends = await connected({ dialer, listener })

  prepare?.(ends)

  const [outbound, inbound] = await secured(
    ends,
    await party({ muxers: [YAMUX], ...client == null ? {} : { create: client } }),
    await party({ muxers: [YAMUX], ...server == null ? {} : { create: server } }))

  expect([outbound.streamMuxer?.protocol, inbound.streamMuxer?.protocol]).toEqual([YAMUX, YAMUX])

  return { ...ends, client: outbound.connection, server: inbound.connection, [Symbol.asyncDispose]: async () => ends[Symbol.asyncDispose]() }
}

async function overMemory (): Promise<Pair> {
  const [dialled, accepted] = multiaddrConnectionPair()
  const none = async (): Promise<void> => {
    dialled.abort(new Error('the test is over'))
  }
  const ends = { dialled, accepted, listener: undefined as never, [Symbol.asyncDispose]: none }
  const [outbound, inbound] = await secured(ends, await party(), await party())

  return { dialled, accepted, client: outbound.connection, server: inbound.connection, [Symbol.asyncDispose]: none }
}

/** As metrics do that count bytes: OpenSSL then goes through the stream. */
function watch ({ dialled, accepted }: { dialled: MultiaddrConnection, accepted: MultiaddrConnection }): void {
  for (const stream of [dialled, accepted]) {
    stream.send = stream.send.bind(stream)
  }
}

const npm = npmTcp()({ logger: defaultLogger() })
const ours = transport()
const npmTlsOnly: () => Create = () => npmTls()

const PAIRS: Array<[string, () => Promise<Pair>]> = [
  ['over a socket', async () => overTcp()],
  ['over a stream that is watched', async () => overTcp({ prepare: watch })],
  ['over memory', overMemory],
  ['to the TLS of npm over the TCP of npm', async () => overTcp({ listener: npm, server: npmTlsOnly })],
  ['to the TLS of npm over our TCP', async () => overTcp({ server: npmTlsOnly })],
  ['to our TLS over the TCP of npm', async () => overTcp({ listener: npm })],
  ['from the TLS of npm over the TCP of npm', async () => overTcp({ dialer: npm, client: npmTlsOnly })],
  ['from the TLS of npm over our TCP', async () => overTcp({ client: npmTlsOnly })]
]

const OURS = PAIRS.slice(0, 3)

/** Sends `mib`, and compares what arrives. */
async function bulk (from: MessageStream, to: MessageStream, mib: number): Promise<void> {
  const [sent, received] = [createHash('sha256'), createHash('sha256')]
  const arrived = Promise.withResolvers<void>()
  let [left, bytes] = [mib * 16, 0]

  to.addEventListener('message', ({ data }) => {
    received.update(data.subarray())
    bytes += data.byteLength

    if (bytes >= mib * MIB) {
      arrived.resolve()
    }
  })
  await sendAll(from, () => {
    if (left-- === 0) {
      return undefined
    }

    const chunk = new Uint8Array(64 * 1024).fill(left)

    sent.update(chunk)

    return chunk
  })
  await arrived.promise

  expect(bytes).toBe(mib * MIB)
  expect(received.digest('hex')).toBe(sent.digest('hex'))
}

afterEach(() => { vi.restoreAllMocks() })

describe.each(PAIRS)('a stream of TLS %s', (_, connect) => {
  it('carries bytes both ways, in order', async () => {
    await using pair = await connect()

    pair.client.send(Uint8Array.of(1, 2))
    pair.client.send(new Uint8ArrayList(Uint8Array.of(3), Uint8Array.of(4, 5)))
    pair.server.send(Uint8Array.of(9))

    expect([...await receive(pair.server, 5)]).toEqual([1, 2, 3, 4, 5])
    expect([...await receive(pair.client, 1)]).toEqual([9])
  })

  it('loses nothing of 8 MiB either way', async () => {
    await using pair = await connect()

    await Promise.all([bulk(pair.client, pair.server, 8), bulk(pair.server, pair.client, 8)])
  })

  it('ends without an error after all that was written', async () => {
    await using pair = await connect()
    const closed = closeOf(pair.server)

    pair.client.send(new Uint8Array(MIB))

    const received = receive(pair.server, Infinity)

    await pair.client.close()

    expect((await received).byteLength).toBe(MIB)
    expect((await closed).error).toBeUndefined()
    expect(pair.client.status).toBe('closed')
    expect(pair.dialled.status).toBe('closed')
  })

  it('ends with an error after abort', async () => {
    await using pair = await connect()
    const [client, carrier] = [closeOf(pair.client), closeOf(pair.dialled)]

    pair.client.abort(new Error('no more'))

    expect(await client).toMatchObject({ error: { message: 'no more' }, local: true })
    expect(await carrier).toMatchObject({ error: expect.any(Error) as Error })
    await eventually(() => pair.server.status !== 'open')
  })
})

describe.each(OURS)('our stream of TLS %s', (_, connect) => {
  it('loses nothing of 64 MiB', async () => {
    await using pair = await connect()

    await bulk(pair.client, pair.server, 64)
  })

  it('has no room while nobody reads, holds little, and goes on then', async () => {
    await using pair = await connect()
    let sent = 0

    pair.server.pause()

    // until nothing moves any more
    while (!pair.client.writableNeedsDrain) {
      pair.client.send(new Uint8Array(MIB))
      sent++
      await turns(100)
    }

    expect(pair.client.writableNeedsDrain).toBe(true)
    expect(pair.server.readBufferLength).toBeLessThan(MIB)

    const received = receive(pair.server, sent * MIB)

    pair.server.resume()
    await pair.client.onDrain()

    expect((await received).byteLength).toBe(sent * MIB)
  })

  it('ends with its carrier, for the same reason', async () => {
    await using pair = await connect()
    const client = closeOf(pair.client)

    pair.dialled.abort(new Error('the carrier goes'))

    expect(await client).toMatchObject({ error: { message: 'the carrier goes' }, local: true })
    expect(pair.client.status).toBe('aborted')
    await eventually(() => pair.server.status !== 'open')
  })

  it('ends its carrier when it is closed, by any of the two', async () => {
    for (const [closing, told] of [['client', 'server'], ['server', 'client']] as const) {
      await using pair = await connect()
      const closed = closeOf(pair[told])

      await pair[closing].close()
      await closed
      await until(() => [pair.dialled, pair.accepted].every(({ status }) => status === 'closed'))
    }
  })

  it('can be closed by both at once, and again', async () => {
    await using pair = await connect()

    await Promise.all([pair.client.close(), pair.server.close()])
    await pair.client.close()

    expect([pair.client.status, pair.server.status]).toEqual(['closed', 'closed'])
  })

  it('has the inactivity timeout of its carrier', async () => {
    await using pair = await connect()

    pair.client.inactivityTimeout = 5000

    expect(pair.dialled.inactivityTimeout).toBe(5000)
    expect(pair.client.inactivityTimeout).toBe(5000)
  })
})

describe('a stream of TLS over a socket', () => {
  it('is not read or written through its carrier', async () => {
    const sent: number[] = []

    await using pair = await overTcp({
      prepare: ({ dialled }) => {
        const prototype = Object.getPrototypeOf(Object.getPrototypeOf(dialled)) as MessageStream

        vi.spyOn(prototype, 'send').mockImplementation(function (this: MessageStream, data) {
          sent.push(this === dialled ? data.byteLength : 0)

          return true
        })
      }
    })

    vi.restoreAllMocks()
    pair.client.send(Uint8Array.of(1))

    expect([...await receive(pair.server, 1)]).toEqual([1])
    expect(sent).toEqual([])
    expect(() => pair.dialled.send(Uint8Array.of(1))).toThrow('with an encrypter')
  })

  it('goes through a carrier that is watched', async () => {
    let counted = 0

    await using pair = await overTcp({
      prepare: ({ dialled }) => {
        const send = dialled.send.bind(dialled)

        dialled.send = (data) => {
          counted += data.byteLength

          return send(data)
        }
      }
    })

    const handshake = counted

    pair.client.send(new Uint8Array(1000))
    await receive(pair.server, 1000)

    expect(handshake).toBeGreaterThan(500)
    expect(counted - handshake).toBeGreaterThan(1000)
  })

  it('begins with what had been read before, in whatever pieces; tls 2.1', async () => {
    await using ends = await connected()
    const [client, server] = [await party(), await party()]
    const outbound = client.encrypter.secureOutbound(ends.dialled)

    // the first message of the client is read, as by a negotiation that looks for its own
    await until(() => ends.accepted.readBufferLength > 0)

    const hello = await receive(ends.accepted, 1)

    ends.accepted.unshift(hello.subarray(9))
    ends.accepted.unshift(hello.subarray(4, 9))
    ends.accepted.unshift(hello.subarray(0, 4))

    const inbound = await server.encrypter.secureInbound(ends.accepted)
    const { connection } = await outbound

    connection.send(Uint8Array.of(7))

    expect([...await receive(inbound.connection, 1)]).toEqual([7])
  })

  it('begins with what had been read before and is paused', async () => {
    await using ends = await connected()
    const [client, server] = [await party(), await party()]

    ends.accepted.pause()

    const outbound = client.encrypter.secureOutbound(ends.dialled)

    await until(() => (socketOf(ends.accepted)?.bytesRead ?? 0) > 0 || socketOf(ends.accepted)?.isPaused() === true)

    const inbound = server.encrypter.secureInbound(ends.accepted)

    expect((await Promise.all([outbound, inbound])).map(({ connection }) => connection.status)).toEqual(['open', 'open'])
  })

  it('can be aborted by whoever hears first that it is secured, more than once; tls 6.5', async () => {
    for (const side of ['dialled', 'accepted'] as const) {
      await using ends = await connected()
      const [client, server] = [await party(), await party()]
      const outbound = client.encrypter.secureOutbound(ends.dialled)
      const inbound = server.encrypter.secureInbound(ends.accepted)
      const closed = closeOf(ends[side])

      void (side === 'dialled' ? outbound : inbound).then(({ connection }) => {
        connection.abort(new Error('not this one'))
        connection.abort(new Error('really not'))
        ends[side].abort(new Error('none of it'))
      })

      await Promise.allSettled([outbound, inbound])

      expect(await closed).toMatchObject({ error: { message: 'not this one' }, local: true })
      await until(() => [ends.dialled, ends.accepted].every(({ status }) => status !== 'open'))
    }
  })

  it('tells its carrier how it ended', async () => {
    await using pair = await overTcp()
    const [server, accepted] = [closeOf(pair.server), closeOf(pair.accepted)]

    // the session tickets of the server have left then: to write them would find the reset in place of the reader
    pair.server.send(Uint8Array.of(1))
    await receive(pair.client, 1)
    pair.client.abort(new Error('no more'))

    expect(await server).toMatchObject({ error: { code: 'ECONNRESET' }, local: false })
    expect(await accepted).toMatchObject({ error: { code: 'ECONNRESET' }, local: false })
  })

  it('comes to an end after too long a silence', async () => {
    await using pair = await overTcp()
    const closed = closeOf(pair.client)

    pair.client.inactivityTimeout = 20

    expect(await closed).toMatchObject({ error: { name: 'TimeoutError' }, local: true })
  })

  it('leaves no socket and no listener', async () => {
    const pair = await overTcp({ dialer: ours })
    const sockets = [socketOf(pair.dialled), socketOf(pair.accepted)]
    const controller = new AbortController()

    await pair.client.close({ signal: controller.signal })
    await pair[Symbol.asyncDispose]()
    await Promise.all(sockets.map(async (socket) => socket?.closed === true ? undefined : once(socket as never, 'close')))

    expect(sockets.map((socket) => socket?.destroyed)).toEqual([true, true])
    await eventually(() => !process.getActiveResourcesInfo().some((name) => name.startsWith('TCP') || name.startsWith('TLS')))
  })
})
