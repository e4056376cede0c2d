import { describe, expect, it } from 'vitest'
import { SharedTimeout } from '../../../src/base/index.ts'
import { confirming, encodeMessage, greeting } from '../../../src/swarm/stream/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScriptedRaw } from '../../support/scripted-raw.ts'
import { turns } from '../../support/settle.ts'
import { failure, port, wrap } from '../../support/stream-pair.ts'
import type { SwarmStream } from '../../../src/swarm/stream/index.ts'

// the numbers are those of the rules in docs/multistream.md

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const GREETING = text(greeting('/a'))
const ANSWER = GREETING
const HEADER = text(encodeMessage('/multistream/1.0.0'))
const NA = text(encodeMessage('na'))

interface Lazy {
  raw: ScriptedRaw
  stream: SwarmStream
  clock: FakeClock
}

/** A stream that was opened lazily for /a, and the script of its peer. */
function lazy (): Lazy {
  const clock = new FakeClock()
  const raw = new ScriptedRaw()
  const stream = wrap(port(raw), 'outbound', { clock })

  stream.port.openLazily(greeting('/a'), {
    negotiation: confirming('/a'),
    timeout: new SharedTimeout(clock, 10_000),
    wanted: 'the peer to take /a'
  })

  return { raw, stream, clock }
}

describe('a stream that was opened lazily', () => {
  it('says nothing by itself', async () => {
    const { raw } = lazy()

    await turns(10)

    expect(raw.sent).toEqual([])
  })

  it('sends the greeting and its first bytes in one message (rule 11)', async () => {
    const { raw, stream } = lazy()

    await stream.write('hello')
    await stream.write(' again')

    expect(raw.sentText).toEqual([`${GREETING}hello`, ' again'])
  })

  it('sends the greeting alone with the first read (rule 11)', async () => {
    const { raw, stream } = lazy()
    const reading = stream.read()

    expect(raw.sentText).toEqual([GREETING])
    raw.say(ANSWER, 'data')
    expect(text(await reading ?? new Uint8Array(0))).toBe('data')
  })

  it('sends the greeting alone with its end, when nothing was written (rule 11)', async () => {
    const { raw, stream } = lazy()

    await stream.closeWrite()

    expect(raw.sentText).toEqual([GREETING])
    raw.say(ANSWER).sayEnd()
    expect(await stream.read()).toBeNull()
    expect(await stream.closed).toBeUndefined()
  })

  it('reads the answer before anybody else, however it is cut (rule 12)', async () => {
    const { raw, stream } = lazy()

    await stream.write('hello')
    raw.say(...`${ANSWER}wor`, 'ld').sayEnd()

    expect(await stream.text()).toBe('world')
  })

  it('keeps what comes with the answer, and the end behind it (rule 6)', async () => {
    const { raw, stream } = lazy()

    await stream.end('hello')
    raw.say(`${ANSWER}world`).sayEnd()

    expect(await stream.text()).toBe('world')
    expect(await stream.closed).toBeUndefined()
    expect(raw.abortedWith).toBeUndefined()
  })

  it.each<[string, (stream: SwarmStream) => Promise<unknown>]>([
    ['read', async (stream) => stream.read()],
    ['write', async (stream) => stream.write('x')],
    ['end', async (stream) => stream.end()],
    ['text', async (stream) => stream.text()]
  ])('fails %s with UnsupportedProtocol when the peer refuses (rule 12)', async (_what, call) => {
    const { raw, stream } = lazy()

    await stream.write('hello')
    const reading = failure(stream.read())

    raw.say(HEADER, NA)

    expect(await reading).toMatchObject({ code: 'UnsupportedProtocol', message: expect.stringContaining('/a') })
    expect(await failure(call(stream))).toMatchObject({ code: 'UnsupportedProtocol' })
    expect(await stream.closed).toMatchObject({ code: 'UnsupportedProtocol' })
    expect(raw.abortedWith).toMatchObject({ code: 'UnsupportedProtocol' })
    await expect(stream.close()).resolves.toBeUndefined()
  })

  it('says that it was refused also to who has closed it without reading (rule 12)', async () => {
    const { raw, stream } = lazy()

    await stream.write('an order')
    await stream.close()
    raw.say(HEADER, NA)

    expect(await stream.closed).toMatchObject({ code: 'UnsupportedProtocol' })
  })

  it.each<[string, (raw: ScriptedRaw) => void]>([
    ['ends', (raw) => { raw.sayEnd() }],
    ['ends, and both sides with it,', (raw) => { raw.sayEnd().sayClosed() }]
  ])('says that it was never agreed on when the peer %s without an answer', async (_what, end) => {
    const { raw, stream } = lazy()

    await stream.end('an order')
    end(raw)

    expect(await stream.closed).toMatchObject({ code: 'NegotiationFailed' })
  })

  it('fails when there is no answer in time (rule 10)', async () => {
    const { stream, clock } = lazy()
    const reading = failure(stream.read())

    await clock.advance(9_999)
    expect(stream.port.isClosed).toBe(false)
    await clock.advance(1)

    expect(await reading).toMatchObject({ code: 'NegotiationTimeout' })
    expect(clock.pending).toBe(0)
  })

  it('closes without waiting for the answer (rule 13)', async () => {
    const { raw, stream, clock } = lazy()

    await stream.write('an order')
    await stream.close()

    expect(await failure(stream.read())).toMatchObject({ code: 'StreamClosed' })
    raw.say(`${ANSWER}thanks`).sayEnd()
    expect(await stream.closed).toBeUndefined()
    expect(stream.stat()).toMatchObject({ bytesBuffered: 0 })
    expect(clock.pending).toBe(0)
  })

  it('ends a read that waits for the answer when it is closed for reading', async () => {
    const { raw, stream } = lazy()
    const reading = failure(stream.read())

    await stream.closeRead()
    expect(await reading).toMatchObject({ code: 'StreamClosed' })

    raw.say(`${ANSWER}unwanted`)
    await stream.write('still welcome')
    expect(raw.sentText.at(-1)).toBe('still welcome')
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamClosed' })
  })

  it('loses nothing when the signal of a read ends before the answer comes', async () => {
    const { raw, stream } = lazy()
    const controller = new AbortController()
    const reason = new Error('later')
    const reading = failure(stream.read({ signal: controller.signal }))

    controller.abort(reason)
    expect(await reading).toBe(reason)
    raw.say(`${ANSWER}kept`).sayEnd()

    expect(await stream.text()).toBe('kept')
  })

  it.each([false, true])('is lost with its connection, greeted or not: %s', async (isGreeted) => {
    const { raw, stream, clock } = lazy()

    if (isGreeted) {
      await stream.write('hello')
    }

    raw.sayClosed()

    expect(await stream.closed).toMatchObject({ code: 'ConnectionLost' })
    expect(await failure(stream.read())).toMatchObject({ code: 'ConnectionLost' })
    expect(await failure(stream.write('x'))).toMatchObject({ code: 'ConnectionLost' })
    await expect(stream.close()).resolves.toBeUndefined()
    expect(raw.sent.length).toBe(Number(isGreeted))
    expect(clock.pending).toBe(0)
  })

  it('reads what came before a reset, once the answer is read', async () => {
    const { raw, stream } = lazy()

    await stream.write('hello')
    raw.say(`${ANSWER}half`).sayClosed(Object.assign(new Error('gone'), { name: 'StreamResetError' }))

    expect(text(await stream.read() ?? new Uint8Array(0))).toBe('half')
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamReset' })
  })

  it('is reset before the greeting has left, without a word', async () => {
    const { raw, stream } = lazy()

    stream.reset()

    expect(await failure(stream.read())).toMatchObject({ code: 'StreamAborted' })
    expect(raw.sent).toEqual([])
  })
})
