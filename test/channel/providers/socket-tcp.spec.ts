import { describe, expect, it } from 'vitest'
import { tcpTransport } from '../../../src/channel/providers/socket/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually } from '../../support/settle.ts'
import { stranger, tcpServer } from '../../support/tcp-server.ts'
import { until } from '../../support/until.ts'
import { failure } from '../failure.ts'
import { echo, serve } from './socket-server.ts'
import { transportOptions } from './transport-options.ts'
import type { CodedError } from '../../../src/base/index.ts'

/** As `stranger` takes it. */
function multiaddrOf ({ port }: URL): string {
  return `/ip4/127.0.0.1/tcp/${port}`
}

describe('tcp:', () => {
  it.each(['127.0.0.1', '[::1]', 'localhost'])('listens on a free port of %s, and connects to it', async (host) => {
    await using server = await serve(tcpTransport, `tcp://${host}:0`)
    const near = await server.connect()

    expect(server.listener.url).toMatch(/^tcp:\/\/.+:[1-9]\d+$/)
    expect(await echo(near, server, 'hello')).toBe('hello')
    expect(near.provider).toMatchObject({ name: 'tcp', remoteAddress: server.listener.url, isInitiator: true })
    expect(server.ends[0]?.provider).toMatchObject({ name: 'tcp', isInitiator: false })
    expect(server.ends[0]?.provider.remoteAddress).toMatch(host === '127.0.0.1' ? /^tcp:\/\/127\.0\.0\.1:\d+$/ : /^tcp:\/\//)
  })

  it('closes gracefully, which both sides are told', async () => {
    await using server = await serve(tcpTransport, 'tcp://127.0.0.1:0')
    const near = await server.connect()
    await until(() => server.ends.length === 1)

    await near.provider.close()
    await until(() => server.ends[0]?.isClosed === true)

    expect([near.closes, server.ends[0]?.closes]).toEqual([[undefined], [undefined]])
  })

  it('closing the listener leaves what was accepted alone, and accepts no more', async () => {
    await using server = await serve(tcpTransport, 'tcp://127.0.0.1:0')
    const near = await server.connect()
    await until(() => server.ends.length === 1)

    await server.listener.close()
    await server.listener.close()

    expect(await server.listener.closed).toBeUndefined()
    expect(await echo(near, server, 'still here')).toBe('still here')
    expect(await failure(server.connect())).toMatchObject({ code: 'ConnectFailed' })
  })

  it('closing the listener hangs up on who has not shaken hands', async () => {
    await using server = await serve(tcpTransport, 'tcp://127.0.0.1:0')
    await using client = await stranger(multiaddrOf(server.url), 'libch')
    await eventually(() => client.socket.bytesRead === 10)

    await server.listener.close()

    expect((await client.closed).toString()).toBe('libchan/1\n')
    expect(server.ends).toEqual([])
  })

  it('hangs up on strangers, and goes on', async () => {
    await using server = await serve(tcpTransport, 'tcp://127.0.0.1:0')

    for (const word of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01', '']) {
      await using client = await stranger(multiaddrOf(server.url), ...word === '' ? [] : [word])
      client.socket.end()
      await client.closed
    }

    const near = await server.connect()
    expect(await echo(near, server, 'hello')).toBe('hello')
    expect(server.ends).toHaveLength(1)
  })

  it.each([
    ['nothing listens', 'tcp://127.0.0.1:1', 'cannot connect to tcp://127.0.0.1:1: nothing listens at 127.0.0.1:1: is the other side running, and is this its port? (connect ECONNREFUSED 127.0.0.1:1)'],
    ['nothing listens on any address of a name', 'tcp://localhost:1', 'nothing listens at localhost:1: is the other side running'],
    ['there is no such host', 'tcp://no.such.host.invalid:9', 'cannot connect to tcp://no.such.host.invalid:9: ']
  ])('says what to do when %s', async (_, url, why) => {
    const error = await failure(tcpTransport.connect(new URL(url), transportOptions()))

    expect(error).toMatchObject({ code: 'ConnectFailed' })
    expect((error as Error).message).toContain(why)
    expect((error as Error).cause).toHaveProperty('code')
  })

  it('gives up a side that says nothing', async () => {
    const clock = new FakeClock()
    await using server = await tcpServer()
    const accepted = server.accepted()
    const wanted = failure(tcpTransport.connect(new URL(`tcp://127.0.0.1:${server.address.split('/').at(-1)}`), transportOptions({ clock })))

    await accepted
    await until(() => server.sockets[0]?.bytesRead === 10)
    await clock.advance(10_000)

    expect(await wanted).toMatchObject({ code: 'ConnectFailed', message: expect.stringContaining('did not say libchan/1') })
    expect(clock.pending).toBe(0)
  })

  it('gives up a connection that does not come about', async () => {
    const clock = new FakeClock()
    const wanted = failure(tcpTransport.connect(new URL('tcp://192.0.2.1:9'), transportOptions({ clock })))

    await clock.advance(10_000)
    const error = await wanted

    // where there is no network at all it fails sooner
    expect(error).toMatchObject({ code: 'ConnectFailed', message: expect.stringMatching(/no answer within 10000 ms|no way leads to|192\.0\.2\.1/) })
    expect(clock.pending).toBe(0)
  })

  it('says what it met that is no channel', async () => {
    await using server = await tcpServer((socket) => { socket.write('SSH-2.0-OpenSSH_9.2\r\n') })
    const url = `tcp://127.0.0.1:${server.address.split('/').at(-1)}`

    const error = await failure(tcpTransport.connect(new URL(url), transportOptions()))

    expect(error).toMatchObject({ code: 'ProtocolViolation', message: expect.stringContaining('which is SSH') })
  })

  it('is given up with the signal, whose reason is passed on', async () => {
    await using server = await tcpServer()
    const url = new URL(`tcp://127.0.0.1:${server.address.split('/').at(-1)}`)
    const controller = new AbortController()
    const reason = new Error('never mind')
    const wanted = failure(tcpTransport.connect(url, transportOptions({ signal: controller.signal })))

    await server.accepted()
    controller.abort(reason)

    expect(await wanted).toBe(reason)
    expect(await failure(tcpTransport.connect(url, transportOptions({ signal: controller.signal })))).toBe(reason)
  })

  it('says where it cannot listen', async () => {
    await using server = await serve(tcpTransport, 'tcp://127.0.0.1:0')

    const error = await failure(serve(tcpTransport, server.listener.url))

    expect(error).toMatchObject({ code: 'ListenFailed', message: expect.stringContaining(`cannot listen on ${server.listener.url}: listen EADDRINUSE`) })
    expect((error as CodedError).cause).toMatchObject({ code: 'EADDRINUSE' })
  })

  it.each([
    ['no port', 'tcp://localhost', 'must say a host and a port: tcp://host:port'],
    ['no host', 'tcp:9323', 'must say a host and a port'],
    ['a path', 'tcp://localhost:1/path', 'and no more'],
    ['a query', 'tcp://localhost:1?a=b', 'and no more'],
    ['a user', 'tcp://me@localhost:1', 'and no more']
  ])('takes no address with %s', async (_, url, why) => {
    for (const wanted of [tcpTransport.connect(new URL(url), transportOptions()), tcpTransport.listen(new URL(url), () => {}, transportOptions())]) {
      expect(await failure(wanted)).toMatchObject({ code: 'InvalidAddress', message: expect.stringContaining(why) })
    }
  })

  it('does not connect to port 0', async () => {
    expect(await failure(tcpTransport.connect(new URL('tcp://localhost:0'), transportOptions()))).toMatchObject({ code: 'InvalidAddress' })
  })
})
