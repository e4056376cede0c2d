import { describe, expect, it } from 'vitest'
import { windowUpdate } from '../../../src/channel/providers/spdy/frame.ts'
import { eventually, turns } from '../../support/settle.ts'
import { accepted, opened, StreamRecorder, strangerScene } from './spdy-scene.ts'
import type { StrangerScene } from './spdy-scene.ts'
import type { ChannelError } from '../../../src/channel/contract/index.ts'

const HEADERS = { 'libchan-ref': '2' }
const FIN = 1
const UNIDIRECTIONAL = 2
const MIB = 1024 * 1024

function reasonOf (recorder: StreamRecorder): unknown {
  return (recorder.error as ChannelError | undefined)?.reason
}

describe('SPDY with Go libchan, as a stranger plays it', () => {
  it('says its settings first, then opens streams with odd IDs', async () => {
    using scene = strangerScene()

    scene.end.provider.open({ 'libchan-ref': '1' })
    scene.end.provider.open({ 'libchan-ref': '3', 'libchan-parent-ref': '1' })
    await scene.stranger.hears('synStream 3')

    expect(scene.stranger.heard).toEqual([
      'settings 1 7 262144',
      'synStream 1 libchan-ref=1 libchan-version=1',
      'synStream 3 libchan-ref=3 libchan-parent-ref=1 libchan-version=1'
    ])
  })

  it('opens streams with even IDs where it did not begin', async () => {
    using scene = strangerScene({ isInitiator: false })

    scene.end.provider.open(HEADERS)
    await scene.stranger.hears('synStream 2')

    expect(scene.stranger.heard[1]).toBe('synStream 2 libchan-ref=2 libchan-version=1')
  })

  it('answers with SYN_REPLY before any data, and learns that the peer has no version', async () => {
    using scene = strangerScene()

    scene.end.take = (stream) => { stream.write(Buffer.from('hi')) }
    scene.stranger.sendSynStream(2)
    await scene.stranger.hears('data')

    expect(scene.stranger.heard.slice(1)).toEqual(['synReply 2 :status=200 libchan-version=1', 'data 2 2'])
    expect(scene.end.provider.peerVersion).toBe(0)
    expect(scene.end.streams[0]?.headers).toEqual(HEADERS)
  })

  it('ends with FIN, on the last data or on an empty frame', async () => {
    using scene = strangerScene()
    const first = await opened(scene)
    const second = await opened(scene, 3)

    first.link.write(Buffer.from('all'))
    first.link.end()
    second.link.write(Buffer.from('some'))
    await scene.stranger.hears('data 3')
    second.link.end()
    await scene.stranger.hears('data 3 0')

    expect(scene.stranger.heard.slice(3)).toEqual(['data 1 3 fin', 'data 3 4', 'data 3 0 fin'])
  })

  it('sends at most 64 KiB until something was heard, then without bounds', async () => {
    using scene = strangerScene()
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))

    stream.link.write(new Uint8Array(MIB))
    await turns(10)
    const before = scene.stranger.bytes.get(1)
    scene.stranger.sendReply(1)
    await eventually(() => scene.stranger.bytes.get(1) === MIB)

    const frames = scene.stranger.heard.filter((frame) => frame.startsWith('data 1')).map((frame) => Number(frame.split(' ')[2]))
    expect(before).toBe(65_536)
    expect(Math.max(...frames)).toBe(65_536)
  })

  it('says nothing of a stream that was given up before there was room to open it', async () => {
    using scene = strangerScene({ highWaterBytes: 1 })
    scene.link.isStalled = true
    await turns(2) // the settings fill the link

    const [kept, reset] = [new StreamRecorder(scene.end.provider.open({ 'libchan-ref': '1' })), new StreamRecorder(scene.end.provider.open({ 'libchan-ref': '3' }))]
    reset.link.reset({ code: 1, message: '' })
    kept.link.write(Buffer.from('hi'))
    await turns(2)
    scene.link.unstall()
    await scene.stranger.hears('data')

    expect(scene.stranger.heard.slice(1)).toEqual(['synStream 1 libchan-ref=1 libchan-version=1', 'data 1 2'])
    expect(reset.signs).toEqual(['close StreamAborted'])
  })

  it('tells nothing more of a stream that it gave up before it knew the peer', async () => {
    using scene = strangerScene()
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))

    await scene.stranger.hears('synStream')
    stream.link.reset({ code: 1, message: '' })
    await stream.closed
    scene.stranger.sendReply(1, { ':status': '200' }, FIN)
    await scene.stranger.hears('rstStream')

    expect([stream.events, scene.end.isClosed]).toEqual([['close StreamAborted'], false])
  })

  it('counts the streams of each side apart', async () => {
    using scene = strangerScene({ maxOpenStreams: 1 })

    for (const streamId of [1, 3, 5]) {
      const ours = await opened(scene, streamId)
      ours.link.end()
      scene.stranger.sendData(streamId, '', FIN)
      await ours.closed
    }
    await accepted(scene)
    scene.stranger.sendSynStream(4)
    await scene.stranger.hears('rstStream 4 65549')

    expect(scene.end.streams).toHaveLength(1)
  })

  it('grants no windows, and takes no grant for one', async () => {
    using scene = strangerScene()
    const stream = await accepted(scene)

    scene.stranger.send(windowUpdate(2, 0), windowUpdate(0, 0))
    scene.stranger.sendSettings(1) // too late: the first frame said that there are none
    scene.stranger.sendData(2, new Uint8Array(MIB))
    await eventually(() => stream.byteLength === MIB)
    stream.link.write(new Uint8Array(100_000))
    await eventually(() => scene.stranger.bytes.get(2) === 100_000)

    expect(scene.stranger.heard.filter((frame) => frame.startsWith('windowUpdate'))).toEqual([])
  })

  it('stops reading the connection while a stream holds more than 1 MiB, and goes on at half of it', async () => {
    using scene = strangerScene()
    const stalled = await accepted(scene, { streamId: 2, isPaused: true })
    const other = await accepted(scene, { streamId: 4 })

    for (let sent = 0; sent < 17; sent++) {
      scene.stranger.sendData(2, new Uint8Array(65_536))
    }

    scene.stranger.sendData(4, 'behind')
    await turns(20)
    const before = other.byteLength
    stalled.onChunk = () => {
      if (stalled.byteLength >= 600_000) {
        stalled.link.pause()
      }
    }
    stalled.link.resume()
    await eventually(() => other.byteLength === 6)

    expect([before, stalled.byteLength]).toEqual([0, 655_360])
  })

  it('reads on when the stream that held too much is reset', async () => {
    using scene = strangerScene()
    const stalled = await accepted(scene, { streamId: 2, isPaused: true })
    const other = await accepted(scene, { streamId: 4 })

    scene.stranger.sendData(2, new Uint8Array(2 * MIB))
    scene.stranger.sendData(4, 'behind')
    await turns(20)
    stalled.link.reset({ code: 3, message: '' })
    await eventually(() => other.byteLength === 6)

    expect(other.text).toBe('behind')
  })

  it('hands on what comes of a long frame before the rest is there', async () => {
    using scene = strangerScene()
    const stream = await accepted(scene)

    scene.stranger.send(Uint8Array.of(0, 0, 0, 2, 0, 0xFF, 0xFF, 0xFF), new Uint8Array(1000))
    await eventually(() => stream.byteLength === 1000)

    expect(stream.isClosed).toBe(false)
  })

  it('resets with the code alone, as Go libchan would wait for somebody to read headers', async () => {
    using scene = strangerScene()
    const stream = await accepted(scene)

    stream.link.reset({ code: 300, message: 'quota used up' })
    await scene.stranger.hears('rstStream')

    expect(scene.stranger.heard.slice(2)).toEqual(['rstStream 2 65836'])
  })

  it.each([
    ['the code alone to Go libchan', (scene: StrangerScene) => { scene.stranger.sendReply(1) }, ['data 1 3', 'rstStream 1 65836', 'rstStream 3 65836']],
    ['the message too to a peer with windows', (scene: StrangerScene) => { scene.stranger.sendSettings() }, [
      'windowUpdate 0 2147418111', 'data 1 3',
      'headers 1 libchan-code=300 libchan-message=quota used up', 'rstStream 1 65836',
      'headers 3 libchan-code=300 libchan-message=quota used up', 'rstStream 3 65836'
    ]]
  ])('ends streams early when it knows whom it talks to: with %s', async (_, speak, expected) => {
    using scene = strangerScene()
    const [ended, reset] = [new StreamRecorder(scene.end.provider.open(HEADERS)), new StreamRecorder(scene.end.provider.open(HEADERS))]

    ended.link.write(Buffer.from('all'))
    ended.link.endWith?.({ code: 300, message: 'quota used up' })
    reset.link.write(Buffer.from('nothing'))
    reset.link.reset({ code: 300, message: 'quota used up' })
    await reset.closed
    await turns(10)
    const before = scene.stranger.heard.slice(3)
    speak(scene)
    await scene.stranger.hears('rstStream 3')

    expect(before.filter((frame) => !frame.startsWith('data'))).toEqual([])
    expect(scene.stranger.heard.slice(3).map((frame) => frame.replace('data 1 0', ''))).toEqual(expect.arrayContaining(expected))
    expect(scene.stranger.heard.filter((frame) => frame.startsWith('data 3'))).toEqual([])
    expect([ended.signs, reset.signs]).toEqual([['close StreamAborted'], ['close StreamAborted']])
  })

  it('replies before it refuses, as Go libchan would wait for ever otherwise', async () => {
    using scene = strangerScene({ maxOpenStreams: 1 })

    await accepted(scene)
    scene.stranger.sendSynStream(4)
    await scene.stranger.hears('rstStream')

    expect(scene.stranger.heard.slice(2)).toEqual(['synReply 4 :status=200 libchan-version=1', 'rstStream 4 65549'])
    expect(scene.end.streams).toHaveLength(1)
  })

  it.each([
    [5, { code: 3, message: '' }],
    [3, { code: 13, message: '' }],
    [1, { code: 1, message: '' }],
    [65_536 + 300, { code: 300, message: '' }],
    [65_536 + 65_536, { code: 1, message: '' }]
  ])('understands a reset with status %d', async (status, reason) => {
    using scene = strangerScene()
    const stream = await accepted(scene)

    scene.stranger.sendReset(2, status)
    await stream.closed

    expect([stream.signs, reasonOf(stream)]).toEqual([['close StreamReset'], reason])
  })

  it('takes the reason from the headers before a reset, unless they make no sense', async () => {
    using scene = strangerScene()
    const [good, bad] = [await accepted(scene, { streamId: 2 }), await accepted(scene, { streamId: 4 })]

    scene.stranger.sendHeaders(2, { 'libchan-code': '300', 'libchan-message': 'quota used up' })
    scene.stranger.sendReset(2, 65_836)
    scene.stranger.sendHeaders(4, { 'libchan-code': '99999', 'libchan-message': 'x' })
    scene.stranger.sendReset(4, 5)
    await Promise.all([good.closed, bad.closed])

    expect([reasonOf(good), reasonOf(bad)]).toEqual([{ code: 300, message: 'quota used up' }, { code: 3, message: '' }])
  })

  it('takes ends that come with the frames that open and answer', async () => {
    using scene = strangerScene()
    const inbound = await accepted(scene, { flags: FIN })
    const oneWay = await accepted(scene, { streamId: 4, flags: UNIDIRECTIONAL })
    const outbound = new StreamRecorder(scene.end.provider.open(HEADERS))
    const other = await opened(scene, 3)

    scene.stranger.sendReply(1, { ':status': '200' }, FIN)
    scene.stranger.sendData(4, 'last', FIN)
    scene.stranger.sendData(3, 'words', FIN)
    await Promise.all([inbound.ended, outbound.ended, oneWay.closed, other.ended])

    expect([inbound.signs, outbound.signs, oneWay.signs, oneWay.text, other.text]).toEqual([['end'], ['end'], ['end', 'close'], 'last', 'words'])
  })

  it('takes an answer other than 200 for a refusal', async () => {
    using scene = strangerScene()
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))

    await scene.stranger.hears('synStream')
    scene.stranger.sendReply(1, { ':status': '502' }, FIN)
    await stream.closed
    await scene.stranger.hears('rstStream')

    expect([stream.signs, reasonOf(stream)]).toEqual([['close StreamReset'], { code: 13, message: 'it answered with status 502' }])
    expect(scene.stranger.heard.at(-1)).toBe('rstStream 1 65539')
  })

  it.each([
    ['data before SYN_REPLY', (scene: StrangerScene) => { scene.stranger.sendSynStream(2); scene.stranger.sendData(1, 'early') }],
    ['SYN_REPLY twice', (scene: StrangerScene) => { scene.stranger.sendReply(1); scene.stranger.sendReply(1) }],
    ['data behind the end', (scene: StrangerScene) => { scene.stranger.sendReply(1); scene.stranger.sendData(1, 'all', FIN); scene.stranger.sendData(1, 'more') }]
  ])('resets the stream alone after %s', async (_, misbehave) => {
    using scene = strangerScene()
    const stream = new StreamRecorder(scene.end.provider.open(HEADERS))

    await scene.stranger.hears('synStream')
    misbehave(scene)
    await stream.closed
    await scene.stranger.hears('rstStream 1 65538')

    expect(stream.error).toMatchObject({ code: 'ProtocolViolation' })
    expect(scene.end.isClosed).toBe(false)
  })

  it('resets data for a stream that never was, and ignores what comes for one that has ended', async () => {
    using scene = strangerScene()
    const stream = await accepted(scene)

    stream.link.reset({ code: 1, message: '' })
    await scene.stranger.hears('rstStream 2')
    scene.stranger.sendData(2, 'late', FIN)
    scene.stranger.sendReset(2, 5)
    scene.stranger.sendHeaders(2, { a: 'b' })
    scene.stranger.sendReply(2)
    scene.stranger.sendData(8, 'nobody')
    scene.stranger.sendData(7, 'nobody')
    await scene.stranger.hears('rstStream 7')

    expect(scene.stranger.heard.slice(3)).toEqual(['rstStream 8 65538', 'rstStream 7 65538'])
    expect(scene.end.isClosed).toBe(false)
  })
})
