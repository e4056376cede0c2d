import { describe, expect, it } from 'vitest'
import { browserLink } from '../../../src/channel/providers/websocket/browser-link.ts'
import { connectInBrowser, websocketTransport } from '../../../src/channel/providers/websocket/browser.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/until.ts'
import { count, pour, record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'
import { transportOptions } from './transport-options.ts'
import type { ByteLink } from '../../../src/channel/contract/index.ts'

const MIB = 1024 * 1024

/** Node has a WebSocket of the web platform, too. */
async function join (scene: LinkScene): Promise<{ client: ByteLink, server: ByteLink }> {
  const arrival = scene.next()
  const client = await connectInBrowser(new URL(scene.url), transportOptions())
  const { link: server } = await arrival

  return { client, server }
}

/** A WebSocket of the web platform that does as the test says. */
class ScriptedWebSocket extends EventTarget {
  bufferedAmount = 0
  readonly log: string[] = []

  send (bytes: Uint8Array): void {
    this.bufferedAmount += bytes.byteLength
  }

  close (code: number, reason: string): void {
    this.log.push(`close ${code} ${reason}`.trim())
  }

  tell (type: string, fields: object): void {
    this.dispatchEvent(Object.assign(new Event(type), fields))
  }
}

function scriptedScene (): { webSocket: ScriptedWebSocket, clock: FakeClock, link: ByteLink, recorder: ReturnType<typeof record> } {
  const webSocket = new ScriptedWebSocket()
  const clock = new FakeClock()
  const link = browserLink(webSocket as unknown as WebSocket, clock)

  return { webSocket, clock, link, recorder: record(link) }
}

describe('a WebSocket of the web platform', () => {
  it('carries bytes both ways, many of them', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const { client, server } = await join(scene)
    const atClient = record(client)
    const atServer = record(server)

    await Promise.all([pour(client, atClient, 16 * MIB, 50_000), pour(server, atServer, 16 * MIB, 50_000)])
    await Promise.all([atClient.received(16 * MIB), atServer.received(16 * MIB)])
    client.end()
    await Promise.all([atClient.closed, atServer.closed])

    expect(Buffer.from(count(0, 16 * MIB)).equals(atServer.bytes)).toBe(true)
    expect(Buffer.from(count(0, 16 * MIB)).equals(atClient.bytes)).toBe(true)
    expect([atClient.log.at(-1), atServer.log.at(-1)]).toEqual(['close', 'close'])
  })

  it('tells the loss of the connection, not an end', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const arrival = scene.next()
    const client = await connectInBrowser(new URL(scene.url), transportOptions())
    const { socket } = await arrival
    const atClient = record(client)

    socket.destroy()
    await atClient.closed

    expect(atClient.log).toEqual(['close: ConnectionLostError'])
  })

  it('ends with a code that pages may say', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const { client, server } = await join(scene)
    const atClient = record(client)
    const atServer = record(server)

    client.reset({ code: 2, message: 'no yamux' })
    await Promise.all([atClient.closed, atServer.closed])

    expect(atClient.log).toEqual(['close: StreamAbortedError'])
    expect(atServer.error?.message).toBe('the WebSocket was closed with code 4002: this side ended the WebSocket connection: protocolViolation: no yamux')
  })

  it('says that nobody listens', async () => {
    const scene = await LinkScene.listen('ws://127.0.0.1:0/channels')

    await scene.listener.close()

    await expect(connectInBrowser(new URL(scene.url), transportOptions())).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: `cannot connect to ${scene.url}: the WebSocket closed with code 1006; a browser says why in its console only`
    })
  })

  it('gives up with the reason of its signal, before and during', async () => {
    await using scene = await LinkScene.listen('ws://127.0.0.1:0/channels')
    const reason = new Error('enough')
    const controller = new AbortController()
    const dialling = connectInBrowser(new URL(scene.url), transportOptions({ signal: controller.signal }))

    controller.abort(reason)

    await expect(dialling).rejects.toBe(reason)
    await expect(connectInBrowser(new URL(scene.url), transportOptions({ signal: controller.signal }))).rejects.toBe(reason)
    await until(() => scene.arrivals.length <= 1)
  })

  it.each([
    ['the header authorization: browsers send none of ours', { headers: { authorization: 'x' } }],
    ['tls.ca: a browser decides whom it trusts', { tls: { ca: 'x' } }]
  ])('refuses %s', async (why, options) => {
    await expect(connectInBrowser(new URL('ws://127.0.0.1/'), transportOptions(options))).rejects.toMatchObject({
      code: 'UnsupportedOperation',
      message: expect.stringContaining(why)
    })
  })

  it('cannot listen', async () => {
    await expect(websocketTransport.listen(new URL('ws://127.0.0.1:0/'), () => {}, transportOptions())).rejects.toMatchObject({ code: 'UnsupportedOperation' })
  })
})

describe('the link of a browser', () => {
  it('looks every 4 ms whether a full WebSocket has room again, and only while it is full', async () => {
    const { webSocket, clock, link, recorder } = scriptedScene()

    expect(link.write(new Uint8Array(MIB - 1))).toBe(true)
    expect(clock.pending).toBe(0)
    expect(link.write(new Uint8Array(MIB))).toBe(false)
    expect(link.write(new Uint8Array(MIB))).toBe(false)
    await clock.advance(8)
    expect(recorder.rooms).toBe(0)
    webSocket.bufferedAmount = MIB - 1
    await clock.advance(4)

    expect(recorder.rooms).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it('looks with each message too, as timers of hidden pages are slow', () => {
    const { webSocket, clock, link, recorder } = scriptedScene()

    link.write(new Uint8Array(2 * MIB))
    webSocket.bufferedAmount = 0
    webSocket.tell('message', { data: new ArrayBuffer(3) })

    expect(recorder.log).toEqual(['data', 'room'])
    expect(clock.pending).toBe(0)
  })

  it('keeps what comes while it is paused, as nothing holds it back', async () => {
    const { webSocket, link, recorder } = scriptedScene()

    link.pause()
    webSocket.tell('message', { data: Uint8Array.of(1, 2).buffer })
    expect(recorder.log).toEqual([])
    link.resume()
    webSocket.tell('message', { data: Uint8Array.of(3).buffer })
    await recorder.received(3)

    expect([...recorder.bytes]).toEqual([1, 2, 3])
  })

  it('refuses text with 4003', async () => {
    const { webSocket, recorder } = scriptedScene()

    webSocket.tell('message', { data: 'hello' })
    await recorder.closed

    expect(recorder.log).toEqual(['close: ProtocolViolationError'])
    expect(webSocket.log[0]).toMatch(/^close 4003 /)
  })

  it.each(['close', 'reset'] as const)('leaves no timer behind after a %s while it is full', async (how) => {
    const { webSocket, clock, link, recorder } = scriptedScene()

    link.write(new Uint8Array(2 * MIB))

    if (how === 'reset') {
      link.reset({ code: 0, message: '' })
    } else {
      webSocket.tell('close', { code: 1006, reason: '' })
    }

    await recorder.closed

    expect(clock.pending).toBe(0)
  })
})
