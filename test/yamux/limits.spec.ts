import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { Scene } from '../support/yamux-scene.ts'
import type { YamuxStream } from '../../src/yamux/index.ts'

async function openMany (scene: Scene, count: number): Promise<YamuxStream[]> {
  return Promise.all(Array.from({ length: count }, async () => scene.muxer.createStream()))
}

describe('inbound streams', () => {
  // yamux 2.6
  it('are refused beyond the maximum, their data skipped, until one has ended', async () => {
    const scene = new Scene({ maxInboundStreams: 2 })

    scene.feed('window 1 SYN 0', 'window 3 SYN 0', 'data 5 SYN 9', 'data 5 - 4')
    expect(await scene.sent()).toEqual(['window 5 RST 0', 'window 1 ACK 0', 'window 3 ACK 0'])

    scene.feed('window 1 RST 0', 'window 7 SYN 0')
    expect(await scene.sent()).toEqual(['window 7 ACK 0'])
    expect(scene.streams.map(({ id }) => id)).toEqual(['1', '3', '7'])
  })
})

describe('outbound streams', () => {
  it('fail to open beyond the maximum, until one has ended', async () => {
    const scene = new Scene({ dials: true, maxOutboundStreams: 2 })
    const [first] = await openMany(scene, 2)

    await expect(scene.muxer.createStream()).rejects.toMatchObject({
      name: 'TooManyOutboundProtocolStreamsError',
      message: 'at most 2 streams may be opened on one connection, there are 2'
    })

    first?.abort(new Error('done'))
    await expect(scene.muxer.createStream()).resolves.toMatchObject({ id: '5' })
  })

  // libp2p specs/yamux, ACK backlog
  it('wait while 256 are unacknowledged, first come, first served', async () => {
    const scene = new Scene({ dials: true })
    const streams = await openMany(scene, 256)
    const opened: string[] = []
    const waiting = [1, 2].map(async () => { opened.push((await scene.muxer.createStream()).id) })

    await settle()
    expect(opened).toEqual([])

    scene.feed('window 9 ACK 0', 'window 9 ACK 0')
    await settle()
    expect(opened).toEqual(['513'])

    streams[0]?.abort(new Error('done'))
    await Promise.all(waiting)
    expect(opened).toEqual(['513', '515'])
  })

  it('count as acknowledged with any frame of the peer', async () => {
    const scene = new Scene({ dials: true })

    await openMany(scene, 256)
    scene.feed('data 1 - 3')

    await expect(scene.muxer.createStream()).resolves.toMatchObject({ id: '513' })
  })

  it('that wait count against the maximum, and leave with their signal', async () => {
    const scene = new Scene({ dials: true, maxOutboundStreams: 257 })
    const controller = new AbortController()
    const reason = new Error('enough')

    await openMany(scene, 256)

    const waiting = scene.muxer.createStream({ signal: controller.signal })

    await expect(scene.muxer.createStream()).rejects.toThrow('there are 257')

    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    scene.feed('window 1 ACK 0')
    await expect(scene.muxer.createStream()).resolves.toMatchObject({ id: '513' })
  })

  it.each([
    ['closes', async (scene: Scene) => { scene.muxer.close().catch(() => {}) }],
    ['is aborted', async (scene: Scene) => { scene.muxer.abort(new Error('no')) }],
    ['loses its transport', async (scene: Scene) => { scene.link.end() }],
    ['is left by the peer', async (scene: Scene) => { scene.feed('goAway 0 - 0') }]
  ])('that wait fail when the muxer %s', async (_, end) => {
    const scene = new Scene({ dials: true })

    await openMany(scene, 256)

    const waiting = scene.muxer.createStream()

    await end(scene)
    await expect(waiting).rejects.toMatchObject({ name: 'MuxerClosedError' })
  })
})

describe('a peer that does not read', () => {
  /** Nothing leaves a muxer whose transport is saturated. */
  async function saturated (): Promise<Scene> {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const send = scene.link.send.bind(scene.link)

    scene.link.send = (data) => {
      send(data)

      return false
    }
    stream.send(new Uint8Array(1))
    await scene.sent()

    return scene
  }

  // yamux 4.3
  it('may have 16,384 resets queued by its refused streams; with one more the connection ends', async () => {
    const scene = await saturated()

    scene.muxer.addEventListener('stream', ({ detail }) => { detail.abort(new Error('unwanted')) })

    for (let id = 3; id < 3 + 2 * 16_384; id += 2) {
      scene.feed(`window ${id} SYN 0`)
    }

    expect(scene.link.status).toBe('open')

    scene.feed('window 99999 SYN 0')
    await settle()

    expect(scene.link.abortedWith).toMatchObject({ name: 'ProtocolViolationError', rule: 'controlFlood' })
    expect(scene.muxer.status).toBe('closed')
  })

  // yamux 4.2
  it('gets the answers to its last 16 pings when it reads again', async () => {
    const scene = await saturated()

    for (let value = 0; value < 10_000; value++) {
      scene.feed(`ping 0 SYN ${value}`)
    }

    scene.link.dispatchEvent(new Event('drain'))

    expect(await scene.sent()).toEqual(Array.from({ length: 16 }, (_, index) => `ping 0 ACK ${9984 + index}`))
  })

  it('is given one window update a stream, however often it was due', async () => {
    const scene = await saturated()
    const [stream] = scene.streams

    stream?.addEventListener('message', () => {})

    for (let i = 0; i < 2; i++) {
      scene.feed('data 1 - 131072')
    }

    scene.link.dispatchEvent(new Event('drain'))

    expect(await scene.sent()).toEqual(['window 1 - 262144'])
  })
})
