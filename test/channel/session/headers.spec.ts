import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { arrivedRaw, headers, openRaw, rawScene, record, reference } from './raw-peer.ts'
import type { Codec, StreamHeaders } from '../../../src/channel/contract/index.ts'

const VIOLATION = { reason: { code: 2 } }

// spec-channel 3.1
describe('the headers of what a session opens', () => {
  it('have the number, and no parent, for a top-level channel', async () => {
    const scene = rawScene()

    scene.session.newSendChannel()
    scene.session.newSendChannel()

    const arrived = await arrivedRaw(scene)

    expect(arrived.map(({ link }) => link.headers)).toEqual([{ 'libchan-ref': '1' }, { 'libchan-ref': '3' }])
  })

  it('name the channel whose message refers to the stream', async () => {
    const scene = rawScene()
    const [, remote] = scene.session.createNestedReceiver()
    const sender = scene.session.newSendChannel()

    await sender.send([remote])

    const [carrier, nested] = await arrivedRaw(scene)

    expect(nested?.link.headers).toEqual({ 'libchan-ref': '3', 'libchan-parent-ref': '1' })
    expect(carrier?.log).toEqual([`data ${record(0, 0x91, ...reference(4, 3)).join(',')}`])
  })

  it('name the codec, unless it is msgpack', async () => {
    const { json } = await import('../../../src/channel/codec/index.ts')
    const scene = rawScene({ codec: json })

    await scene.session.newSendChannel().send({ a: 1 })

    const [channel] = await arrivedRaw(scene)

    expect(channel?.link.headers).toEqual({ 'libchan-ref': '1', 'libchan-codec': 'json' })
    expect(channel?.log).toEqual([`data ${record(0, ...Buffer.from('{"a":1}')).join(',')}`])
  })
})

describe('a session', () => {
  it.each([
    ['no number', {}],
    ['an empty number', { 'libchan-ref': '' }],
    ['the number 0', { 'libchan-ref': '0' }],
    ['a negative number', { 'libchan-ref': '-2' }],
    ['a number in hexadecimal', { 'libchan-ref': '0x2' }],
    ['a number beyond 2^53', { 'libchan-ref': '9007199254740993' }],
    ['a parent that is no number', { 'libchan-ref': '2', 'libchan-parent-ref': 'x' }],
    ['a number of the wrong parity', { 'libchan-ref': '1' }],
    ['a parent that we never opened', { 'libchan-ref': '2', 'libchan-parent-ref': '1' }],
    ['itself as its parent', { 'libchan-ref': '2', 'libchan-parent-ref': '2' }],
    ['a parent that is younger', { 'libchan-ref': '2', 'libchan-parent-ref': '4' }],
    ['a stream to continue that we never opened', { 'libchan-ref': '2', 'libchan-continues': '1' }],
    ['a stream of its own to continue', { 'libchan-ref': '4', 'libchan-continues': '2' }]
  ])('resets a stream with %s', async (_, wrong: StreamHeaders) => {
    const scene = rawScene()
    const stream = openRaw(scene, wrong)

    await settle()

    expect(stream.log).toEqual(['close StreamReset'])
    expect(stream.error).toMatchObject(VIOLATION)
    expect(scene.session.stat()).toEqual({ opened: 0, accepted: 0, unclaimed: 0, pending: 0 })
  })

  it('resets a stream with a number that was used, also long ago', async () => {
    const scene = rawScene()
    const first = openRaw(scene, headers(2))

    first.link.end()
    await (await scene.session.waitReceiveChannel()).closed
    await settle()

    const again = openRaw(scene, headers(2))

    await settle()

    expect(again.error).toMatchObject(VIOLATION)
  })

  it('ignores headers that it does not know, and takes streams out of order', async () => {
    const scene = rawScene()

    openRaw(scene, headers(6, 0, { 'x-more': 'yes' }))
    openRaw(scene, headers(2))
    openRaw(scene, headers(4))
    await settle()

    expect(scene.session.stat()).toEqual({ opened: 0, accepted: 3, unclaimed: 0, pending: 3 })
  })

  it('resets a channel in a codec that it lacks', async () => {
    const scene = rawScene()
    const stream = openRaw(scene, headers(2, 0, { 'libchan-codec': 'pickle' }))

    await settle()

    expect(stream.error).toMatchObject({ reason: { code: 10, message: expect.stringContaining('"pickle"') } })
  })

  it('receives in each codec that it has, also those it was given', async () => {
    const shout: Codec = { name: 'shout', encode: () => new Uint8Array(), decode: (bytes) => String.fromCharCode(...bytes).toUpperCase() }
    const scene = rawScene({ codecs: [shout] })
    const own = openRaw(scene, headers(2, 0, { 'libchan-codec': 'shout' }))
    const json = openRaw(scene, headers(4, 0, { 'libchan-codec': 'json' }))

    own.link.write(record(0, 97, 98))
    json.link.write(record(0, 0x31))

    expect(await (await scene.session.waitReceiveChannel()).receive()).toEqual({ done: false, value: 'AB' })
    expect(await (await scene.session.waitReceiveChannel()).receive()).toEqual({ done: false, value: 1 })
  })
})
