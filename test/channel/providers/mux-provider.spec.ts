import { describe, expect, it } from 'vitest'
import { REASON_CODE } from '../../../src/channel/contract/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { muxPair } from './mux-pair.ts'
import { LinkRecorder } from './mux-recorder.ts'
import type { ProviderStream } from '../../../src/channel/contract/index.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('createMuxProvider', () => {
  it('carries headers and bytes both ways, and ends each direction apart', async () => {
    using pair = await muxPair()

    const ours = new LinkRecorder(pair.near.provider.open({ 'libchan-ref': '1', 'x-more': 'ä' }))
    ours.link.write(text('hello'))
    ours.link.end()
    await eventually(() => pair.far.streams.length === 1)
    const stream = pair.far.streams[0] as ProviderStream
    const theirs = new LinkRecorder(stream)
    await theirs.ended
    theirs.link.write(text('world'))
    theirs.link.end()
    await ours.closed

    expect({ ...stream.headers }).toEqual({ 'libchan-ref': '1', 'x-more': 'ä' })
    expect(theirs.text).toBe('hello')
    expect(ours.text).toBe('world')
    expect(ours.signs).toEqual(['end', 'close'])
    expect(theirs.signs).toEqual(['end', 'close'])
  })

  it('says what it is', async () => {
    using pair = await muxPair()

    expect(pair.near.provider).toMatchObject({ name: 'test', remoteAddress: 'test:far', isInitiator: true, framing: 'records', peerVersion: 1 })
    expect(pair.far.provider.isInitiator).toBe(false)
  })

  it('opens streams from both sides', async () => {
    using pair = await muxPair()

    pair.far.provider.open({ 'libchan-ref': '2' })
    pair.near.provider.open({ 'libchan-ref': '1' })
    await eventually(() => pair.near.streams.length === 1 && pair.far.streams.length === 1)

    expect(pair.near.streams[0]?.headers['libchan-ref']).toBe('2')
    expect(pair.far.streams[0]?.headers['libchan-ref']).toBe('1')
  })

  it('works when every byte comes by itself', async () => {
    using pair = await muxPair({ pieceBytes: 1 })

    const [ours, theirs] = await pair.open()
    ours.link.write(text('one byte after the other'))
    ours.link.end()
    await theirs.ended

    expect(theirs.text).toBe('one byte after the other')
  })

  it('delivers nothing to a stream that is paused, and all of it after that', async () => {
    using pair = await muxPair()

    const [ours, theirs] = await pair.open({ isPaused: true })
    ours.link.write(text('kept'))
    ours.link.end()
    await turns(20)

    expect(theirs.events).toEqual([])

    theirs.link.resume()
    await theirs.ended

    expect(theirs.text).toBe('kept')
  })

  it('stops within a delivery when it is paused there', async () => {
    using pair = await muxPair()

    const [ours, theirs] = await pair.open()
    theirs.onChunk = () => { theirs.link.pause() }
    ours.link.write(text('a'))
    await eventually(() => theirs.byteLength === 1)
    ours.link.write(new Uint8Array(100_000))
    ours.link.write(new Uint8Array(50_000))
    ours.link.end()
    await turns(20)
    expect(theirs.byteLength).toBe(1)

    while (theirs.byteLength < 150_001) {
      const { byteLength } = theirs
      theirs.link.resume()
      await eventually(() => theirs.byteLength > byteLength)
    }

    theirs.onChunk = undefined
    theirs.link.resume()
    await theirs.ended
  })

  it('gives streams that came before its start to whoever starts it', async () => {
    using pair = await muxPair({ isStarted: false })

    for (let ref = 1; ref < 60; ref += 2) {
      pair.near.provider.open({ 'libchan-ref': String(ref) }).write(text('early'))
    }

    await turns(20)
    pair.far.provider.start(pair.far)
    await eventually(() => pair.far.streams.length === 30)
    const last = new LinkRecorder(pair.far.streams[29] as ProviderStream)
    await eventually(() => last.text === 'early')

    expect(pair.far.streams.map(({ headers }) => headers['libchan-ref'])).toEqual(Array.from({ length: 30 }, (_, i) => String(2 * i + 1)))
  })

  it('refuses a stream whose taker throws, with its reason', async () => {
    using pair = await muxPair()

    pair.far.take = () => { throw new Error('no more, thanks') }
    const stream = new LinkRecorder(pair.near.provider.open({ 'libchan-ref': '1' }))

    expect(await stream.closed).toMatchObject({ code: 'StreamReset', reason: { code: REASON_CODE.refused } })
  })
})
