import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecordReader } from '../../../src/channel/session/record-reader.ts'
import { decodeReason, encodeReasonRecord, RECORD, recordHeaderSize, writeRecordHeader } from '../../../src/channel/session/records.ts'

function reader (maxMessageBytes = 1000, from: 'sender' | 'receiver' = 'sender'): RecordReader {
  return new RecordReader({ from, maxMessageBytes })
}

function header (type: number, length: number): number[] {
  const bytes = new Uint8Array(recordHeaderSize(length))

  writeRecordHeader(bytes, 0, type, length)

  return [...bytes]
}

function message (payload: readonly number[]): number[] {
  return [...header(RECORD.message, payload.length), ...payload]
}

describe('the writer of records', () => {
  // spec-channel 4.1 and the definition of a uvarint
  it.each([
    [0, [0, 0x00]],
    [127, [0, 0x7F]],
    [128, [0, 0x80, 0x01]],
    [16_384, [0, 0x80, 0x80, 0x01]],
    [4_194_304, [0, 0x80, 0x80, 0x80, 0x02]],
    [2 ** 35 - 1, [0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]]
  ])('writes the length %i as a uvarint', (length, bytes) => {
    expect(header(RECORD.message, length)).toEqual(bytes)
  })

  // spec-channel 7.2
  it('writes a reason as its code and its message', () => {
    expect([...encodeReasonRecord(RECORD.abort, { code: 300, message: 'no' })]).toEqual([1, 4, 1, 44, 110, 111])
  })

  // spec-channel 7.1
  it('cuts the message of a reason at a character', () => {
    const record = encodeReasonRecord(RECORD.cancel, { code: 1, message: `${'x'.repeat(1022)}é€` })
    const payload = record.subarray(3)

    expect(payload).toHaveLength(2 + 1024)
    expect(decodeReason(payload)).toEqual({ code: 1, message: `${'x'.repeat(1022)}é` })
    expect(encodeReasonRecord(RECORD.cancel, { code: 1, message: `${'x'.repeat(1023)}é` }).subarray(3)).toHaveLength(2 + 1023)
  })
})

describe('RecordReader', () => {
  it('finds the same messages however the bytes are cut', () => {
    fc.assert(fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (messages, cuts) => {
        const bytes = Uint8Array.from(messages.flatMap((payload) => message([...payload])))
        const subject = reader()
        const found: unknown[] = []

        for (let at = 0, cut = 0; at < bytes.byteLength; cut++) {
          const end = at + (cuts[cut % cuts.length] ?? 1)

          subject.push(bytes.subarray(at, end))
          at = end

          for (let next = subject.next(); next != null; next = subject.next()) {
            found.push(next)
          }
        }

        expect(found).toEqual(messages)
        expect(subject.buffered).toBe(0)
      }
    ))
  })

  it('does not copy a message that came in one chunk', () => {
    const subject = reader()
    const chunk = Uint8Array.from(message([1, 2, 3]))

    subject.push(chunk)

    const found = subject.next()

    expect(found instanceof Uint8Array && found.buffer).toBe(chunk.buffer)
  })

  it('skips extensions, however long, without keeping them', () => {
    const subject = reader(10)

    subject.push(Uint8Array.from(header(200, 2 ** 34)))

    for (let count = 0; count < 4; count++) {
      subject.push(new Uint8Array(1000))

      expect(subject.next()).toBeUndefined()
      expect(subject.buffered).toBe(0)
    }
  })

  it('goes on behind an extension', () => {
    const subject = reader()

    subject.push(Uint8Array.of(128, 3, 9, 9, 9, ...header(255, 0), ...message([7])))

    expect(subject.next()).toEqual(Uint8Array.of(7))
  })

  it('gives the reason of an abort behind the messages', () => {
    const subject = reader()

    subject.push(Uint8Array.of(...message([7]), ...encodeReasonRecord(RECORD.abort, { code: 300, message: 'no' })))

    expect(subject.hasEnd()).toBe(false)
    expect(subject.next()).toEqual(Uint8Array.of(7))
    expect(subject.hasEnd()).toBe(true)
    expect(subject.next()).toEqual({ code: 300, message: 'no' })
  })

  // spec-channel 4.2: before anything of it is kept
  it('refuses a message over the limit by its length', () => {
    const subject = reader(10)

    subject.push(Uint8Array.from(header(RECORD.message, 11)))

    expect(subject.hasNext()).toBe(true)
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'MessageTooLarge', message: expect.stringContaining('11 bytes') }))
  })

  it.each([
    ['a cancel record of the sender', 'sender', [2, 2, 0, 3]],
    ['a message of the receiver', 'receiver', [0, 1, 1]],
    ['an abort record of the receiver', 'receiver', [1, 2, 0, 3]],
    ['an unknown type', 'sender', [3, 0]],
    ['the last unknown type', 'sender', [127, 0]],
    ['a reason of 1,027 bytes', 'sender', [1, 0x83, 0x08]],
    ['a reason of one byte', 'sender', [1, 1, 0]],
    ['a length of six bytes', 'sender', [0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]]
  ] as const)('takes %s for a violation', (_, from, bytes) => {
    const subject = reader(1000, from)

    subject.push(Uint8Array.from(bytes))

    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'ProtocolViolation' }))
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'ProtocolViolation' }))
  })
})
