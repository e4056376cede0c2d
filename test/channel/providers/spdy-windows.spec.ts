import { describe, expect, it } from 'vitest'
import { windowUpdate } from '../../../src/channel/providers/spdy/frame.ts'
import { eventually, turns } from '../../support/settle.ts'
import { accepted, opened, strangerScene } from './spdy-scene.ts'
import type { StrangerScene } from './spdy-scene.ts'

describe('windows over SPDY', () => {
  it('honours windows of a peer that begins with them', async () => {
    using scene = strangerScene()

    scene.stranger.sendSettings(1000)
    const stream = await opened(scene)
    stream.link.write(new Uint8Array(10_000))
    await eventually(() => scene.stranger.bytes.get(1) === 1000)
    scene.stranger.send(windowUpdate(1, 500))
    await eventually(() => scene.stranger.bytes.get(1) === 1500)
    scene.stranger.sendSettings(2000)
    await eventually(() => scene.stranger.bytes.get(1) === 2500)
    scene.stranger.sendSettings(0)
    scene.stranger.send(windowUpdate(1, 2000))
    await turns(20)

    expect(scene.stranger.bytes.get(1)).toBe(2500) // 2500 was granted, and is used up
    expect(scene.stranger.heard).toContain('windowUpdate 0 2147418111')
  })

  it('honours the window of the session', async () => {
    using scene = strangerScene()

    scene.stranger.sendSettings()
    const [first, second] = [await opened(scene), await opened(scene, 3)]
    first.link.write(new Uint8Array(60_000))
    second.link.write(new Uint8Array(60_000))
    await turns(20)
    const before = [scene.stranger.bytes.get(1), scene.stranger.bytes.get(3)]
    scene.stranger.send(windowUpdate(0, 1_000_000))
    await eventually(() => scene.stranger.bytes.get(3) === 60_000)

    expect(before).toEqual([60_000, 5536])
  })

  it('grants what was read of a stream, when it is half a window', async () => {
    using scene = strangerScene()

    scene.stranger.sendSettings()
    const stream = await accepted(scene)
    scene.stranger.sendData(2, new Uint8Array(131_071))
    await turns(20)
    const before = scene.stranger.heard.slice(3)
    scene.stranger.sendData(2, new Uint8Array(1))
    await scene.stranger.hears('windowUpdate 2')

    expect(before).toEqual([])
    scene.stranger.sendData(2, new Uint8Array(131_072))
    await eventually(() => scene.stranger.heard.length === 5)

    expect([stream.byteLength, scene.stranger.heard.slice(3)]).toEqual([262_144, ['windowUpdate 2 131072', 'windowUpdate 2 131072']])
  })

  it.each([
    ['sends more than it was granted', (scene: StrangerScene) => { scene.stranger.sendData(2, new Uint8Array(262_145)) }],
    ['grants nothing', (scene: StrangerScene) => { scene.stranger.send(windowUpdate(2, 0)) }],
    ['grants more than there are numbers for', (scene: StrangerScene) => { scene.stranger.send(windowUpdate(2, 0x7FFFFFFF)) }]
  ])('resets the stream of a peer that %s', async (_, misbehave) => {
    using scene = strangerScene()

    scene.stranger.sendSettings()
    const stream = await accepted(scene, { isPaused: true })
    misbehave(scene)
    await scene.stranger.hears('rstStream 2 65538')

    await stream.closed
    expect(stream.events).toEqual(['close ProtocolViolation'])
    expect(scene.stranger.heard.some((frame) => frame.startsWith('headers 2 libchan-code=2'))).toBe(true)
  })
})
