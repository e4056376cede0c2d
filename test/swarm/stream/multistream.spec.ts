import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/index.ts'
import { answerProposals, confirmProtocol, decodeMessage, encodeList, encodeMessage, greeting, MAX_PROPOSALS, selectProtocol } from '../../../src/swarm/stream/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScriptedPort } from '../../support/scripted-port.ts'

// the numbers are those of the rules in docs/multistream.md

const HEADER = '/multistream/1.0.0'
const options = { clock: systemClock, timeoutMs: 10_000 }

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes)
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const supporting = (...protocols: string[]): { has(name: string): boolean, list(): string[] } => ({ has: (name) => protocols.includes(name), list: () => protocols })

describe('a message', () => {
  it('is its length, its text and a newline (rule 1)', () => {
    expect(Buffer.from(encodeMessage('/echo/1.0.0')).toString('hex')).toBe('0c2f6563686f2f312e302e300a')
    expect(decodeMessage(text('\x0c/echo/1.0.0\nrest'))).toEqual({ text: '/echo/1.0.0', byteLength: 13 })
  })

  it('is not there until its last byte is', () => {
    const whole = encodeMessage('/'.padEnd(300, 'x'))

    for (let length = 0; length < whole.byteLength; length++) {
      expect(decodeMessage(whole.subarray(0, length))).toBeUndefined()
    }

    expect(decodeMessage(whole)?.byteLength).toBe(303)
  })

  it.each([
    ['of 1025 bytes', join(Uint8Array.of(0x81, 0x08), new Uint8Array(1025))],
    ['whose length has three bytes', Uint8Array.of(0x80, 0x80, 0x01)],
    ['that is empty', Uint8Array.of(0)],
    ['without a newline', text('\x03abc')],
    ['that is not UTF-8', Uint8Array.of(3, 0xc3, 0x28, 0x0a)]
  ])('%s is refused (rule 2)', (_what, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow(expect.objectContaining({ code: 'NegotiationFailed' }))
  })

  it('says so when the peer speaks HTTP', () => {
    expect(() => decodeMessage(text('GET / HTTP/1.1\r\n'.padEnd(100)))).toThrow('this is HTTP, not libp2p')
  })

  it('of any bytes is decoded, waited for or refused, and never more than that', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      try {
        const decoded = decodeMessage(bytes)

        expect(decoded?.byteLength ?? 0).toBeLessThanOrEqual(bytes.byteLength)
      } catch (error) {
        expect(error).toMatchObject({ code: 'NegotiationFailed' })
      }
    }))
  })
})

describe('proposing', () => {
  it('sends the header and the first proposal in one (rule 4)', async () => {
    const port = new ScriptedPort().say(encodeMessage(HEADER), encodeMessage('/a'))

    expect(await selectProtocol(port, ['/a', '/b'], options)).toBe('/a')
    expect(port.sent).toEqual([greeting('/a')])
  })

  it('goes on to the next protocol after na (rule 4)', async () => {
    const port = new ScriptedPort().say(encodeMessage(HEADER), encodeMessage('na'), encodeMessage('/b'))

    expect(await selectProtocol(port, ['/a', '/b'], options)).toBe('/b')
    expect(port.sent).toEqual([greeting('/a'), encodeMessage('/b')])
  })

  it('names what was refused when nothing is left (rule 5)', async () => {
    const port = new ScriptedPort().say(encodeMessage(HEADER), encodeMessage('na'), encodeMessage('na'))

    await expect(selectProtocol(port, ['/a', '/b'], options)).rejects.toMatchObject({ code: 'UnsupportedProtocol', message: expect.stringContaining('/a, /b') })
  })

  it.each(['/c', 'ls', '/a '])('fails when the answer is %s (rule 5)', async (answer) => {
    const port = new ScriptedPort().say(encodeMessage(HEADER), encodeMessage(answer))

    await expect(selectProtocol(port, ['/a'], options)).rejects.toMatchObject({ code: 'NegotiationFailed' })
  })

  it.each([
    ['HTTP', 'GET / HTTP/1.0\r\n\r\n', 'this is HTTP, not libp2p: '],
    ['TLS', '\x16\x03\x01\x02\x00\x01', 'this is TLS, not libp2p: '],
    ['anything else', '?', '']
  ])('does not wait for more of %s than shows that it is not the header (rule 3)', async (_what, begin, hint) => {
    const port = new ScriptedPort().say(text(begin))
    const options = { clock: new FakeClock(), timeoutMs: 10_000 }

    await expect(selectProtocol(port, ['/a'], options)).rejects.toMatchObject({ code: 'NegotiationFailed', message: expect.stringMatching(new RegExp(`^${hint}multistream-select wants`)) })
    expect(options.clock.pending).toBe(0)
  })

  it('fails when the peer begins otherwise than with the header (rule 3)', async () => {
    const port = new ScriptedPort().say(encodeMessage('/multistream/2.0.0'))

    await expect(selectProtocol(port, ['/a'], options)).rejects.toMatchObject({ code: 'NegotiationFailed', message: expect.stringContaining('"/multistream/2.0.0"') })
  })

  it('keeps the bytes behind the answer, and the end behind them (rule 6)', async () => {
    const port = new ScriptedPort().say(join(encodeMessage(HEADER), encodeMessage('/a'), text('payload')), null)

    await selectProtocol(port, ['/a'], options)

    expect(await port.read()).toEqual(text('payload'))
    expect(await port.read()).toBeNull()
  })

  it('agrees however the answer is cut into pieces', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 60 }), async (sizes) => {
      const port = new ScriptedPort()
      let rest = join(encodeMessage(HEADER), encodeMessage('na'), encodeMessage('/b'), text('!'))

      for (const size of sizes) {
        port.say(...rest.byteLength > 0 ? [rest.subarray(0, size)] : [])
        rest = rest.subarray(size)
      }

      port.say(...rest.byteLength > 0 ? [rest] : [])

      expect(await selectProtocol(port, ['/a', '/b'], options)).toBe('/b')
      expect(await port.read()).toEqual(text('!'))
    }))
  })
})

describe('answering', () => {
  it('takes header and proposal together, and answers both in one (rule 7)', async () => {
    const port = new ScriptedPort().say(greeting('/a'))

    expect(await answerProposals(port, supporting('/a'), options)).toBe('/a')
    expect(port.sent).toEqual([greeting('/a')])
  })

  it('does not keep a peer waiting that sends the header alone (rule 7)', async () => {
    const port = new ScriptedPort().say(encodeMessage(HEADER))
    const answering = answerProposals(port, supporting('/a'), options)

    await expect.poll(() => port.sentText).toEqual([`\x13${HEADER}\n`])
    port.say(encodeMessage('/a'))
    await answering

    expect(port.sent.at(-1)).toEqual(encodeMessage('/a'))
  })

  it('answers na to what it does not support, and the list to ls (rule 8)', async () => {
    const port = new ScriptedPort().say(greeting('/z'), encodeMessage('ls'), encodeMessage('/b'))

    expect(await answerProposals(port, supporting('/a', '/b'), options)).toBe('/b')
    expect(port.sent.slice(1)).toEqual([encodeList(['/a', '/b']), encodeMessage('/b')])
    expect(Buffer.from(encodeList(['/a', '/b'])).toString('hex')).toBe('09032f610a032f620a0a')
  })

  it('gives up on a peer that keeps asking (rule 9)', async () => {
    const port = new ScriptedPort().say(encodeMessage(HEADER), ...Array.from({ length: MAX_PROPOSALS }, () => encodeMessage('/z')))

    await expect(answerProposals(port, supporting('/a'), options)).rejects.toMatchObject({ code: 'NegotiationFailed', message: expect.stringContaining('64 protocols') })
  })

  it('fails when the peer ends its side before there is agreement (rule 10)', async () => {
    const port = new ScriptedPort().say(encodeMessage(HEADER), null)

    await expect(answerProposals(port, supporting('/a'), options)).rejects.toMatchObject({ code: 'NegotiationFailed' })
  })

  it('fails when the peer says nothing for too long, and leaves no timer (rule 10)', async () => {
    const clock = new FakeClock()
    const answering = answerProposals(new ScriptedPort(), supporting('/a'), { clock, timeoutMs: 10_000 })
    const outcome = expect(answering).rejects.toMatchObject({ code: 'NegotiationTimeout', message: expect.stringContaining('10000 ms') })

    await clock.advance(9_999)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    await outcome
    expect(clock.pending).toBe(0)
  })

  it('hands on the reason of a signal untouched', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const answering = answerProposals(new ScriptedPort(), supporting('/a'), { ...options, signal: controller.signal })

    controller.abort(reason)

    await expect(answering).rejects.toBe(reason)
  })
})

describe('confirming a lazy proposal', () => {
  it('accepts the proposal and refuses all else (rule 12)', async () => {
    await expect(confirmProtocol(new ScriptedPort().say(greeting('/a')), '/a', options)).resolves.toBeUndefined()
    await expect(confirmProtocol(new ScriptedPort().say(encodeMessage(HEADER), encodeMessage('na')), '/a', options)).rejects.toMatchObject({ code: 'UnsupportedProtocol' })
    await expect(confirmProtocol(new ScriptedPort().say(greeting('/b')), '/a', options)).rejects.toMatchObject({ code: 'NegotiationFailed' })
  })
})
