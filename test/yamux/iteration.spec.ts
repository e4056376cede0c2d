import { echo, pipe } from '@libp2p/utils'
import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { Scene } from '../support/yamux-scene.ts'
import type { YamuxStream } from '../../src/yamux/index.ts'

async function opened (): Promise<{ scene: Scene, stream: YamuxStream }> {
  const scene = new Scene()

  return { scene, stream: await scene.accept(1) }
}

async function sizes (stream: YamuxStream): Promise<number[]> {
  const found: number[] = []

  for await (const bytes of stream) {
    found.push(bytes.byteLength)
  }

  return found
}

describe('iteration', () => {
  it('ends with the peer, whenever it starts', async () => {
    const { scene, stream } = await opened()
    const before = sizes(stream)

    scene.feed('data 1 - 3')
    await settle()
    scene.feed('data 1 FIN 4')
    expect(await before).toEqual([3, 4])

    expect(await sizes(stream)).toEqual([])
    await stream.close()
    expect(await sizes(stream)).toEqual([])
  })

  it('gives what came before the end, when it starts after that', async () => {
    const { scene, stream } = await opened()

    scene.feed('data 1 - 3', 'data 1 FIN 4')
    await stream.close()

    expect(stream.status).toBe('closed')
    expect(await sizes(stream)).toEqual([7])
  })

  it('takes nothing that was not asked for: a slow consumer holds the peer back', async () => {
    const { scene, stream } = await opened()
    const iterator = stream[Symbol.asyncIterator]()
    const first = iterator.next()

    scene.feed('data 1 - 100000')
    await first
    scene.feed('data 1 - 100000')
    scene.feed('data 1 - 62144')
    expect(stream.readBufferLength).toBe(162_144)
    expect(await scene.sent()).toEqual([])

    await expect(iterator.next()).resolves.toMatchObject({ value: { byteLength: 162_144 } })
    expect(await scene.sent()).toEqual(['window 1 - 262144'])
  })

  it('throws what reset the stream, after what had come', async () => {
    const { scene, stream } = await opened()
    const iterator = stream[Symbol.asyncIterator]()

    scene.feed('data 1 - 3')
    scene.feed('window 1 RST 0')

    await expect(iterator.next()).resolves.toMatchObject({ value: { byteLength: 3 } })
    await expect(iterator.next()).rejects.toMatchObject({ name: 'StreamResetError', message: 'the peer reset stream 1' })
    await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined })
  })

  it('that starts after a reset throws too: it is no end', async () => {
    const { scene, stream } = await opened()

    scene.feed('window 1 RST 0')

    await expect(sizes(stream)).rejects.toMatchObject({ name: 'StreamResetError' })
  })

  // yamux 2.9
  it('ends well when a reset or a loss follows the end of the peer', async () => {
    const { scene, stream } = await opened()

    scene.feed('data 1 FIN 3', 'window 1 RST 0')
    scene.link.end()

    expect(stream.status).toBe('reset')
    expect(await sizes(stream)).toEqual([3])
  })

  it('throws the error of an abort, and nothing that had come', async () => {
    const { scene, stream } = await opened()
    const reason = new Error('no')

    scene.feed('data 1 FIN 3')
    stream.abort(reason)

    await expect(sizes(stream)).rejects.toBe(reason)
  })

  it('throws what lost the connection to one that waits', async () => {
    const { scene, stream } = await opened()
    const waiting = sizes(stream)

    await settle()
    scene.link.end()

    await expect(waiting).rejects.toMatchObject({ code: 'ConnectionLost' })
  })

  it('that is left leaves the rest to the next', async () => {
    const { scene, stream } = await opened()

    scene.feed('data 1 - 3')

    const first = stream[Symbol.asyncIterator]()

    await expect(first.next()).resolves.toMatchObject({ value: { byteLength: 3 } })
    await expect(first.return()).resolves.toEqual({ done: true, value: undefined })

    scene.feed('data 1 FIN 4')
    expect(stream.readBufferLength).toBe(4)
    expect(await sizes(stream)).toEqual([4])
  })

  it('waits while the stream is paused', async () => {
    const { scene, stream } = await opened()
    let found: unknown
    const reading = sizes(stream).then((value) => { found = value })

    stream.pause()
    scene.feed('data 1 FIN 3')
    await settle()
    expect(found).toBeUndefined()

    stream.resume()
    await reading
    expect(found).toEqual([3])
  })

  it('answers several questions at a time in their order', async () => {
    const { scene, stream } = await opened()
    const iterator = stream[Symbol.asyncIterator]()
    const answers = [iterator.next(), iterator.next(), iterator.next()]

    scene.feed('data 1 - 1')
    scene.feed('data 1 FIN 2')

    expect((await Promise.all(answers)).map(({ value }) => value?.byteLength)).toEqual([1, 2, undefined])
  })

  it('by two consumers goes at the pace of the slower', async () => {
    const { scene, stream } = await opened()
    const [fast, slow] = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()]
    const first = [fast.next(), slow.next()]

    scene.feed('data 1 - 1')
    await Promise.all(first)

    const second = fast.next()

    scene.feed('data 1 - 2')
    await settle()
    expect(stream.readBufferLength).toBe(2)

    await slow.return()
    await expect(second).resolves.toMatchObject({ value: { byteLength: 2 } })
  })
})

describe('helpers of the libp2p world', () => {
  it('echo every byte, and end when the peer has', async () => {
    const { scene, stream } = await opened()
    const done = echo(stream)

    await settle()
    scene.feed('data 1 - 1000')
    await settle()
    scene.feed('data 1 FIN 7')
    await done

    expect(await scene.sent()).toEqual(['data 1 - 1000', 'data 1 - 7', 'window 1 FIN 0'])
    expect(stream.status).toBe('closed')
  })

  it('pipe a stream that is taken up after its end arrived', async () => {
    const { scene, stream } = await opened()

    scene.feed('data 1 FIN 9')

    const received = await pipe(stream, async (source: AsyncIterable<{ byteLength: number }>) => {
      const found: number[] = []

      for await (const { byteLength } of source) {
        found.push(byteLength)
      }

      return found
    })

    expect(received).toEqual([9])
  })
})
