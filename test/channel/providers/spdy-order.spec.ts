import { describe, expect, it } from 'vitest'
import { turns } from '../../support/settle.ts'
import { accepted, opened, StreamRecorder, strangerScene } from './spdy-scene.ts'

const HEADERS = { 'libchan-ref': '2' }

describe('messages over SPDY and the streams that they refer to', () => {
  it('sends messages to Go libchan when what they refer to was accepted, or never will be', async () => {
    using scene = strangerScene()
    const parent = await opened(scene)
    parent.link.write(Buffer.from('before'))
    const [first, second] = ['3', '5'].map((ref) => new StreamRecorder(scene.end.provider.open({ 'libchan-ref': ref, 'libchan-parent-ref': HEADERS['libchan-ref'] })))
    parent.link.write(Buffer.from('behind'))
    parent.link.end()
    await scene.stranger.hears('data')
    await turns(5)
    const before = scene.stranger.heard.slice(2)

    scene.stranger.sendReply(5)
    await turns(5)
    const between = scene.stranger.bytes.get(1)
    scene.stranger.sendReset(3, 5)
    await scene.stranger.hears('data 1 6 fin')

    expect(before.filter((frame) => frame.startsWith('data'))).toEqual(['data 1 6'])
    expect([between, first?.isClosed, second?.isClosed]).toEqual([6, true, false])
  })

  it('sends to Go libchan what is written on a stream behind the message that refers to it', async () => {
    using scene = strangerScene()
    const parent = await opened(scene)
    const nested = new StreamRecorder(scene.end.provider.open({ 'libchan-ref': '3', 'libchan-parent-ref': HEADERS['libchan-ref'] }))
    nested.link.write(Buffer.from('early'))
    nested.link.end()
    scene.stranger.sendReply(3)
    await turns(10)
    const before = scene.stranger.heard.filter((frame) => frame.startsWith('data'))

    parent.link.write(Buffer.from('message'))
    await scene.stranger.hears('data 3')

    expect(before).toEqual([])
    expect(scene.stranger.heard.slice(3)).toEqual(['data 1 7', 'data 3 5 fin'])
  })

  it('waits for no message of a channel that has ended', async () => {
    using scene = strangerScene()
    const parent = await opened(scene)
    const nested = new StreamRecorder(scene.end.provider.open({ 'libchan-ref': '3', 'libchan-parent-ref': HEADERS['libchan-ref'] }))

    nested.link.write(Buffer.from('early'))
    parent.link.reset({ code: 1, message: '' })
    await scene.stranger.hears('data 3 5')

    expect(nested.isClosed).toBe(false)
  })

  it('does so too on streams that Go libchan opened', async () => {
    using scene = strangerScene()
    const parent = await accepted(scene)

    scene.end.provider.open({ 'libchan-ref': '3', 'libchan-parent-ref': '2' })
    parent.link.write(Buffer.from('refers to it'))
    await scene.stranger.hears('synStream 1')
    await turns(5)
    const before = scene.stranger.bytes.get(2)
    scene.stranger.sendReply(1)
    await scene.stranger.hears('data 2 12')

    expect(before).toBeUndefined()
  })

  it('waits for nothing once it knows that the peer is none of Go libchan', async () => {
    using scene = strangerScene()
    const parent = new StreamRecorder(scene.end.provider.open({ 'libchan-ref': '1' }))

    const nested = new StreamRecorder(scene.end.provider.open({ 'libchan-ref': '3', 'libchan-parent-ref': '1' }))
    nested.link.write(Buffer.from('early'))
    await scene.stranger.hears('synStream 3')
    await turns(5)
    const before = scene.stranger.bytes.get(3)
    scene.stranger.sendSettings()
    await scene.stranger.hears('data 3 5')
    parent.link.write(Buffer.from('refers to it'))
    await scene.stranger.hears('data 1 12')

    expect(before).toBeUndefined()
  })
})
