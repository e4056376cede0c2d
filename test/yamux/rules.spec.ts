import { describe, expect, it } from 'vitest'
import { YamuxProtocolError } from '../../src/yamux/index.ts'
import { encode, record, Scene } from '../support/yamux-scene.ts'
import type { YamuxRule } from '../../src/yamux/index.ts'

function raw (hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

const BREACHES: Array<[YamuxRule, string, Array<string | Uint8Array>, string]> = [
  ['version', 'a frame of version 1', [raw('01 00 0001 00000001 00000000')], 'a frame must be of version 0, received 1'],
  ['type', 'a frame of type 4', [raw('00 04 0000 00000000 00000000')], 'a frame must be of a type from 0 to 3, received 4'],
  ['sessionId', 'data for stream 0', [raw('00 00 0001 00000000 00000000')], 'a frame of type 0 must name a stream, received stream ID 0'],
  ['sessionId', 'a window update for stream 0', ['window 0 - 5'], 'a frame of type 1 must name a stream, received stream ID 0'],
  ['sessionId', 'a ping for a stream', ['ping 1 SYN 0'], 'a frame of type 2 must have stream ID 0, received 1'],
  ['sessionId', 'a go away for a stream', ['goAway 3 - 0'], 'a frame of type 3 must have stream ID 0, received 3'],
  ['parity', 'a SYN of our own parity', ['window 4 SYN 0'], 'a stream of the dialler must have an odd ID, received 4'],
  ['duplicateSyn', 'a second SYN', ['window 1 SYN 0', 'window 1 SYN 0'], 'a stream can be opened once, received SYN for stream 1, which is open'],
  ['windowExceeded', 'more data than the window', ['data 1 SYN 262144', 'data 1 - 1'], 'a data frame must fit the 0 bytes left of the window, received 1'],
  ['windowOverflow', 'credit of 2^32', ['window 1 SYN 4294705152'], 'credit of a stream must stay below 2^32, received 4294705152 on top of 262144'],
  ['pingFlags', 'a ping without SYN and ACK', ['ping 0 - 1'], 'a ping must have SYN or ACK, received flags 0'],
  ['unrequestedPing', 'an answer to no ping', ['ping 0 ACK 77'], 'an answer must be to a ping of ours, received one to 77']
]

describe('a protocol error', () => {
  // yamux 7.1
  it.each(BREACHES)('%s: %s ends the connection', async (rule, _, frames, message) => {
    const scene = new Scene()
    const stream = await scene.accept(99)
    const events = record(stream)

    scene.feed(...frames)

    expect(scene.link.abortedWith).toBeInstanceOf(YamuxProtocolError)
    expect(scene.link.abortedWith).toMatchObject({ rule, message, goAwayCode: 1, code: 'ProtocolViolation' })
    expect(scene.takeSent().filter((frame) => frame.includes('99') || frame.startsWith('goAway'))).toEqual(['window 99 RST 0', 'goAway 0 - 1'])
    expect(events).toEqual(['end', 'close ProtocolViolationError local'])
    expect(scene.muxer.status).toBe('closed')
    expect(scene.muxer.streams).toEqual([])
  })

  it('of a dialler names the other parity', () => {
    const scene = new Scene({ dials: true })

    scene.feed('window 3 SYN 0')

    expect(scene.link.abortedWith?.message).toBe('a stream of the listener must have an even ID, received 3')
  })

  // yamux 3.2
  it('for data beyond the window is found before the data has come', () => {
    const scene = new Scene()

    scene.feed('window 1 SYN 0', encode('data 1 - 300000').subarray(0, 12))

    expect(scene.link.abortedWith).toMatchObject({ rule: 'windowExceeded' })
  })

  it('is the last thing that is looked at', () => {
    const scene = new Scene()

    scene.feed('ping 0 - 1', 'window 1 SYN 0', raw('ff ff'))

    expect(scene.streams).toEqual([])
    expect(scene.takeSent()).toEqual(['goAway 0 - 1'])
  })
})

describe('what is no error', () => {
  it('is a flag without a meaning', async () => {
    const scene = new Scene()

    scene.feed(raw('00 01 fff1 00000001 00000000'))

    expect(await scene.sent()).toEqual(['window 1 ACK 0'])
  })

  // yamux 2.7
  it.each(['data 5 - 1000', 'data 5 FIN 0', 'window 5 - 1', 'window 5 FIN 0', 'window 5 RST 0', 'data 5 RST 9', 'window 8 ACK 0'])('is %s, of a stream that is not open', async (frame) => {
    const scene = new Scene()

    scene.feed(frame, 'ping 0 SYN 3')

    expect(await scene.sent()).toEqual(['ping 0 ACK 3'])
    expect(scene.link.status).toBe('open')
  })

  it('is data of any length for a stream that was reset, and nothing of it is kept', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    stream.abort(new Error('unwanted'))
    scene.feed('data 1 - 1000000', 'window 1 FIN 0', 'ping 0 SYN 3')

    expect(await scene.sent()).toEqual(['window 1 RST 0', 'ping 0 ACK 3'])
    expect(stream.readBufferLength).toBe(0)
    expect(scene.muxer.windowBytes).toBe(0)
  })

  it('is a SYN for an ID that was used before', async () => {
    const scene = new Scene()

    await scene.accept(1)
    scene.feed('window 1 RST 0', 'window 1 SYN 0')

    expect(await scene.sent()).toEqual(['window 1 ACK 0'])
    expect(scene.streams).toHaveLength(2)
  })

  it('is credit up to 2^32 - 1', async () => {
    const scene = new Scene()

    scene.feed('window 1 SYN 4294705151', 'ping 0 SYN 3')

    expect(await scene.sent()).toEqual(['ping 0 ACK 3', 'window 1 ACK 0'])
  })

  it('is a second FIN', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const events = record(stream)

    scene.feed('window 1 FIN 0', 'window 1 FIN 0', 'data 1 FIN 0')

    expect(events).toEqual(['remoteCloseWrite', 'end'])
  })
})
