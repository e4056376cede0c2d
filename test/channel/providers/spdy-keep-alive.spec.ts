import { describe, expect, it } from 'vitest'
import { ping } from '../../../src/channel/providers/spdy/frame.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { StreamRecorder, strangerScene } from './spdy-scene.ts'
import type { ProviderStream } from '../../../src/channel/contract/index.ts'

const HEADERS = { 'libchan-ref': '1' }

describe('keep-alive over SPDY', () => {
  it('answers pings of the other side, and no answers', async () => {
    using scene = strangerScene()

    scene.stranger.send(ping(1), ping(2), ping(3), ping(4))
    await scene.stranger.hears('ping 4')

    expect(scene.stranger.heard.slice(1)).toEqual(['ping 2', 'ping 4'])
  })

  it('pings after 30 s of silence, and gives up after 45 s', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock, keepAliveIntervalMs: 30_000 })

    await clock.advance(29_999)
    await turns(5)
    const before = scene.stranger.heard.length
    await clock.advance(1)
    await scene.stranger.hears('ping 1')
    await clock.advance(14_999)
    const wasOpen = !scene.end.isClosed
    await clock.advance(1)

    expect([before, wasOpen]).toEqual([1, true])
    expect(scene.end.closes).toEqual([expect.objectContaining({ code: 'ConnectionLost', message: expect.stringContaining('silent for 45000 ms') })])
    expect(clock.pending).toBe(0)
  })

  it('lives as long as pings are answered', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock, keepAliveIntervalMs: 30_000, isInitiator: false })

    for (const id of [2, 4, 6, 8]) {
      await clock.advance(30_000)
      await scene.stranger.hears(`ping ${id}`)
      scene.stranger.send(ping(id))
      await turns(5)
    }

    expect(scene.end.isClosed).toBe(false)
  })

  it('pings nobody who was heard lately', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock, keepAliveIntervalMs: 30_000 })

    await clock.advance(20_000)
    scene.stranger.send(ping(2))
    await scene.stranger.hears('ping 2')
    await clock.advance(29_999)
    await turns(5)
    const before = scene.stranger.heard.slice(2)
    await clock.advance(1)
    await scene.stranger.hears('ping 1')

    expect(before).toEqual([])
  })

  it('does not take silence of Go libchan for its death, and asks on', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock, keepAliveIntervalMs: 30_000 })

    scene.stranger.sendSynStream(2)
    await scene.stranger.hears('synReply')
    await clock.advance(10 * 60_000)
    await turns(20)

    expect(scene.end.isClosed).toBe(false)
    expect(scene.stranger.heard.filter((frame) => frame.startsWith('ping')).length).toBeGreaterThan(10)
  })

  it('does not count the time in which it reads nothing itself', async () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock, keepAliveIntervalMs: 30_000 })
    scene.stranger.sendSynStream(2, { ...HEADERS, 'libchan-version': '1' })
    scene.stranger.sendData(2, new Uint8Array(2 * 1024 * 1024))
    await scene.stranger.hears('synReply')
    await turns(5)

    await clock.advance(60_000)
    const wasOpen = !scene.end.isClosed
    await clock.advance(29_000)
    const stream = new StreamRecorder(scene.end.streams[0] as ProviderStream)
    await eventually(() => stream.byteLength > 0)
    await clock.advance(44_999)
    const isOpen = !scene.end.isClosed
    await clock.advance(1)

    expect([wasOpen, isOpen, scene.end.isClosed]).toEqual([true, true, true])
  })

  it('has no timer when it is switched off', () => {
    const clock = new FakeClock()
    using scene = strangerScene({ clock, keepAliveIntervalMs: 0 })

    expect([clock.pending, scene.end.isClosed]).toEqual([0, false])
  })
})
