import { describe, expect, it } from 'vitest'
import { REASON_CODE } from '../../../src/channel/contract/index.ts'
import { HIGH_WATER_BYTES, MAX_WAITING_BYTES, MESSAGE_BYTES } from '../../../src/channel/providers/websocket/protocol.ts'
import { WebSocketLink } from '../../../src/channel/providers/websocket/websocket-link.ts'
import { turns } from '../../support/settle.ts'
import { count, LinkRecorder, record } from './link-recorder.ts'
import type { WebSocketPort } from '../../../src/channel/providers/websocket/websocket-link.ts'

class ScriptedWebSocket implements WebSocketPort {
  readonly log: string[] = []
  readonly sent: Uint8Array[] = []
  hasRoom = true

  get sentLengths (): number[] {
    return this.sent.map(({ byteLength }) => byteLength)
  }

  send (pieces: readonly Uint8Array[], byteLength: number): boolean {
    const message = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)

    this.sent.push(message ?? new Uint8Array())
    expect(message?.byteLength).toBe(byteLength)
    this.log.push('send')
    return this.hasRoom
  }

  pause (): void { this.log.push('pause') }
  resume (): void { this.log.push('resume') }
  close (code: number, reason: string): void { this.log.push(`close ${code} ${reason}`.trim()) }
  terminate (code: number, reason: string): void { this.log.push(`terminate ${code} ${reason}`.trim()) }
}

function scene (): { port: ScriptedWebSocket, link: WebSocketLink, recorder: LinkRecorder } {
  const port = new ScriptedWebSocket()
  const link = new WebSocketLink(port)

  return { port, link, recorder: record(link) }
}

describe('the WebSocket link, writing', () => {
  it('puts what is written in one turn into one message', async () => {
    const { port, link } = scene()

    link.write(Uint8Array.of(1))
    link.write(Uint8Array.of(2, 3))
    link.write(Uint8Array.of(4))
    await turns(1)
    link.write(Uint8Array.of(5))
    await turns(1)

    expect(port.sent.map((message) => [...message])).toEqual([[1, 2, 3, 4], [5]])
  })

  it('sends a lone write without a copy', async () => {
    const { port, link } = scene()
    const bytes = Uint8Array.of(1, 2, 3)

    link.write(bytes)
    await turns(1)

    expect(port.sent[0]).toBe(bytes)
  })

  it('keeps the order between small and large writes, in messages of at most 32 KiB', async () => {
    const { port, link } = scene()
    const all = count(0, 100_003)

    link.write(all.subarray(0, 3))
    link.write(all.subarray(3, 75_003))
    link.write(all.subarray(75_003))
    await turns(1)

    expect(MESSAGE_BYTES).toBe(32 * 1024)
    expect(port.sentLengths).toEqual([3, MESSAGE_BYTES, MESSAGE_BYTES, 75_000 - 2 * MESSAGE_BYTES, 25_000])
    expect(Buffer.concat(port.sent).equals(all)).toBe(true)
  })

  it('begins a new message rather than to make one longer than 32 KiB', async () => {
    const { port, link } = scene()

    for (let piece = 0; piece < 5; piece++) {
      link.write(new Uint8Array(10_000))
    }

    await turns(1)

    expect(port.sentLengths).toEqual([30_000, 20_000])
  })

  it('sends no empty messages', async () => {
    const { port, link } = scene()

    link.write(new Uint8Array())
    await turns(1)

    expect(port.sent).toEqual([])
  })

  it('says false while the WebSocket is full, and that there is room once', async () => {
    const { port, link, recorder } = scene()

    port.hasRoom = false
    expect(link.write(new Uint8Array(HIGH_WATER_BYTES))).toBe(false)
    expect(link.write(new Uint8Array(1))).toBe(false)
    port.hasRoom = true
    link.makeRoom()
    link.makeRoom()
    await turns(1)

    expect(recorder.rooms).toBe(1)
    expect(link.write(new Uint8Array(1))).toBe(true)
  })

  it('does not speak of room to whom it has not said no', async () => {
    const { port, link, recorder } = scene()

    port.hasRoom = false
    expect(link.write(new Uint8Array(1))).toBe(true)
    await turns(1)
    link.makeRoom()

    expect(recorder.rooms).toBe(0)
  })

  it('sends what was written before it ends, and nothing that is written after', async () => {
    const { port, link } = scene()

    link.write(Uint8Array.of(1))
    link.end()
    link.end()
    link.write(Uint8Array.of(2))
    await turns(1)

    expect(port.log).toEqual(['resume', 'send', 'close 1000'])
    expect(port.sentLengths).toEqual([1])
  })
})

describe('the WebSocket link, reading', () => {
  it('delivers nothing before it is attached and resumed', async () => {
    const port = new ScriptedWebSocket()
    const link = new WebSocketLink(port)
    const recorder = new LinkRecorder()

    link.receive(Uint8Array.of(1))
    link.attach(recorder)
    await turns(1)
    expect(recorder.log).toEqual([])
    link.resume()
    await turns(1)

    expect(recorder.log).toEqual(['data'])
    expect(port.log).toEqual(['resume'])
  })

  it('keeps what comes while it is paused, in order', async () => {
    const { port, link, recorder } = scene()

    link.pause()
    link.pause()
    link.receive(Uint8Array.of(1))
    link.receive(Uint8Array.of(2))
    expect(recorder.log).toEqual([])
    link.resume()
    link.receive(Uint8Array.of(3))
    await turns(1)

    expect([...recorder.bytes]).toEqual([1, 2, 3])
    expect(port.log).toEqual(['resume', 'pause', 'resume'])
  })

  it('stops at once when the reader pauses in the middle', async () => {
    const { link } = scene()
    const seen: number[] = []

    link.pause()
    link.receive(Uint8Array.of(1))
    link.receive(Uint8Array.of(2))
    link.attach(Object.assign(new LinkRecorder(), {
      onData: (bytes: Uint8Array) => {
        seen.push(...bytes)
        link.pause()
      }
    }))
    link.resume()
    await turns(1)
    expect(seen).toEqual([1])
    link.resume()
    await turns(1)

    expect(seen).toEqual([1, 2])
  })

  it('gives what follows to whoever was attached last', () => {
    const { link, recorder } = scene()
    const next = new LinkRecorder()

    link.receive(Uint8Array.of(1))
    link.attach(next)
    link.receive(Uint8Array.of(2))

    expect([...recorder.bytes]).toEqual([1])
    expect([...next.bytes]).toEqual([2])
  })

  it('gives up when too much comes that nobody takes', async () => {
    const { port, link, recorder } = scene()
    const bytes = new Uint8Array(1024 * 1024)

    link.pause()

    for (let total = 0; total <= MAX_WAITING_BYTES; total += bytes.byteLength) {
      link.receive(bytes)
    }

    await turns(1)

    expect(recorder.log).toEqual(['close: ResourceLimitError'])
    expect(port.log.at(-1)).toMatch(/^terminate 1008 more than 67108864 bytes/)
  })
})

describe('the WebSocket link, ending', () => {
  it('tells a normal close as the end of both directions', () => {
    const { link, recorder } = scene()

    link.receive(Uint8Array.of(1))
    link.finish({ code: 1000, reason: '' })
    link.finish({ code: 1006, reason: '' })

    expect(recorder.log).toEqual(['data', 'end', 'close'])
  })

  it('keeps the end behind the data of a paused link', async () => {
    const { link, recorder } = scene()

    link.pause()
    link.receive(Uint8Array.of(1))
    link.finish({ code: 1000, reason: '' })
    expect(recorder.log).toEqual([])
    link.resume()
    await turns(1)

    expect(recorder.log).toEqual(['data', 'end', 'close'])
  })

  it('keeps the end of a paused link to itself until it is resumed', async () => {
    const { link, recorder } = scene()

    link.pause()
    link.finish({ code: 1000, reason: '' })
    await turns(1)
    expect(recorder.log).toEqual([])
    link.resume()
    await turns(1)

    expect(recorder.log).toEqual(['end', 'close'])
  })

  it('tells the loss of a paused link at once, without an end', () => {
    const { link, recorder } = scene()

    link.pause()
    link.finish({ code: 1006, reason: '', cause: new Error('read ECONNRESET') })

    expect(recorder.log).toEqual(['close: ConnectionLostError'])
    expect(recorder.error?.message).toBe('the WebSocket connection was lost: read ECONNRESET')
  })

  it('tells a loss behind what came before', async () => {
    const { link, recorder } = scene()

    link.pause()
    link.receive(Uint8Array.of(1))
    link.finish({ code: 1006, reason: '' })
    link.resume()
    await turns(1)

    expect(recorder.log).toEqual(['data', 'close: ConnectionLostError'])
  })

  it.each([1001, 1002, 1003, 1005, 1009, 1011, 4002])('takes the close code %i for a loss that names it', (code) => {
    const { link, recorder } = scene()

    link.finish({ code, reason: 'because' })

    expect(recorder.error?.message).toBe(`the WebSocket was closed with code ${code}: because`)
    expect(recorder.log).toEqual(['close: ConnectionLostError'])
  })

  it('refuses text with 1003', async () => {
    const { port, link, recorder } = scene()

    link.receiveText()
    link.receiveText()
    await turns(1)

    expect(port.log.filter((line) => line.startsWith('terminate 1003'))).toHaveLength(1)
    expect(recorder.log).toEqual(['close: ProtocolViolationError'])
  })

  it('ends with 1002 when the protocol was violated, cutting the reason at a character', async () => {
    const { port, link, recorder } = scene()

    link.reset({ code: REASON_CODE.protocolViolation, message: 'ö'.repeat(200) })
    await turns(1)

    const [, code, reason] = /^terminate (\d+) (.*)$/.exec(port.log.at(-1) ?? '') ?? []

    expect(code).toBe('1002')
    expect(reason).toMatch(/^this side ended the WebSocket connection: protocolViolation: ö+$/)
    expect(Buffer.byteLength(reason ?? '')).toBeLessThanOrEqual(123)
    expect(recorder.log).toEqual(['close: StreamAbortedError'])
    expect(recorder.error).toMatchObject({ reason: { code: REASON_CODE.protocolViolation } })
  })

  it('drops what waits when it is reset, tells nothing else, and resets once', async () => {
    const { port, link, recorder } = scene()

    link.pause()
    link.receive(Uint8Array.of(1))
    link.write(Uint8Array.of(2))
    link.reset({ code: REASON_CODE.failed, message: '' })
    link.reset({ code: REASON_CODE.failed, message: '' })
    expect(recorder.log).toEqual([])
    link.receive(Uint8Array.of(3))
    link.finish({ code: 1006, reason: '' })
    link.makeRoom()
    await turns(1)
    link.resume()

    expect(recorder.log).toEqual(['close: StreamAbortedError'])
    expect(port.sent).toEqual([])
    expect(port.log).toEqual(['resume', 'pause', 'terminate 1011 this side ended the WebSocket connection: failed', 'resume'])
  })

  it('takes no more writes when it has ended', async () => {
    const { port, link } = scene()

    link.finish({ code: 1000, reason: '' })
    expect(link.write(Uint8Array.of(1))).toBe(true)
    link.end()
    link.reset({ code: 0, message: '' })
    await turns(1)

    expect(port.log).toEqual(['resume'])
  })

  it('tells its end to who attaches later', async () => {
    const link = new WebSocketLink(new ScriptedWebSocket())
    const recorder = new LinkRecorder()

    link.finish({ code: 1006, reason: '' })
    link.attach(recorder)
    expect(recorder.log).toEqual([])
    await turns(1)

    expect(recorder.log).toEqual(['close: ConnectionLostError'])
  })
})
