import { describe, expect, it } from 'vitest'
import { Scene } from '../support/yamux-scene.ts'

const HELLO = new TextEncoder().encode('hello')

describe('opening a stream', () => {
  // yamux 2.1, 2.3
  it('announces it with the first write, in one frame', async () => {
    const scene = new Scene({ dials: true })
    const stream = await scene.muxer.createStream()

    stream.send(HELLO)

    expect(scene.takeSent()).toEqual(['ping 0 SYN 0', 'data 1 SYN 5'])
  })

  it('announces it by a window update when nothing is written in the same tick', async () => {
    const scene = new Scene({ dials: true })

    await scene.muxer.createStream()

    expect(await scene.sent()).toEqual(['window 1 SYN 0'])
  })

  it('waits for a first write that goes through several async functions', async () => {
    const scene = new Scene({ dials: true })
    const open = async (): Promise<void> => {
      const stream = await scene.muxer.createStream()

      await Promise.resolve()
      await Promise.resolve()
      stream.send(HELLO)
    }

    await (async () => { await open() })()

    expect(await scene.sent()).toEqual(['data 1 SYN 5'])
  })

  it('counts up in odd numbers where we dialled, and in even ones where we listened', async () => {
    for (const [dials, ids] of [[true, [1, 3, 5]], [false, [2, 4, 6]]] as const) {
      const scene = new Scene({ dials })
      const streams = await Promise.all(ids.map(async () => scene.muxer.createStream()))

      expect(streams.map(({ streamId }) => streamId)).toEqual(ids)
      expect(streams.map(({ id }) => id)).toEqual(ids.map(String))
    }
  })

  it('tells the peer of a stream that is closed before a write in one frame', async () => {
    const scene = new Scene({ dials: true })
    const stream = await scene.muxer.createStream()

    await stream.close()

    expect(await scene.sent()).toEqual(['window 1 SYN+FIN 0'])
  })

  // yamux 2.2
  it('tells the peer nothing of a stream that is aborted before it was announced', async () => {
    const scene = new Scene({ dials: true })
    const stream = await scene.muxer.createStream()

    stream.abort(new Error('no'))

    expect(await scene.sent()).toEqual([])
    expect(scene.muxer.streams).toEqual([])
  })

  it('gives the stream its protocol and options', async () => {
    const scene = new Scene({ dials: true, streamOptions: { maxWriteBufferLength: 7 } })
    const stream = await scene.muxer.createStream({ protocol: '/a', maxReadBufferLength: 9 })

    expect([stream.protocol, stream.maxReadBufferLength, stream.maxWriteBufferLength, stream.direction]).toEqual(['/a', 9, 7, 'outbound'])
  })

  it('rejects with the reason of a signal', async () => {
    const scene = new Scene({ dials: true })
    const reason = new Error('enough')

    await expect(scene.muxer.createStream({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(scene.muxer.streams).toEqual([])
  })
})

describe('an inbound stream', () => {
  // yamux 2.4
  it('is acknowledged with the first write', async () => {
    const scene = new Scene()

    scene.muxer.addEventListener('stream', ({ detail }) => { detail.send(HELLO) })
    scene.feed('window 1 SYN 0')

    expect(await scene.sent()).toEqual(['data 1 ACK 5'])
  })

  it('is acknowledged by a window update when nothing is written in the tick of its birth', async () => {
    const scene = new Scene()

    scene.feed('data 1 SYN 3')

    expect(await scene.sent()).toEqual(['window 1 ACK 0'])
  })

  it('is acknowledged though it was paused at once, and keeps what arrived', async () => {
    const scene = new Scene()

    scene.muxer.addEventListener('stream', ({ detail }) => { detail.pause() })
    scene.feed('data 1 SYN 3')

    expect(await scene.sent()).toEqual(['window 1 ACK 0'])
    expect(scene.streams[0]?.readBufferLength).toBe(3)
  })

  it('returns what was read already in the frame that acknowledges it', async () => {
    const scene = new Scene()

    scene.muxer.addEventListener('stream', ({ detail }) => { detail.addEventListener('message', () => {}) })
    scene.feed('data 1 SYN 3')

    expect(await scene.sent()).toEqual(['window 1 ACK 3'])
  })

  it('that is closed at once is acknowledged and ended in one frame', async () => {
    const scene = new Scene()

    scene.muxer.addEventListener('stream', ({ detail }) => { detail.close().catch(() => {}) })
    scene.feed('window 1 SYN 0')

    expect(await scene.sent()).toEqual(['window 1 ACK+FIN 0'])
  })

  it('has its direction, its ID and no protocol', async () => {
    const scene = new Scene()
    const stream = await scene.accept(7)

    expect([stream.direction, stream.id, stream.protocol]).toEqual(['inbound', '7', ''])
    expect(scene.muxer.streams).toEqual([stream])
  })
})

describe('early streams', () => {
  // yamux 2.6
  it('wait for the first listener, unacknowledged, and come in their order with what they brought', async () => {
    const scene = new Scene({ takesNoStreams: true })

    scene.feed('data 1 SYN 3', 'data 3 SYN 4')
    expect(await scene.sent()).toEqual([])

    const ids: string[] = []

    scene.muxer.addEventListener('stream', ({ detail }) => { ids.push(`${detail.id}: ${detail.readBufferLength}`) })
    scene.feed('data 5 SYN 1')

    expect(await scene.sent()).toEqual(['window 1 ACK 0', 'window 3 ACK 0', 'window 5 ACK 0'])
    expect(ids).toEqual(['1: 3', '3: 4', '5: 1'])
  })

  it('are refused beyond ten, and the connection goes on', async () => {
    const scene = new Scene({ takesNoStreams: true })

    for (let id = 1; id <= 23; id += 2) {
      scene.feed(`data ${id} SYN 2`)
    }

    expect(await scene.sent()).toEqual(['window 21 RST 0', 'window 23 RST 0'])
    expect(scene.muxer.streams).toHaveLength(10)
    expect(scene.muxer.status).toBe('open')
  })

  it('are forgotten when the peer resets them', async () => {
    const scene = new Scene({ takesNoStreams: true })
    const ids: string[] = []

    scene.feed('window 1 SYN 0', 'window 3 SYN 0', 'window 1 RST 0')
    scene.muxer.addEventListener('stream', ({ detail }) => { ids.push(detail.id) })
    await scene.sent()

    expect(ids).toEqual(['3'])
  })
})
