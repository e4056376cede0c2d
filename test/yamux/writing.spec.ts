import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { decode, record, Scene } from '../support/yamux-scene.ts'
import type { YamuxStream } from '../../src/yamux/index.ts'
import type { SceneInit } from '../support/yamux-scene.ts'

const WINDOW = 256 * 1024

async function opened (init: SceneInit = {}): Promise<{ scene: Scene, stream: YamuxStream }> {
  const scene = new Scene(init)

  return { scene, stream: await scene.accept(1) }
}

/** The transport takes no more after the next write, until `drain`. */
function saturate (scene: Scene): () => void {
  const send = scene.link.send.bind(scene.link)

  scene.link.send = (data) => {
    send(data)

    return false
  }

  return () => {
    scene.link.send = send
    scene.link.dispatchEvent(new Event('drain'))
  }
}

describe('send', () => {
  // yamux 1.7
  it('lets the first write of a quiet tick leave at once, and gathers the others in one write', async () => {
    const { scene, stream } = await opened()
    const before = scene.link.sent.length

    stream.send(Uint8Array.of(1))
    expect(scene.link.sent.length - before).toBe(1)

    stream.send(Uint8Array.of(2))
    stream.send(Uint8Array.of(3))
    expect(scene.link.sent.length - before).toBe(1)

    await settle()
    expect(scene.link.sent.length - before).toBe(2)
    expect(decode(Buffer.concat(scene.link.sent.slice(before))).map(({ text, payload }) => `${text}: ${payload.join()}`)).toEqual(['data 1 - 1: 1', 'data 1 - 2: 2,3'])
  })

  // yamux 1.7
  it('gathers the first write of a tick too, where more is announced', async () => {
    const { scene, stream } = await opened()
    const before = scene.link.sent.length

    stream.gather()
    stream.send(Uint8Array.of(1))
    stream.send(Uint8Array.of(2))
    expect(scene.link.sent.length - before).toBe(0)

    await settle()
    expect(scene.link.sent.length - before).toBe(1)
  })

  it('gathers what a loop writes that awaits each write', async () => {
    const { scene, stream } = await opened()
    const write = async (): Promise<void> => { stream.send(Uint8Array.of(1)) }
    const slowly = async (): Promise<void> => { await write() }
    const before = scene.link.sent.length

    for (let i = 0; i < 1000; i++) {
      await slowly()
    }

    await settle()
    expect(scene.link.sent.length - before).toBe(2)
  })

  // yamux 1.6
  it('cuts a long write into frames of which three fill one Noise message', async () => {
    const { scene, stream } = await opened()
    const before = scene.link.sent.length

    stream.send(new Uint8Array(200_000))
    await settle()

    expect(scene.link.sent.slice(before).map(({ byteLength }) => byteLength)).toEqual([65_517, 65_517, 65_517, 3569])
    expect(await scene.sent()).toEqual([...new Array(9).fill('data 1 - 21827') as string[], 'data 1 - 3557'])
  })

  it('cuts at maxMessageBytes', async () => {
    const { scene, stream } = await opened({ maxMessageBytes: 1024 })

    stream.send(new Uint8Array(2500))

    expect(await scene.sent()).toEqual(['data 1 - 1024', 'data 1 - 1024', 'data 1 - 452'])
  })

  it('gives one write to the answers to everything that arrived together', async () => {
    const scene = new Scene()

    scene.muxer.addEventListener('stream', ({ detail }) => {
      detail.addEventListener('message', ({ data }) => {
        detail.send(data)
        detail.close().catch(() => {})
      })
    })
    scene.feed('data 1 SYN 3', 'data 3 SYN 4', 'ping 0 SYN 1')

    expect(await scene.sent()).toEqual(['ping 0 ACK 1', 'data 1 ACK 3', 'window 1 FIN 0', 'data 3 ACK 4', 'window 3 FIN 0'])
    expect(scene.link.sent).toHaveLength(1)
  })

  it('gives the answer to a ping to the write of whoever answers in the same turn, though it has to wait a little', async () => {
    const scene = new Scene()

    scene.muxer.addEventListener('stream', ({ detail }) => {
      detail.addEventListener('message', ({ data }) => {
        void Promise.resolve().then(async () => { detail.send(data) })
      })
    })
    scene.feed('data 1 SYN 3', 'ping 0 SYN 1')

    expect(await scene.sent()).toEqual(['ping 0 ACK 1', 'data 1 ACK 3'])
    expect(scene.link.sent).toHaveLength(1)
  })

  it('sends bytes of lists in their order', async () => {
    const { scene, stream } = await opened()
    const { Uint8ArrayList } = await import('uint8arraylist')
    const before = scene.link.sent.length

    expect(stream.send(new Uint8ArrayList(Uint8Array.of(1, 2), new Uint8Array(10_000).fill(9), Uint8Array.of(3)))).toBe(true)

    const [frame] = decode(Buffer.concat(scene.link.sent.slice(before)))

    expect(frame?.text).toBe('data 1 - 10003')
    expect(Buffer.from(frame?.payload ?? []).equals(Buffer.from([1, 2, ...new Uint8Array(10_000).fill(9), 3]))).toBe(true)
  })

  it('sends nothing for no bytes', async () => {
    const { scene, stream } = await opened()

    expect(stream.send(new Uint8Array(0))).toBe(true)
    expect(await scene.sent()).toEqual([])
  })

  it.each([
    ['closing', (stream: YamuxStream) => { stream.close().catch(() => {}) }],
    ['closed', (stream: YamuxStream) => { stream.abort(new Error('no')) }]
  ])('throws when the writable end is %s', async (status, end) => {
    const { stream } = await opened()

    end(stream)

    expect(() => stream.send(Uint8Array.of(1))).toThrow(expect.objectContaining({ name: 'StreamStateError', message: `cannot write to a stream whose writable end is ${status}` }))
  })
})

describe('back-pressure', () => {
  // yamux 3.7
  it('is false from send when credit is used up, and drain when it came back and all has left', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    expect(stream.send(new Uint8Array(WINDOW))).toBe(true)
    expect(stream.send(new Uint8Array(100))).toBe(false)
    expect([stream.writableNeedsDrain, stream.writeBufferLength]).toEqual([true, 100])

    scene.feed('window 1 - 60')
    expect([stream.writableNeedsDrain, stream.writeBufferLength, events]).toEqual([true, 40, []])

    scene.feed('window 1 - 40')
    expect([stream.writableNeedsDrain, stream.writeBufferLength, events]).toEqual([false, 0, ['idle', 'drain']])
  })

  // yamux 3.9
  it('uses its credit to the last byte, though that cuts what waits', async () => {
    const { scene, stream } = await opened()

    stream.send(new Uint8Array(WINDOW - 1000))
    await scene.sent()
    stream.send(new Uint8Array(1500))

    expect(await scene.sent()).toEqual(['data 1 - 1000'])
    expect(stream.writeBufferLength).toBe(500)

    scene.feed('window 1 - 1')
    expect(await scene.sent()).toEqual(['data 1 - 1'])

    scene.feed('window 1 - 131072')
    expect(await scene.sent()).toEqual(['data 1 - 499'])
  })

  // yamux 3.8
  it('is false from send when the transport is saturated, which is given nothing until it drains', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)
    const drain = saturate(scene)

    expect(stream.send(new Uint8Array(10))).toBe(false)
    expect(stream.send(new Uint8Array(20))).toBe(false)
    expect(await scene.sent()).toEqual(['data 1 - 10'])
    expect(stream.writeBufferLength).toBe(20)

    drain()
    expect(await scene.sent()).toEqual(['data 1 - 20'])
    expect(events).toEqual(['idle', 'drain'])
  })

  it('is told once to a stream of which nothing waits', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)
    const drain = saturate(scene)

    stream.send(new Uint8Array(10))
    drain()
    drain()

    expect(events).toEqual(['drain'])
  })

  it('lets onDrain resolve every time', async () => {
    const { scene, stream } = await opened()

    await stream.onDrain()

    for (let i = 0; i < 3; i++) {
      const drain = saturate(scene)
      let drained = 0

      stream.send(new Uint8Array(10))
      stream.onDrain().then(() => { drained++ }, () => {})
      stream.onDrain().then(() => { drained++ }, () => {})
      await settle()
      expect(drained).toBe(0)

      drain()
      await settle()
      expect(drained).toBe(2)
    }
  })

  it('rejects onDrain with the reason of a signal, and with what ends the stream', async () => {
    const { scene, stream } = await opened()
    const reason = new Error('enough')
    const end = new Error('no')
    const controller = new AbortController()

    saturate(scene)
    stream.send(new Uint8Array(10))

    const leaves = stream.onDrain({ signal: controller.signal })
    const stays = stream.onDrain()

    controller.abort(reason)
    await expect(leaves).rejects.toBe(reason)
    stream.abort(end)
    await expect(stays).rejects.toBe(end)
    await expect(stream.onDrain({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('resets the stream when more than maxWriteBufferLength waits', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    saturate(scene)
    stream.send(new Uint8Array(1))
    stream.maxWriteBufferLength = 10
    stream.send(new Uint8Array(10))
    expect(stream.status).toBe('open')

    expect(stream.send(new Uint8Array(1))).toBe(false)
    expect(events).toEqual(['idle', 'end', 'close StreamBufferError local'])
  })

  it('holds for a transport that was saturated from the start, and one that drains within send', async () => {
    const scene = new Scene()

    scene.link.send = (() => {
      const send = scene.link.send.bind(scene.link)

      return (data) => {
        send(data)
        scene.link.dispatchEvent(new Event('drain'))

        return false
      }
    })()

    const stream = await scene.accept(1)

    expect(stream.send(Uint8Array.of(1))).toBe(true)
    expect(stream.send(Uint8Array.of(2))).toBe(true)
    expect(await scene.sent()).toEqual(['data 1 - 1', 'data 1 - 1'])
  })
})

describe('fairness', () => {
  it('gives streams with data one frame each in turn, when the transport drains', async () => {
    const scene = new Scene({ maxMessageBytes: 1024 })
    const [bulk, small, other] = [await scene.accept(1), await scene.accept(3), await scene.accept(5)]

    saturate(scene)
    bulk.send(new Uint8Array(8 * 1024))
    small.send(new Uint8Array(10))
    other.send(new Uint8Array(1500))
    await scene.sent()

    const order: string[] = []

    for (let i = 0; i < 7; i++) {
      scene.link.dispatchEvent(new Event('drain'))
      order.push((await scene.sent()).join())
    }

    expect(order).toEqual(['data 1 - 1024', 'data 3 - 10', 'data 5 - 1024', 'data 1 - 1024', 'data 5 - 476', 'data 1 - 1024', 'data 1 - 1024'])
  })

  it('tells a stream of room though another has unsent bytes without end', async () => {
    const scene = new Scene({ maxMessageBytes: 1024 })
    const [hog, polite] = [await scene.accept(1), await scene.accept(3)]

    saturate(scene)
    polite.send(new Uint8Array(10))
    hog.send(new Uint8Array(200 * 1024))
    await scene.sent()

    let rounds = 0

    polite.addEventListener('drain', () => {
      rounds++
      polite.send(new Uint8Array(10))
    })

    for (let i = 0; i < 20; i++) {
      scene.link.dispatchEvent(new Event('drain'))
      await settle()
    }

    expect(rounds).toBeGreaterThanOrEqual(9)
  })
})
