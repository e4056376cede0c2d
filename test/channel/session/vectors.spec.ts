import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { byteStreamPair } from '../../../src/channel/bytes/index.ts'
import { pipe } from '../../../src/channel/pipe/index.ts'
import { decodeHeaderBlock, encodeHeaderBlock } from '../../../src/channel/providers/index.ts'
import { HeaderBlockReader } from '../../../src/channel/providers/mux/header-block.ts'
import { RecordReader } from '../../../src/channel/session/record-reader.ts'
import { encodeReasonRecord, RECORD, recordHeaderSize, writeRecordHeader } from '../../../src/channel/session/records.ts'
import { settle } from '../../support/fake-clock.ts'
import { arrivedRaw, rawScene } from './raw-peer.ts'
import type { ChannelReason, Sender, StreamHeaders } from '../../../src/channel/contract/index.ts'

interface Vectors {
  headers: Array<{ why: string, headers: StreamHeaders, hex: string }>
  invalidHeaders: Array<{ why: string, hex: string }>
  records: Array<{ why: string, from: 'sender' | 'receiver', hex: string, message?: string, reason?: ChannelReason, readOnly?: boolean }>
  invalidRecords: Array<{ why: string, from: 'sender' | 'receiver', hex: string }>
  sessions: Array<{ does: string, streams: Array<{ headers: StreamHeaders, hex: string, end: boolean }> }>
}

const vectors = JSON.parse(readFileSync(new URL('../../vectors/channel/wire.json', import.meta.url), 'utf8')) as Vectors

/** What a session does, by the words of the vectors. */
const DEEDS: Readonly<Record<string, (sender: Sender<unknown>) => Promise<void>>> = {
  "opens a channel, sends 7 and 'a', and closes": async (sender) => {
    await sender.send(7)
    await sender.send('a')
    await sender.close()
  },
  "opens a channel, sends 7, and aborts with 300 'no'": async (sender) => {
    await sender.send(7)
    sender.abort({ code: 300, message: 'no' })
  },
  "sends a sender in a map under 'to'": async (sender) => { await sender.send({ to: pipe()[1] }) },
  'sends a receiver on which 7 was sent, closed behind it': async (sender) => {
    const [receiver, nested] = pipe({ capacity: 1 })

    await nested.send(7)
    await nested.close()
    await sender.send(receiver)
  },
  "sends a byte stream that reads as 'hi'": async (sender) => {
    const [stream, far] = byteStreamPair()

    await far.end('hi')
    await sender.send(stream.readable)
  }
}

function bytesOf (hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

function hexOf (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function read (from: 'sender' | 'receiver', hex: string): Uint8Array | ChannelReason | undefined {
  const reader = new RecordReader({ from, maxMessageBytes: 1024 })

  reader.push(bytesOf(hex))

  return reader.next()
}

// spec-channel 3.2
describe('a header block', () => {
  it.each(vectors.headers)('is written and read as in the vectors: $why', ({ headers, hex }) => {
    expect(hexOf(encodeHeaderBlock(headers))).toBe(hex)
    expect(new HeaderBlockReader().read(bytesOf(hex))?.headers).toEqual(headers)
  })

  it.each(vectors.invalidHeaders)('is refused: $why', ({ hex }) => {
    expect(() => new HeaderBlockReader().read(bytesOf(hex))).toThrow(RangeError)
  })

  it('is read without its length too', () => {
    expect(decodeHeaderBlock(bytesOf('0161 0131'.replace(' ', '')))).toEqual({ a: '1' })
  })
})

// spec-channel 4 and 7.2
describe('a record', () => {
  it.each(vectors.records)('is read as in the vectors: $why', ({ from, hex, message, reason }) => {
    const found = read(from, hex)

    expect(found instanceof Uint8Array ? hexOf(found) : found).toEqual(message ?? reason)
  })

  it.each(vectors.records.filter(({ readOnly }) => readOnly !== true))('is written as in the vectors: $why', ({ from, hex, message, reason }) => {
    const payload = bytesOf(message ?? '')
    const head = new Uint8Array(recordHeaderSize(payload.byteLength))

    writeRecordHeader(head, 0, RECORD.message, payload.byteLength)

    expect(reason == null ? hexOf(head) + hexOf(payload) : hexOf(encodeReasonRecord(from === 'sender' ? RECORD.abort : RECORD.cancel, reason))).toBe(hex)
  })

  it.each(vectors.invalidRecords)('is refused: $why', ({ from, hex }) => {
    expect(() => read(from, hex)).toThrow(expect.objectContaining({ code: 'ProtocolViolation' }))
  })
})

describe('a session', () => {
  it.each(vectors.sessions)('writes what the vectors say when it $does', async ({ does, streams }) => {
    const scene = rawScene()

    await DEEDS[does]?.(scene.session.newSendChannel())

    const arrived = await arrivedRaw(scene)

    await settle()
    expect(arrived.map(({ link, log }) => ({ headers: link.headers, hex: hexFrom(log), end: log.includes('end') }))).toEqual(streams)
  })

  it('is told what to do by every vector', () => {
    expect(vectors.sessions.map(({ does }) => does)).toEqual(Object.keys(DEEDS))
  })
})

/** The bytes that a recorded link was given. */
function hexFrom (log: readonly string[]): string {
  const bytes = log.filter((line) => line.startsWith('data ')).flatMap((line) => line.slice('data '.length).split(',').map(Number))

  return hexOf(Uint8Array.from(bytes))
}
