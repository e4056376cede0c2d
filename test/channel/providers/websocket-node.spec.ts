import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { MAX_MESSAGE_BYTES, SUBPROTOCOL } from '../../../src/channel/providers/websocket/protocol.ts'
import { until } from '../../support/until.ts'
import { record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'

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
})
