import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { encode, Scene } from '../support/yamux-scene.ts'

const KIB = 1024
const HALF = 'data 1 - 131072'

/** Answers the ping by which the muxer measures, `ms` after it came. */
async function answerPing (scene: Scene, ms: number): Promise<void> {
  await scene.clock.advance(ms)

  const ping = scene.takeSent().find((frame) => frame.startsWith('ping 0 SYN'))

  scene.feed(`ping 0 ACK ${ping?.split(' ').at(-1)}`)
}

describe('credit', () => {
  // yamux 3.3
  it('is returned as bytes are read, half a window at a time', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    stream.addEventListener('message', () => {})
    scene.feed('data 1 - 131071')
    expect(await scene.sent()).toEqual([])

    scene.feed('data 1 - 1')
    expect(await scene.sent()).toEqual(['window 1 - 131072'])
  })

  it.each([
    ['that nobody reads', false],
    ['that is paused', true]
  ])('is not returned to a stream %s, which keeps its window and never resets', async (_, isPaused) => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    if (isPaused) {
      stream.addEventListener('message', () => {})
      stream.pause()
    }

    scene.feed(HALF, HALF)
    expect(await scene.sent()).toEqual([])
    expect([stream.readBufferLength, stream.status]).toEqual([256 * KIB, 'open'])

    stream.addEventListener('message', () => {})
    stream.resume()
    expect(await scene.sent()).toEqual(['window 1 - 262144'])
  })

  it('is not returned after the end of the peer', async () => {
    const scene = new Scene()

    scene.feed('window 1 SYN 0', HALF, 'data 1 FIN 131072')
    await scene.sent()
    scene.streams[0]?.addEventListener('message', () => {})

    expect(await scene.sent()).toEqual([])
  })

  it('is kept to by memory too: pieces of large reads are copied together', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const frame = encode('data 1 - 1')

    for (let i = 0; i < 1000; i++) {
      const read = new Uint8Array(64 * KIB)

      read.set(frame, read.byteLength - frame.byteLength)
      scene.link.receive(read.subarray(read.byteLength - frame.byteLength))
    }

    let buffers = new Set<ArrayBufferLike>()

    stream.addEventListener('message', ({ data }) => { buffers = new Set([...data as Iterable<Uint8Array>].map(({ buffer }) => buffer)) })
    await settle()

    expect([...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(8 * KIB)
  })
})

describe('a receive window', () => {
  // yamux 3.5, 3.6
  it('doubles when half of it is read within two of the shortest round trips', async () => {
    const scene = new Scene()

    scene.feed('window 1 SYN 0')
    await answerPing(scene, 100)
    expect(scene.muxer.rtt).toBe(100)
    scene.streams[0]?.addEventListener('message', () => {})
    scene.takeSent()

    await scene.clock.advance(99)
    scene.feed(HALF)
    expect([await scene.sent(), scene.muxer.windowBytes]).toEqual([['window 1 - 393216'], 512 * KIB])

    await scene.clock.advance(200)
    scene.feed('data 1 - 262144')
    expect([await scene.sent(), scene.muxer.windowBytes]).toEqual([['window 1 - 262144'], 512 * KIB])
  })

  // yamux 3.6
  it('needs no round trip for a stream that ends within the read that opens it', async () => {
    const scene = new Scene()

    scene.feed('data 1 SYN|FIN 100')
    await settle()
    expect(scene.takeSent().toSorted()).toEqual(['window 1 ACK 0'])

    scene.feed('data 3 SYN 100')
    await settle()
    expect(scene.takeSent().toSorted()).toEqual(['ping 0 SYN 0', 'window 3 ACK 0'])
  })

  it('grows no further than the budget of the connection, which streams give back', async () => {
    const scene = new Scene({ maxConnectionWindowBytes: 768 * KIB })

    scene.feed('window 1 SYN 0', 'window 3 SYN 0')
    await answerPing(scene, 100)
    scene.streams.forEach((stream) => { stream.addEventListener('message', () => {}) })
    scene.takeSent()

    scene.feed(HALF, 'data 3 - 131072')
    expect([await scene.sent(), scene.muxer.windowBytes]).toEqual([['window 1 - 393216', 'window 3 - 131072'], 768 * KIB])

    scene.feed('window 1 RST 0', 'data 3 - 131072')
    expect([await scene.sent(), scene.muxer.windowBytes]).toEqual([['window 3 - 131072'], 256 * KIB])

    scene.feed('data 3 - 131072')
    expect([await scene.sent(), scene.muxer.windowBytes]).toEqual([['window 3 - 393216'], 512 * KIB])

    await scene.streams[1]?.close()
    scene.feed('window 3 FIN 0')
    expect(scene.muxer.windowBytes).toBe(0)
  })

  it('is measured again after a second, when it is returned', async () => {
    const scene = new Scene()

    scene.feed('window 1 SYN 0')
    await answerPing(scene, 40)
    scene.streams[0]?.addEventListener('message', () => {})

    await scene.clock.advance(1000)
    scene.feed(HALF)
    expect(scene.takeSent().filter((frame) => frame.startsWith('ping'))).toEqual([])

    await scene.clock.advance(1)
    scene.feed(HALF)
    await answerPing(scene, 80)
    expect(scene.muxer.rtt).toBe(60)
  })

  it('does not take a round trip through long queues for that of the network', async () => {
    const scene = new Scene()

    scene.feed('window 1 SYN 0')
    await answerPing(scene, 10)
    scene.streams[0]?.addEventListener('message', () => {})

    const slow = scene.muxer.ping()

    await answerPing(scene, 1000)
    await slow
    await scene.clock.advance(100)
    scene.feed(HALF)

    expect([scene.muxer.rtt, scene.muxer.windowBytes]).toEqual([505, 256 * KIB])
  })
})
