import { once } from 'node:events'
import { createServer } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { ask2 } from './ask.ts'
import { record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'
import type { Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'

const AT_PATH = 'http2://127.0.0.1/channels'

/** An application's own server, which answers whatever it is asked. */
async function appServer (prepare: (server: Http2Server) => void): Promise<AsyncDisposable & { server: Http2Server, url: string }> {
  const server = createServer()

  prepare(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    }
  }
}

function serveRequests (server: Http2Server): void {
  server.on('request', (request, response) => { response.end(`${request.method} ${request.url}`) })
}

function serveStreams (server: Http2Server): void {
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200 })
    stream.end(`${headers[':method']} ${headers[':path']}`)
  })
}

describe.each([
  ['requests', serveRequests],
  ['streams', serveStreams]
])('an HTTP/2 listener on a server whose application takes %s', (_, serve) => {
  it('takes its path, and leaves the others to the application', async () => {
    await using app = await appServer(serve)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })
    const { client, server } = await scene.connect()
    const atServer = record(server)

    client.write(Uint8Array.of(1, 2))
    await atServer.received(2)

    expect(scene.webUrl()).toBe(`${app.url}/channels`)
    expect([...atServer.bytes]).toEqual([1, 2])
    expect(await ask2(`${app.url}/rest`)).toMatchObject({ status: 200, text: 'GET /rest' })
    expect((await ask2(`${app.url}/channels`)).status).toBe(405)
  })

  it('is not bothered by an application that comes later', async () => {
    await using app = await appServer(() => {})
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })

    serve(app.server)
    const { client, server } = await scene.connect()
    const atClient = record(client)

    server.write(Uint8Array.of(7))
    await atClient.received(1)

    expect(await ask2(`${app.url}/rest`)).toMatchObject({ status: 200, text: 'GET /rest' })
  })

  it('leaves the server as it was when it closes, and the links that it gave out', async () => {
    await using app = await appServer(serve)
    await using scene = await LinkScene.listen(AT_PATH, { server: app.server })
    const { client, server } = await scene.connect()
    const atServer = record(server)

    await scene.listener.close()
    client.write(Uint8Array.of(1))
    await atServer.received(1)

    expect(await ask2(`${app.url}/channels`)).toMatchObject({ status: 200, text: 'GET /channels' })
    expect(Object.hasOwn(app.server, 'emit')).toBe(false)
  })
})

describe('two HTTP/2 listeners on one server', () => {
  it('have a path each', async () => {
    await using app = await appServer(serveRequests)
    await using one = await LinkScene.listen(AT_PATH, { server: app.server })
    await using two = await LinkScene.listen('http2://127.0.0.1/others', { server: app.server })

    await Promise.all([one.connect(), two.connect()])
    await one.listener.close()
    await two.connect()

    expect([one.arrivals.length, two.arrivals.length]).toEqual([1, 2])
  })
})
