import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/until.ts'
import { ask2 } from './ask.ts'
import { record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'

const ANY_PORT = 'http2://127.0.0.1:0/channels'
const DIRECTIONS = 'Channels are served at /channels, to POST with content-type: application/libchan.\n'

describe('an HTTP/2 listener with a server of its own', () => {
  it('says where it listens, at / when the URL says no path', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    await using root = await LinkScene.listen('http2://[::1]:0')

    await root.connect()

    expect(scene.url).toMatch(/^http2:\/\/127\.0\.0\.1:[1-9]\d*\/channels$/)
    expect(root.url).toMatch(/^http2:\/\/\[::1\]:[1-9]\d*\/$/)
  })

  it('takes requests with a query, and with parameters of the content type', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)

    await scene.dial({}, `${scene.url}?token=1`)
    const arrival = scene.next()
    const session = connectHttp2(scene.webUrl())
    const stream = session.request({ ':method': 'POST', ':path': '/channels', 'content-type': 'Application/Libchan; v=1' }, { endStream: false })

    await arrival
    stream.on('error', () => {})
    session.destroy()

    expect(scene.arrivals).toHaveLength(2)
  })

  it.each([
    ['another path', '/other', { ':method': 'POST', 'content-type': 'application/libchan' }, 404],
    ['another method', '/channels', { ':method': 'GET' }, 405],
    ['another content type', '/channels', { ':method': 'POST', 'content-type': 'application/grpc' }, 415],
    ['no content type', '/channels', { ':method': 'POST' }, 415]
  ])('answers %s with directions', async (_, path, headers, status) => {
    await using scene = await LinkScene.listen(ANY_PORT)

    const answer = await ask2(scene.webUrl(path), headers)

    expect(answer).toMatchObject({ status, text: DIRECTIONS })
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(scene.arrivals).toEqual([])
  })

  it('answers at once, before the request says anything', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)

    const link = await scene.dial()

    expect(scene.arrivals).toHaveLength(1)
    link.end()
  })

  it('hangs up on who asks nothing, and on who has been answered', async () => {
    const clock = new FakeClock()
    await using scene = await LinkScene.listen(ANY_PORT, { clock, handshakeTimeoutMs: 1000 })
    const session = connectHttp2(scene.webUrl())

    await once(session, 'remoteSettings')
    await clock.advance(999)
    await once(session.request({ ':path': '/other' }).resume().end(), 'close')
    await until(() => clock.pending === 1)
    await clock.advance(999)
    expect(session.destroyed).toBe(false)
    await Promise.all([clock.advance(1), once(session, 'close')])

    expect(clock.pending).toBe(0)
  })

  it('leaves connections alone that carry a link', async () => {
    const clock = new FakeClock()
    await using scene = await LinkScene.listen(ANY_PORT, { clock, handshakeTimeoutMs: 1000 })
    const { client, server } = await scene.connect()
    const atServer = record(server)

    await clock.advance(5000)
    client.write(Uint8Array.of(1))
    await atServer.received(1)

    expect(clock.pending).toBe(0)
  })

  it('hangs up on who speaks another protocol', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const { hostname, port } = new URL(scene.webUrl())
    const socket = connect(Number(port), hostname)

    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.resume()
    await once(socket, 'close')

    expect(scene.arrivals).toEqual([])
  })

  it('accepts no more when it is closed, and leaves the links that it gave out', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const { client, server } = await scene.connect()
    const idle = connectHttp2(scene.webUrl())
    const atServer = record(server)

    await once(idle, 'remoteSettings')
    await Promise.all([scene.listener.close(), once(idle, 'close')])
    client.write(Uint8Array.of(1))
    await atServer.received(1)

    expect(await scene.listener.closed).toBeUndefined()
    await expect(scene.dial()).rejects.toMatchObject({ code: 'ConnectFailed' })
    expect(atServer.log).toEqual(['data'])
  })

  it('says why it cannot listen', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)

    await expect(LinkScene.listen(scene.url)).rejects.toMatchObject({ code: 'ListenFailed', cause: { code: 'EADDRINUSE' } })
    await expect(LinkScene.listen('https2://127.0.0.1:0/', { tls: { cert: 'none', key: 'none' } })).rejects.toMatchObject({ code: 'ListenFailed' })
  })
})

describe('connecting over HTTP/2', () => {
  it('says that nobody listens', async () => {
    const scene = await LinkScene.listen(ANY_PORT)

    await scene.listener.close()

    await expect(scene.dial()).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { code: 'ECONNREFUSED' }
    })
  })

  it('says what the server answered', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const url = scene.url.replace('/channels', '/other')

    await expect(scene.dial({}, url)).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: `cannot connect to ${url}: the server answered 404 with text/plain; charset=utf-8, not 200 with application/libchan: ${DIRECTIONS.trim()}`
    })
  })

  it('says that a header cannot be sent', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)

    await expect(scene.dial({ headers: { connection: 'close' } })).rejects.toMatchObject({ code: 'ConnectFailed', message: expect.stringContaining('"connection"') })
  })

  it('gives up with the reason of its signal, before and during', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const reason = new Error('enough')
    const controller = new AbortController()
    const dialling = scene.dial({ signal: controller.signal })

    controller.abort(reason)

    await expect(dialling).rejects.toBe(reason)
    await expect(scene.dial({ signal: controller.signal })).rejects.toBe(reason)
  })
})
