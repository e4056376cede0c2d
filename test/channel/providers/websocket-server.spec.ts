import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ask, WEBSOCKET_HEADERS } from './ask.ts'
import { record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'

const URL_OF_ANY_PORT = 'ws://127.0.0.1:0/channels'
const DIRECTIONS = 'Channels are served at /channels, to WebSockets with the subprotocol libchan.v1.\n'

describe('a WebSocket listener with a server of its own', () => {
  it('says where it listens, with the port that it got', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)

    expect(scene.url).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*\/channels$/)
  })

  it('listens at / when the URL says no path, on IPv6 too', async () => {
    await using scene = await LinkScene.listen('ws://[::1]:0')
    const { client, server } = await scene.connect()
    const atServer = record(server)

    client.write(Uint8Array.of(1))
    await atServer.received(1)

    expect(scene.url).toMatch(/^ws:\/\/\[::1\]:\d+\/$/)
  })

  it('sees no part of the path in the query', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)
    const arrival = scene.next()

    await scene.dial({}, `${scene.url}?token=1#here`)
    await arrival

    expect(scene.arrivals).toHaveLength(1)
  })

  it.each([
    ['another path', '/other', {}, 404],
    ['the path without an upgrade', '/channels', {}, 426],
    ['an upgrade at another path', '/other', { ...WEBSOCKET_HEADERS, 'sec-websocket-protocol': 'libchan.v1' }, 404],
    ['a WebSocket without the subprotocol', '/channels', WEBSOCKET_HEADERS, 400],
    ['a WebSocket with other subprotocols', '/channels', { ...WEBSOCKET_HEADERS, 'sec-websocket-protocol': 'mqtt, libchan.v10' }, 400]
  ])('answers %s with directions', async (_, path, headers, status) => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)

    const answer = await ask(scene.webUrl(path), { headers })

    expect(answer).toMatchObject({ status, text: DIRECTIONS })
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(scene.arrivals).toEqual([])
  })

  it('refuses an upgrade to something else at its path', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)
    const headers = { ...WEBSOCKET_HEADERS, upgrade: 'h2c', 'sec-websocket-protocol': 'libchan.v1' }

    expect((await ask(scene.webUrl(), { headers })).status).toBe(400)
  })

  it('picks its subprotocol among others', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)
    const arrival = scene.next()
    const asked = new WebSocket(scene.url, ['mqtt', 'libchan.v1'])
    const { link } = await arrival

    record(link)
    await once(asked, 'open')
    asked.close(1000)
    await once(asked, 'close')

    expect(asked.protocol).toBe('libchan.v1')
  })

  it('survives who asks for a WebSocket and goes', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)
    const { hostname, port } = new URL(scene.url)
    const socket = connect(Number(port), hostname)

    await once(socket, 'connect')
    socket.write('GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.resetAndDestroy()
    await once(socket, 'close')

    expect((await ask(scene.webUrl('/other'))).status).toBe(404)
  })

  it('hangs up on who says nothing', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT, { handshakeTimeoutMs: 20 })
    const { hostname, port } = new URL(scene.url)
    const socket = connect(Number(port), hostname)

    socket.resume()
    await once(socket, 'close')

    expect(socket.destroyed).toBe(true)
  })

  it('accepts no more when it is closed, hangs up on who has no WebSocket, and leaves those that it gave out', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)
    const { client, server } = await scene.connect()
    const atServer = record(server)
    const { hostname, port } = new URL(scene.url)
    const silent = connect(Number(port), hostname)

    silent.resume()
    await once(silent, 'connect')
    await Promise.all([scene.listener.close(), once(silent, 'close')])
    client.write(Uint8Array.of(1))
    await atServer.received(1)

    expect(await scene.listener.closed).toBeUndefined()
    await expect(scene.dial()).rejects.toMatchObject({ code: 'ConnectFailed' })
    expect(atServer.log).toEqual(['data'])
  })

  it('says why it cannot listen', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)

    await expect(LinkScene.listen(scene.url)).rejects.toMatchObject({
      code: 'ListenFailed',
      message: expect.stringContaining('EADDRINUSE'),
      cause: { code: 'EADDRINUSE' }
    })
  })

  it('says why a certificate will not do', async () => {
    await expect(LinkScene.listen('wss://127.0.0.1:0/', { tls: { cert: 'none', key: 'none' } })).rejects.toMatchObject({ code: 'ListenFailed' })
  })
})

describe('connecting a WebSocket', () => {
  it('says that nobody listens', async () => {
    const scene = await LinkScene.listen(URL_OF_ANY_PORT)

    await scene.listener.close()

    await expect(scene.dial()).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { code: 'ECONNREFUSED' }
    })
  })

  it('says what the server answered', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)
    const url = new URL('/other', scene.url).href

    await expect(scene.dial({}, url)).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: `cannot connect to ${url}: the server answered 404 Not Found: ${DIRECTIONS.trim()}`
    })
  })

  it('says that a header cannot be sent', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)

    await expect(scene.dial({ headers: { 'a b': '1' } })).rejects.toMatchObject({ code: 'ConnectFailed', message: expect.stringContaining('"a b"') })
  })

  it('gives up with the reason of its signal, before and during', async () => {
    await using scene = await LinkScene.listen(URL_OF_ANY_PORT)
    const reason = new Error('enough')
    const controller = new AbortController()
    const dialling = scene.dial({ signal: controller.signal })

    controller.abort(reason)

    await expect(dialling).rejects.toBe(reason)
    await expect(scene.dial({ signal: controller.signal })).rejects.toBe(reason)
  })
})
