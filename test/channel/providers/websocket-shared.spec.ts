import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { appServer } from './app-server.ts'
import { ask, WEBSOCKET_HEADERS } from './ask.ts'
import { record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'

const AT_PATH = 'ws://127.0.0.1/channels'
const OURS = { ...WEBSOCKET_HEADERS, 'sec-websocket-protocol': 'libchan.v1' }

/** The routes of an application: says what it was asked for. */
const routes: RequestListener = (request, response) => {
  let body = ''

  request.setEncoding('utf8')
  request.on('data', (chunk: string) => { body += chunk })
  request.on('end', () => { response.end(`${request.method} ${request.url} ${body}`.trim()) })
}

function hangUp (socket: Socket, status: number): void {
  socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** As `ws` does for a server with another path: whatever is not its own is refused. */
function jealous (request: IncomingMessage, socket: Socket): void {
  hangUp(socket, request.url === '/live' ? 418 : 400)
}

describe('a WebSocket listener on a server that is there', () => {
  it('takes its path, and says the port of the server', async () => {
    await using app = await appServer(routes)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })
    const { client, server } = await scene.connect()
    const atServer = record(server)

    client.write(Uint8Array.of(1, 2))
    await atServer.received(2)

    expect(scene.url).toBe(`ws://127.0.0.1:${app.port}/channels`)
    expect([...atServer.bytes]).toEqual([1, 2])
  })

  it('leaves the routes alone, the one at its path too', async () => {
    await using app = await appServer(routes)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })

    expect(await ask(scene.webUrl('/rest'))).toMatchObject({ status: 200, text: 'GET /rest' })
    expect(await ask(scene.webUrl('/channels'))).toMatchObject({ status: 200, text: 'GET /channels' })
  })

  it('is not bothered by a listener of the application that refuses all other paths', async () => {
    await using app = await appServer(routes)

    app.server.on('upgrade', jealous)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })

    await scene.connect()

    expect((await ask(scene.webUrl('/live'), { headers: OURS })).status).toBe(418)
  })

  it('is not bothered by one that comes later either', async () => {
    await using app = await appServer(routes)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })

    app.server.on('upgrade', jealous)
    await scene.connect()

    expect((await ask(scene.webUrl('/live'), { headers: OURS })).status).toBe(418)
  })

  it.each([
    ['a WebSocket', OURS],
    ['a polite question for HTTP/2', { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' }]
  ])('leaves %s for another path to the routes when nobody else takes upgrades', async (_, headers) => {
    await using app = await appServer(routes)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })
    await using other = await LinkScene.listen('ws://127.0.0.1/others', { server: app.server })

    const answer = await ask(scene.webUrl('/rest'), { headers })

    expect(answer).toMatchObject({ status: 200, text: 'GET /rest' })
    expect(answer.headers['connection']).toBe('close')
    expect([...scene.arrivals, ...other.arrivals]).toEqual([])
  })

  it('says why an upgrade with a body cannot reach the routes', async () => {
    await using app = await appServer(routes)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })

    const answer = await ask(scene.webUrl('/rest'), { method: 'POST', headers: { ...OURS, 'content-length': 4 } })

    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('without that header') })
  })

  it('refuses its path to a WebSocket without the subprotocol', async () => {
    await using app = await appServer(routes)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })

    const answer = await ask(scene.webUrl(), { headers: WEBSOCKET_HEADERS })

    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('libchan.v1') })
  })

  it('shares the server with another of its kind', async () => {
    await using app = await appServer(routes)
    await using one = await LinkScene.listen(AT_PATH, { server: app.server })
    await using two = await LinkScene.listen('ws://127.0.0.1/others', { server: app.server })

    await Promise.all([one.connect(), two.connect()])
    await one.listener.close()
    await two.connect()

    expect([one.arrivals.length, two.arrivals.length]).toEqual([1, 2])
  })

  it('may begin before the server listens', async () => {
    await using app = await appServer(routes)
    const later = createServer()
    const scene = await LinkScene.listen(AT_PATH, { server: later })

    expect(scene.url).toBe(AT_PATH)
    await scene.listener.close()
    expect(await scene.listener.closed).toBeUndefined()
    expect(app.server.listening).toBe(true)
  })

  it('is closed when the server is', async () => {
    const app = await appServer(routes)
    const scene = await LinkScene.listen(AT_PATH, { server: app.server })

    await app[Symbol.asyncDispose]()

    expect(await scene.listener.closed).toBeUndefined()
    expect(app.server.listenerCount('upgrade')).toBe(0)
  })

  it('refuses what is no server', async () => {
    await expect(LinkScene.listen(AT_PATH, { server: new Map() })).rejects.toThrow(new TypeError('options.server must be a server of node:http, node:https or node:http2, received [object Map]'))
  })

  it('leaves the server as it was when it closes, and the links that it gave out', async () => {
    await using app = await appServer(routes)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })
    const { client, server } = await scene.connect()
    const atServer = record(server)

    await scene.listener.close()
    client.write(Uint8Array.of(1))
    await atServer.received(1)

    expect(app.server.listening).toBe(true)
    expect(app.server.listenerCount('upgrade')).toBe(0)
    expect(Object.hasOwn(app.server, 'emit')).toBe(false)
    expect((await ask(scene.webUrl(), { headers: OURS })).text).toBe('GET /channels')
  })
})
