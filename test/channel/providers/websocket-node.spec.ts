import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectWebSocket } from '../../../src/channel/providers/websocket/connect-websocket.ts'
import { MAX_MESSAGE_BYTES, SUBPROTOCOL } from '../../../src/channel/providers/websocket/protocol.ts'
import { turns } from '../../support/settle.ts'
import { until } from '../../support/until.ts'
import { record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'
import { transportOptions } from './transport-options.ts'
import type { AddressInfo, Socket } from 'node:net'

describe('a WebSocket between two Node processes', () => {
  it('tells the other side of a violation with 1002', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const { client, server } = await scene.connect()
    const atClient = record(client)
    const atServer = record(server)

    server.reset({ code: 2, message: 'no yamux' })
    await Promise.all([atClient.closed, atServer.closed])

    expect(atServer.log).toEqual(['close: StreamAbortedError'])
    expect(atClient.error?.message).toBe('the WebSocket was closed with code 1002: this side ended the WebSocket connection: protocolViolation: no yamux')
  })

  it('closes with 1003 on text', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const arrival = scene.next()
    const stranger = new WebSocket(scene.url, [SUBPROTOCOL])
    const closed = new Promise<number>((resolve) => { stranger.on('close', resolve) })

    stranger.on('open', () => { stranger.send('hello') })
    const atServer = record((await arrival).link)

    expect(await closed).toBe(1003)
    expect((await atServer.closed)?.name).toBe('ProtocolViolationError')
  })

  it('takes a message of 1 MiB, and loses the connection over a longer one', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const arrival = scene.next()
    const stranger = new WebSocket(scene.url, [SUBPROTOCOL])
    const closed = new Promise<number>((resolve) => { stranger.on('close', resolve) })

    stranger.on('open', () => {
      stranger.send(new Uint8Array(MAX_MESSAGE_BYTES))
      stranger.send(new Uint8Array(MAX_MESSAGE_BYTES + 1))
    })
    const atServer = record((await arrival).link)

    expect(await closed).toBe(1009)
    expect((await atServer.closed)?.message).toBe('the WebSocket connection was lost: Max payload size exceeded')
    expect(atServer.byteLength).toBe(MAX_MESSAGE_BYTES)
  })

  it('does not compress, whatever the client offers', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const arrival = scene.next()
    const stranger = new WebSocket(scene.url, [SUBPROTOCOL], { perMessageDeflate: true })

    await arrival
    await until(() => stranger.readyState === WebSocket.OPEN)

    expect(stranger.extensions).toBe('')
    stranger.on('error', () => {})
    stranger.terminate()
  })

  it('sends nothing behind the close frame with which it answers one', async () => {
    const server = createServer()
    const accepted = new Promise<Socket>((resolve) => {
      server.on('upgrade', (request, socket) => {
        socket.write(acceptance(request.headers['sec-websocket-key']))
        resolve(socket as Socket)
      })
    })

    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const link = await connectWebSocket(new URL(`ws://127.0.0.1:${port}/`), transportOptions())
    const atClient = record(link)
    const socket = await accepted
    const seen: Buffer[] = []

    socket.on('data', (bytes: Buffer) => { seen.push(bytes) })
    socket.write(Uint8Array.of(0x88, 2, 0x03, 0xE8))
    await until(() => Buffer.concat(seen).byteLength === 8)
    link.write(Uint8Array.of(1, 2, 3))
    await turns(1)
    socket.end()
    server.close()
    await Promise.all([atClient.closed, once(server, 'close')])

    expect(Buffer.concat(seen)[0]).toBe(0x88)
    expect(Buffer.concat(seen)).toHaveLength(8)
    expect(atClient.log).toEqual(['end', 'close'])
  })
})

/** The answer of a server that takes a WebSocket; RFC 6455 4.2.2. */
function acceptance (key = ''): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`
}
