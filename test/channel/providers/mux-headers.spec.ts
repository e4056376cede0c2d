import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REASON_CODE } from '../../../src/channel/contract/index.ts'
import { HEADER_TIMEOUT_MS } from '../../../src/channel/providers/mux/header-acceptor.ts'
import { decodeHeaderBlock, encodeHeaderBlock, HeaderBlockReader } from '../../../src/channel/providers/mux/header-block.ts'
import { turns } from '../../support/settle.ts'
import { encode } from '../../support/yamux-scene.ts'
import { LinkRecorder } from './mux-recorder.ts'
import { opening, stranger } from './mux-stranger.ts'
import type { ProviderStream } from '../../../src/channel/contract/index.ts'

const VIOLATION = `window 1 RST ${REASON_CODE.protocolViolation}`

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

// spec-channel 3.2
describe('a header block', () => {
  it.each([
    [{}, '00'],
    [{ 'libchan-ref': '1' }, `0e0b${Buffer.from('libchan-ref').toString('hex')}0131`],
    [{ a: '', b: 'ö' }, '08016100016202c3b6'],
    [{ a: 'x'.repeat(200) }, `cc010161c801${'78'.repeat(200)}`]
  ])('of %j has its length, then lengths and texts', (headers, bytes) => {
    expect(hex(encodeHeaderBlock(headers))).toBe(bytes)
  })

  it('holds 1,024 bytes and no more', () => {
    // name: 1 + 1, value: 2 + 1,020
    expect(encodeHeaderBlock({ a: 'x'.repeat(1020) }).byteLength).toBe(1026)
    expect(() => encodeHeaderBlock({ a: 'x'.repeat(1021) })).toThrow(RangeError)
    expect(() => encodeHeaderBlock({ a: 'x'.repeat(1017), b: 'y' })).toThrow(/1024 bytes/)
  })

  it('reads back as what was written, whatever pieces it comes in', () => {
    const texts = fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 20 }), { maxKeys: 8 })

    fc.assert(fc.property(texts, fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (headers, after, piece) => {
      const bytes = Buffer.concat([encodeHeaderBlock(headers), after])
      const reader = new HeaderBlockReader()

      for (let from = 0; from < bytes.byteLength; from += piece) {
        const block = reader.read(bytes.subarray(from, from + piece))

        if (block != null) {
          expect(Object.entries(block.headers)).toEqual(Object.entries(headers))
          expect(hex(Buffer.concat([block.rest, bytes.subarray(from + piece)]))).toBe(hex(after))
          return
        }
      }

      throw new Error('the block was not complete')
    }))
  })

  it('takes a name that objects have for a name', () => {
    const headers = decodeHeaderBlock(encodeHeaderBlock(JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>).subarray(1))

    expect(Object.entries(headers)).toEqual([['__proto__', 'a'], ['constructor', 'b']])
  })

  it.each([
    ['longer than allowed', '8108', /at most 1024 bytes, these have 1025/],
    ['with a length that does not end', 'ffffffffff', /at most 5 bytes/],
    ['that ends within a name', '020561', /in the middle/],
    ['that ends before a value', '020161', /in the middle/],
    ['that is no UTF-8', '0401ff0161', /UTF-8/],
    ['with a name twice', '080161013101610132', /sent twice/]
  ])('%s is wrong', (_, bytes, why) => {
    expect(() => new HeaderBlockReader().read(Buffer.from(bytes, 'hex'))).toThrow(why)
  })
})

describe('an inbound stream', () => {
  it('is given when its headers are complete, and delivers what came with them', async () => {
    const { send, end } = await stranger()
    const frame = opening(1, { 'libchan-ref': '1' }, 'and more')

    await send(frame.subarray(0, 20))
    expect(end.streams).toEqual([])
    await send(frame.subarray(20), encode('data 1 -', Buffer.from(' to come')))
    const stream = new LinkRecorder(end.streams[0] as ProviderStream)
    await turns(2)

    expect({ ...end.streams[0]?.headers }).toEqual({ 'libchan-ref': '1' })
    expect(stream.text).toBe('and more to come')
  })

  it('keeps what came with its headers until it is attached and resumed', async () => {
    const { send, end } = await stranger()

    await send(opening(1, {}, 'rest'), encode('data 1 FIN', Buffer.from(' and end')))
    const stream = new LinkRecorder(end.streams[0] as ProviderStream, { isPaused: true })
    await turns(2)
    expect(stream.events).toEqual([])
    stream.link.resume()
    await turns(2)

    expect(stream.text).toBe('rest and end')
    expect(stream.signs).toEqual(['end'])
  })

  it('delivers what had come before it tells of a reset', async () => {
    const { send, end } = await stranger()

    await send(opening(1, {}, 'rest'), encode('data 1 -', Buffer.from(' unread')), 'window 1 RST 300')
    const stream = new LinkRecorder(end.streams[0] as ProviderStream, { isPaused: true })
    await turns(2)
    expect(stream.events).toEqual([])
    stream.link.resume()
    await turns(2)

    expect(stream.text).toBe('rest unread')
    expect(stream.signs).toEqual(['close StreamReset'])
    expect(stream.error).toMatchObject({ reason: { code: 300 } })
  })

  it('may be attached to another within a delivery', async () => {
    const { send, end } = await stranger()

    await send(opening(1, {}, 'first'))
    const first = new LinkRecorder(end.streams[0] as ProviderStream)
    let second: LinkRecorder | undefined
    first.onChunk = () => { second = new LinkRecorder(first.link) }
    await turns(2)
    await send(encode('data 1 FIN', Buffer.from('second')))

    expect(first.text).toBe('first')
    expect(second?.text).toBe('second')
    expect(second?.signs).toEqual(['end'])
  })

  // spec-channel 3.3
  it('without headers is reset after 10 s', async () => {
    const { send, end, clock, received } = await stranger()

    await send('window 1 SYN 0')
    await clock.advance(4_000)
    await send('window 3 SYN 0', encode('data 3 -', Uint8Array.of(5, 1)), opening(5, {}))
    await clock.advance(HEADER_TIMEOUT_MS - 4_001)
    expect(received().filter((frame) => frame.includes('RST'))).toEqual([])

    await clock.advance(1)
    expect(received()).toEqual([VIOLATION])

    await clock.advance(4_000)
    expect(received()).toEqual([`window 3 RST ${REASON_CODE.protocolViolation}`])
    expect(end.streams).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['with headers that make no sense', encode('data 1 SYN', Uint8Array.of(2, 5, 0x61))],
    ['that ends before its headers', 'window 1 SYN+FIN 0']
  ])('%s is reset, and the session goes on', async (_, frame) => {
    const { send, end, received } = await stranger()

    await send(frame)
    expect(received()).toContain(VIOLATION)
    expect(end.streams).toEqual([])

    await send(opening(3, {}))
    expect(end.streams).toHaveLength(1)
    expect(end.isClosed).toBe(false)
  })

  it('that is reset before its headers is forgotten', async () => {
    const { send, end, clock, received } = await stranger()

    await send('window 1 SYN 0', 'window 1 RST 3')
    await clock.advance(HEADER_TIMEOUT_MS)

    expect(received()).toEqual([])
    expect(end.streams).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
