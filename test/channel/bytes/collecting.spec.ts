import { describe, expect, it } from 'vitest'
import { byteStreamPair, LinkByteStream } from '../../../src/channel/bytes/index.ts'
import { failure, pattern, resetByPeer, ScriptedLink, writePattern } from './support.ts'

describe('bytes', () => {
  it('gives all bytes up to the end', async () => {
    const [near, far] = byteStreamPair()

    void writePattern(near, 300_000, 7_001)

    expect(await far.bytes()).toEqual(pattern(300_000))
  })

  it('gives none when there are none', async () => {
    const [near, far] = byteStreamPair()

    await near.end()

    expect(await far.bytes()).toEqual(new Uint8Array(0))
  })

  it('takes 1 MiB unless told otherwise', async () => {
    const [near, far] = byteStreamPair()
    const [other, overfull] = byteStreamPair()

    void near.end(new Uint8Array(1024 * 1024))
    void other.write(new Uint8Array(1024 * 1024 + 1)).catch(() => {})

    expect((await far.bytes()).byteLength).toBe(1_048_576)
    expect(await failure(overfull.bytes())).toMatchObject({ code: 'ResourceLimit' })
  })

  it('resets the stream with `refused` when there are more than maxBytes', async () => {
    const [near, far] = byteStreamPair()

    void near.write('12345678')

    expect(await failure(far.bytes({ maxBytes: 7 }))).toMatchObject({ code: 'ResourceLimit', message: expect.stringContaining('7 bytes') as string })
    expect(await near.closed).toMatchObject({ code: 'StreamReset', reason: { code: 13, message: 'more than 7 bytes' } })
  })

  it('takes exactly maxBytes', async () => {
    const [near, far] = byteStreamPair()

    void near.end('1234567')

    expect((await far.bytes({ maxBytes: 7 })).byteLength).toBe(7)
  })

  it.each([-1, NaN, 'much'])('is a RangeError with maxBytes %s, and takes nothing', async (maxBytes) => {
    const [near, far] = byteStreamPair()

    void near.end('kept')

    expect(await failure(far.bytes({ maxBytes: maxBytes as number }))).toBeInstanceOf(RangeError)
    expect(await far.text()).toBe('kept')
  })

  it('gives memory of its own', async () => {
    const [near, far] = byteStreamPair()
    const sent = new Uint8Array(2048)

    void near.end(sent)
    const got = await far.bytes()
    got.fill(9)

    expect(sent[0]).toBe(0)
  })

  it('fails with what ends the stream, and with the reason of the signal', async () => {
    const link = new ScriptedLink()
    const stream = new LinkByteStream(link)
    const controller = new AbortController()
    const reason = new Error('enough')
    const error = resetByPeer()

    const aborted = failure(stream.bytes({ signal: controller.signal }))
    controller.abort(reason)
    expect(await aborted).toBe(reason)

    const failed = failure(stream.bytes())
    link.data('some')
    link.events.onClose(error)
    expect(await failed).toBe(error)
  })

  it('keeps no more memory than bytes come, however they are cut', async () => {
    const link = new ScriptedLink()
    const stream = new LinkByteStream(link)
    const all = stream.bytes()
    const buffer = new Uint8Array(1024 * 1024)

    for (let at = 0; at < 2000; at++) {
      link.events.onData(buffer.subarray(at, at + 1))
    }

    link.events.onEnd()

    expect(await all).toEqual(new Uint8Array(2000))
  })
})

describe('text', () => {
  it('decodes UTF-8, wherever it is cut', async () => {
    const link = new ScriptedLink()
    const stream = new LinkByteStream(link)
    const text = stream.text()

    for (const byte of new TextEncoder().encode('grüße 😀')) {
      link.events.onData(Uint8Array.of(byte))
    }

    link.events.onEnd()

    expect(await text).toBe('grüße 😀')
  })

  it('has the same limit', async () => {
    const [near, far] = byteStreamPair()

    void near.write('12345678').catch(() => {})

    expect(await failure(far.text({ maxBytes: 7 }))).toMatchObject({ code: 'ResourceLimit' })
  })
})
