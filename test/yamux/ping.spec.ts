import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { Scene } from '../support/yamux-scene.ts'

const PINGS = 16

describe('ping', () => {
  // yamux 5.1
  it('of the peer is answered with its value', async () => {
    const scene = new Scene()

    scene.feed('ping 0 SYN 4294967295', 'ping 0 SYN+ACK 7')

    expect(await scene.sent()).toEqual(['ping 0 ACK 4294967295', 'ping 0 ACK 7'])
  })

  it('resolves with the time until its answer', async () => {
    const scene = new Scene()
    const first = scene.muxer.ping()

    expect(scene.takeSent()).toEqual(['ping 0 SYN 0'])
    await scene.clock.advance(30)

    const second = scene.muxer.ping()

    await scene.clock.advance(10)
    scene.feed('ping 0 ACK 1', 'ping 0 ACK 0')

    expect([await first, await second]).toEqual([40, 10])
    expect(scene.muxer.rtt).toBe(25)
  })

  it('has no round trip to tell before the first answer', () => {
    expect(new Scene().muxer.rtt).toBeUndefined()
  })

  // yamux 5.2
  it('belongs to us after its signal: a late answer is no error, a second one is', async () => {
    const scene = new Scene()
    const controller = new AbortController()
    const reason = new Error('enough')
    const ping = scene.muxer.ping(controller.signal)

    controller.abort(reason)
    await expect(ping).rejects.toBe(reason)
    scene.feed('ping 0 ACK 0')
    expect(scene.link.status).toBe('open')

    scene.feed('ping 0 ACK 0')
    expect(scene.link.abortedWith).toMatchObject({ rule: 'unrequestedPing' })
  })

  // yamux 5.3
  it('is refused while 16 wait, and takes the place of one that nobody waits for', async () => {
    const scene = new Scene()
    const controller = new AbortController()
    const pings = Array.from({ length: PINGS }, async (_, index) => scene.muxer.ping(index === 3 ? controller.signal : undefined))
    const settled = Promise.allSettled(pings)

    await expect(scene.muxer.ping()).rejects.toMatchObject({ code: 'ResourceLimit' })

    controller.abort(new Error('enough'))
    await settle()

    const late = scene.muxer.ping()

    scene.feed('ping 0 ACK 16')
    await expect(late).resolves.toBe(0)
    scene.muxer.abort(new Error('done'))
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true)
  })

  it.each([
    ['is aborted', (scene: Scene) => { scene.muxer.abort(new Error('no')) }, { message: 'no' }],
    ['loses its transport', (scene: Scene) => { scene.link.end() }, { code: 'ConnectionLost' }],
    ['is closed', (scene: Scene) => { scene.muxer.close().catch(() => {}) }, { code: 'ConnectionClosed' }],
    ['is ended by the peer', (scene: Scene) => { scene.feed('goAway 0 - 2') }, { code: 'ConnectionClosed', goAwayCode: 2 }]
  ])('fails when the muxer %s, and so does any after it', async (_, end, error) => {
    const scene = new Scene()
    const ping = scene.muxer.ping()

    end(scene)

    await expect(ping).rejects.toMatchObject(error)
    await expect(scene.muxer.ping()).rejects.toMatchObject(error)
  })

  it('rejects with the reason of a signal that has aborted', async () => {
    const reason = new Error('enough')

    await expect(new Scene().muxer.ping(AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('keep-alive', () => {
  // yamux 5.4
  it('pings a silent connection, but not one on which something arrives', async () => {
    const scene = new Scene({ keepAliveIntervalMs: 1000 })

    await scene.clock.advance(600)
    scene.feed('window 9 - 1')
    await scene.clock.advance(999)
    expect(scene.takeSent()).toEqual([])

    await scene.clock.advance(1)
    expect(scene.takeSent()).toEqual(['ping 0 SYN 0'])
  })

  it('loses a connection on which nothing arrives for too long', async () => {
    const scene = new Scene({ keepAliveIntervalMs: 1000, keepAliveTimeoutMs: 2500 })

    await scene.accept(1)
    await scene.clock.advance(2499)
    expect(scene.link.status).toBe('open')

    await scene.clock.advance(1)
    expect(scene.link.abortedWith).toMatchObject({ code: 'ConnectionLost', message: 'nothing arrived for 2500 ms, not even an answer to a ping' })
    expect(scene.streams[0]?.status).toBe('aborted')
    expect(scene.clock.pending).toBe(0)
  })

  it('goes on as long as pings are answered', async () => {
    const scene = new Scene({ keepAliveIntervalMs: 1000, keepAliveTimeoutMs: 2500 })

    for (let value = 0; value < 10; value++) {
      await scene.clock.advance(1000)
      scene.feed(`ping 0 ACK ${value}`)
    }

    expect(scene.link.status).toBe('open')
  })

  it.each([
    ['aborted', (scene: Scene) => { scene.muxer.abort(new Error('no')) }],
    ['closed', (scene: Scene) => { scene.muxer.close().catch(() => {}) }],
    ['left without a transport', (scene: Scene) => { scene.link.end() }]
  ])('leaves no timer when the muxer is %s', async (_, end) => {
    const scene = new Scene({ keepAliveIntervalMs: 1000 })

    expect(scene.clock.pending).toBe(1)
    end(scene)
    await settle()

    expect(scene.clock.pending).toBe(0)
  })

  it('is off by default', async () => {
    const scene = new Scene()

    await scene.clock.advance(10_000_000)

    expect([scene.takeSent(), scene.clock.pending]).toEqual([[], 0])
  })
})
