import { describe, expect, it } from 'vitest'
import { json, msgpack } from '../../../src/channel/codec/index.ts'
import { ValueReader } from '../../../src/channel/session/value-reader.ts'
import { settle } from '../../support/fake-clock.ts'
import { arrivedRaw, headers, openRaw, rawScene, reference } from './raw-peer.ts'
import { sessionPair } from './session-pair.ts'
import type { Receiver } from '../../../src/channel/contract/index.ts'

const LIMITS = { maxMessageBytes: 100, maxDepth: 4, maxReferences: 4 }

function reader (): ValueReader {
  const scanner = msgpack.createScanner?.(LIMITS)

  if (scanner == null) {
    throw new Error('msgpack delimits itself')
  }

  return new ValueReader(scanner)
}

// spec-channel 11.3
describe('ValueReader', () => {
  it('finds the same messages however the bytes are cut', () => {
    const bytes = Uint8Array.of(0x01, 0x92, 0x02, 0x03, 0xA2, 104, 105, 0xC0)

    for (let size = 1; size <= bytes.byteLength; size++) {
      const subject = reader()
      const found: unknown[] = []

      for (let at = 0; at < bytes.byteLength; at += size) {
        subject.push(bytes.subarray(at, at + size))

        for (let next = subject.next(); next != null; next = subject.next()) {
          found.push([...next])
        }
      }

      expect(found).toEqual([[0x01], [0x92, 0x02, 0x03], [0xA2, 104, 105], [0xC0]])
      expect(subject.buffered).toBe(0)
    }
  })

  it('refuses what is too long or unreadable behind what is not', () => {
    const subject = reader()

    subject.push(Uint8Array.of(0x01, 0xC5, 0xFF, 0xFF))

    expect(subject.hasEnd()).toBe(false)
    expect(subject.next()).toEqual(Uint8Array.of(0x01))
    expect(subject.hasEnd()).toBe(true)
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'MessageTooLarge' }))
    expect(() => subject.next()).toThrow(expect.objectContaining({ code: 'MessageTooLarge' }))
  })

  it('begins anew after it was cleared', () => {
    const subject = reader()

    subject.push(Uint8Array.of(0x92, 0x01))
    expect(subject.next()).toBeUndefined()
    subject.clear()

    expect([subject.buffered, subject.hasNext()]).toEqual([0, false])
  })
})

describe('a session whose messages are bare values', () => {
  it('sends and receives them', async () => {
    const scene = rawScene({ memory: { framing: 'values' } })

    await scene.session.newSendChannel().send([1])

    const theirs = openRaw(scene, headers(2))

    theirs.link.write(Uint8Array.of(0x07, 0x91))
    theirs.link.write(Uint8Array.of(0x08))

    const receiver = await scene.session.waitReceiveChannel()
    const [ours] = await arrivedRaw(scene)

    expect(ours?.log).toEqual(['data 145,1'])
    expect(await receiver.receive()).toEqual({ done: false, value: 7 })
    expect(await receiver.receive()).toEqual({ done: false, value: [8] })
  })

  // spec-channel 11.5
  it('aborts by a reset behind the messages, and cancels by one', async () => {
    const { a, b } = sessionPair({ framing: 'values' })
    const [first, second] = [a.newSendChannel(), a.newSendChannel()]
    const [aborted, cancelled] = [await b.waitReceiveChannel(), await b.waitReceiveChannel()]

    await first.send(1)
    first.abort({ code: 300, message: 'no' })
    cancelled.cancel({ code: 301, message: 'neither' })

    expect(await aborted.receive()).toEqual({ done: false, value: 1 })
    await expect(aborted.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 300 } })
    expect(await second.closed).toEqual({ how: 'cancelled', reason: { code: 301, message: 'neither' } })
    await settle()
    expect([a.stat().opened, b.stat().accepted]).toEqual([0, 0])
  })

  it('closes, and refuses a message that is cut off', async () => {
    const scene = rawScene({ memory: { framing: 'values' } })
    const [whole, cut] = [openRaw(scene, headers(2)), openRaw(scene, headers(4))]

    whole.link.write(Uint8Array.of(0x07))
    whole.link.end()
    cut.link.write(Uint8Array.of(0x92, 0x07))
    cut.link.end()

    const [first, second] = [await scene.session.waitReceiveChannel(), await scene.session.waitReceiveChannel()]

    expect(await first.receive()).toEqual({ done: false, value: 7 })
    expect(await first.receive()).toEqual({ done: true, value: undefined })
    await expect(second.receive()).rejects.toMatchObject({ code: 'ProtocolViolation' })
  })

  it('needs a codec that delimits itself', async () => {
    expect(() => sessionPair({ framing: 'values', a: { codec: json } })).toThrow(expect.objectContaining({ code: 'UnsupportedCodec' }))

    const scene = rawScene({ memory: { framing: 'values' } })
    const stream = openRaw(scene, headers(2, 0, { 'libchan-codec': 'json' }))

    await settle()

    expect(stream.error).toMatchObject({ reason: { code: 10 } })
  })
})

// spec-channel 11.6
describe('a session with Go libchan', () => {
  it('takes numbers without parity, also of its own', async () => {
    const scene = rawScene({ memory: { framing: 'values', peerVersion: 0 } })
    const [, remote] = scene.session.createNestedReceiver()

    await scene.session.newSendChannel().send(remote)

    const carrier = openRaw(scene, headers(3))
    const nested = openRaw(scene, headers(1, 3))

    carrier.link.write(Uint8Array.of(...reference(5, 1)))
    nested.link.write(Uint8Array.of(0x07))

    const { value } = await (await scene.session.waitReceiveChannel()).receive() as { value: Receiver<unknown> }

    expect(await value.receive()).toEqual({ done: false, value: 7 })
    expect(scene.session.stat()).toEqual({ opened: 2, accepted: 2, unclaimed: 0, pending: 0 })
  })

  it('does not take the end of a receiver for more than it is', async () => {
    const scene = rawScene({ memory: { framing: 'values', peerVersion: 0 } })
    const [sender, remote] = scene.session.createNestedSender<number>()

    await scene.session.newSendChannel().send(remote)

    const [, nested] = await arrivedRaw(scene)

    nested?.link.end()
    await settle()
    await sender.send(7)
    await settle()

    expect(nested?.log).toEqual(['data 7'])
  })
})
