import { describe, expect, it } from 'vitest'
import { createMuxProvider, PREAMBLE } from '../../../src/channel/providers/mux/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { turns } from '../../support/settle.ts'
import { failure } from '../failure.ts'
import { muxInit, muxOver } from './mux-pair.ts'
import { linkPair } from './mux-pipe.ts'

function bytes (...parts: Array<string | number[]>): Uint8Array {
  return Buffer.concat(parts.map((part) => typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)))
}

// spec-channel 12.1
describe('the preamble', () => {
  it('is the first that both sides send', async () => {
    const links = linkPair()

    await muxOver(...links)

    expect(PREAMBLE.byteLength).toBe(10)
    expect(links.map(({ text }) => text.slice(0, 10))).toEqual(['libchan/1\n', 'libchan/1\n'])
  })

  it.each([
    ['SPDY', bytes([0x80, 0x03, 0x00, 0x01, 0, 0, 0, 5]), 'test:near does not speak libchan/1: it began with 0x80 03 00 01 00 00 00 05, which is SPDY: use spdy://'],
    ['SPDY settings', bytes([0x80, 0x03, 0x00, 0x04, 0]), 'SPDY: use spdy://'],
    ['a request', bytes('GET /a HTTP/1.1\r\nHost: b\r\n'), '"GET /a HTTP/1.1\\r", which is HTTP: use ws:// or http2://'],
    ['a response', bytes('HTTP/1.1 400 Bad Request\r\n'), '"HTTP/1.1 400 Bad", which is HTTP: use ws:// or http2://'],
    ['HTTP/2', bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'HTTP/2: use http2://'],
    ['the settings of an HTTP/2 server', bytes([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3]), 'HTTP/2: use http2://'],
    ['a TLS handshake', bytes([0x16, 0x03, 0x01, 0x02, 0x00]), 'TLS: use tls:// on both sides'],
    ['a TLS alert', bytes([0x15, 0x03, 0x03, 0, 2, 2, 70]), 'TLS: use tls:// on both sides'],
    ['SSH', bytes('SSH-2.0-OpenSSH_9.2\r\n'), '"SSH-2.0-OpenSSH_", which is SSH'],
    ['libp2p', bytes([0x13], '/multistream/1.0.0\n'), 'libp2p: reach it with a swarm'],
    ['another version', bytes('libchan/2\n'), '"libchan/2\\n", which is another version of this protocol'],
    ['anything else', bytes('x'), 'it began with "x"'],
    ['what begins well', bytes('libchat'), 'it began with "libchat"']
  ])('must not be %s', async (_, sent, why) => {
    const [near, far] = linkPair()
    const wanted = createMuxProvider(far, muxInit(false))

    near.write(sent)
    const error = await failure(wanted)

    expect(error).toMatchObject({ code: 'ProtocolViolation' })
    expect((error as Error).message).toContain(why)
    expect(far.isClosed).toBe(true)
  })

  it('may come in pieces, and together with what follows', async () => {
    const [near, far] = linkPair()
    const wanted = createMuxProvider(far, muxInit(false))

    near.write(bytes('libch'))
    await turns(2)
    near.write(bytes('an/1\n', [0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7])) // a ping of yamux
    const provider = await wanted
    await turns(2)

    expect(Buffer.from(far.written[1] ?? []).toString('hex')).toBe('000200020000000000000007')

    provider.abort(new Error('the test is over'))
  })

  it('must come in time', async () => {
    const clock = new FakeClock()
    const [, far] = linkPair()
    const wanted = failure(createMuxProvider(far, muxInit(false, { clock })))

    await clock.advance(9_999)
    expect(far.isClosed).toBe(false)
    await clock.advance(1)

    expect(await wanted).toMatchObject({ code: 'ConnectFailed', message: 'test:near did not say libchan/1 within 10000 ms: does it serve channels?' })
    expect(far.isClosed).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['ends', 'ended the connection before it had said libchan/1'],
    ['breaks', 'was lost before it had said libchan/1: the pipe broke']
  ])('fails when the connection %s before it', async (how, why) => {
    const clock = new FakeClock()
    const [near, far] = linkPair()
    const wanted = failure(createMuxProvider(far, muxInit(false, { clock })))

    if (how === 'ends') {
      near.end()
    } else {
      far.lose()
    }

    const error = await wanted

    expect(error).toMatchObject({ code: 'ConnectFailed' })
    expect((error as Error).message).toContain(why)
    expect(clock.pending).toBe(0)
  })

  it('is given up with the signal, whose reason is passed on', async () => {
    const [, far] = linkPair()
    const controller = new AbortController()
    const reason = new Error('never mind')
    const wanted = failure(createMuxProvider(far, { ...muxInit(false), signal: controller.signal }))

    await turns(1)
    controller.abort(reason)

    expect(await wanted).toBe(reason)
    expect(far.isClosed).toBe(true)
  })

  it('is not even sent when the signal has aborted before', async () => {
    const [, far] = linkPair()
    const reason = new Error('never mind')

    expect(await failure(createMuxProvider(far, { ...muxInit(false), signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(far.written).toEqual([])
    expect(far.isClosed).toBe(true)
  })
})
