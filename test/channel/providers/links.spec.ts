import { describe, expect, it } from 'vitest'
import { turns } from '../../support/settle.ts'
import { until } from '../../support/until.ts'
import { count, pour, record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'

const MIB = 1024 * 1024
const PIECE = 32 * 1024
const NO_REASON = { code: 0, message: '' }

/** Resolves when `progress` has not moved for many turns. */
async function standstill (progress: () => number): Promise<void> {
  for (let before = -1; before !== progress();) {
    before = progress()
    await turns(200)
  }
}

describe.each([
  ['WebSocket', 'ws://127.0.0.1:0/channels'],
  ['HTTP/2', 'http2://127.0.0.1:0/channels']
])('the %s link', (_, url) => {
  it('carries bytes both ways', async () => {
    await using scene = await LinkScene.listen(url)
    const { client, server } = await scene.connect()
    const atClient = record(client)
    const atServer = record(server)

    client.write(count(0, 100_000))
    server.write(count(7, 200_000))
    await Promise.all([atServer.received(100_000), atClient.received(200_000)])

    expect(Buffer.from(count(0, 100_000)).equals(atServer.bytes)).toBe(true)
    expect(Buffer.from(count(7, 200_000)).equals(atClient.bytes)).toBe(true)
  })

  it('delivers what was written before the end, then the end, then the close, on both sides', async () => {
    await using scene = await LinkScene.listen(url)
    const { client, server } = await scene.connect()
    const atClient = record(client)
    const atServer = record(server)

    client.write(new Uint8Array(3 * MIB))
    client.end()
    await atServer.ended
    server.end()

    expect(await Promise.all([atServer.closed, atClient.closed])).toEqual([undefined, undefined])
    expect(atServer.byteLength).toBe(3 * MIB)
    expect(atServer.log.slice(-2)).toEqual(['end', 'close'])
    expect(atClient.log).toEqual(['end', 'close'])
  })

  it.each([
    ['client', 'server'],
    ['server', 'client']
  ] as const)('holds back the %s while the %s is paused, and loses nothing', async (from, to) => {
    await using scene = await LinkScene.listen(url)
    const links = await scene.connect()
    const writer = record(links[from])
    const reader = record(links[to])
    const total = 64 * MIB
    let poured = 0
    const pouring = (async () => {
      for (; poured < total; poured += PIECE) {
        const room = writer.nextRoom()

        if (!links[from].write(count(poured, PIECE))) {
          await room
        }
      }
    })()

    links[to].pause()
    // the kernel takes some megabytes, and then it is full
    await standstill(() => poured)
    expect(reader.byteLength).toBe(0)
    expect(poured).toBeLessThan(total / 2)
    links[to].resume()
    await Promise.all([pouring, reader.received(total)])

    expect(Buffer.from(count(0, total)).equals(reader.bytes)).toBe(true)
  })

  it('tells the loss of the connection, not an end, to both', async () => {
    await using scene = await LinkScene.listen(url)
    const { client, server, socket } = await scene.connect()
    const atClient = record(client)
    const atServer = record(server)

    socket.destroy()
    await Promise.all([atClient.closed, atServer.closed])

    expect(atClient.log).toEqual(['close: ConnectionLostError'])
    expect(atServer.log).toEqual(['close: ConnectionLostError'])
  })

  it('gives up at once when it is reset, whatever waits to leave', async () => {
    await using scene = await LinkScene.listen(url)
    const { client, server } = await scene.connect()
    const atClient = record(client)
    const atServer = record(server)

    server.pause()
    await Promise.race([pour(client, atClient, 64 * MIB, MIB), until(() => client.write(new Uint8Array()) === false)])
    client.reset(NO_REASON)
    await atClient.closed
    server.resume()
    await atServer.closed

    expect(atClient.log.at(-1)).toBe('close: StreamAbortedError')
    expect(atServer.log.at(-1)).toBe('close: ConnectionLostError')
    expect(atServer.byteLength).toBeLessThan(64 * MIB)
  })
})
