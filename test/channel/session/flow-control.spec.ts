import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { arrivedRaw, headers, openRaw, rawScene } from './raw-peer.ts'
import { sessionPair } from './session-pair.ts'

const KIB = 1024

// spec-channel 13.3
describe('a channel that nobody reads', () => {
  it('takes a bounded number of bytes, and goes on when somebody does', async () => {
    const { a, b } = sessionPair({ bufferBytes: 8 * KIB, limits: { sendBufferBytes: 4 * KIB, receiveBufferBytes: 16 * KIB } })
    const sender = a.newSendChannel()
    const message = new Uint8Array(KIB)
    let sent = 0

    for (; sender.trySend(message) && sent < 1000; sent++) {
      await settle()
    }

    // nobody has accepted it: what the link takes, and what waits to leave
    expect(sent).toBeGreaterThanOrEqual(12)
    expect(sent).toBeLessThanOrEqual(16)

    const receiver = await b.waitReceiveChannel()

    await settle()

    for (; sender.trySend(message) && sent < 1000; sent++) {
      await settle()
    }

    expect(sent).toBeLessThanOrEqual(34)

    await receiver.receive()

    const waiting = sender.send(message)

    for (let count = 0; count < sent - 1; count++) {
      expect(await receiver.receive()).toMatchObject({ done: false })
    }

    await waiting
    expect(await receiver.receive()).toMatchObject({ done: false })
  })

  it('holds up no other channel', async () => {
    const { a, b } = sessionPair()
    const [stalled, lively] = [a.newSendChannel<string>(), a.newSendChannel<string>()]

    while (stalled.trySend('x'.repeat(10 * KIB))) {
      await settle()
    }

    await b.waitReceiveChannel()

    const receiver = await b.waitReceiveChannel<string>()

    for (let count = 0; count < 100; count++) {
      await lively.send('through')

      expect(await receiver.receive()).toEqual({ done: false, value: 'through' })
    }
  })

  it('still lets one message in that is larger than its buffer', async () => {
    const { a, b } = sessionPair({ bufferBytes: KIB, limits: { sendBufferBytes: 10, receiveBufferBytes: 10 } })
    const sender = a.newSendChannel<Uint8Array>()
    const receiver = await b.waitReceiveChannel<Uint8Array>()

    for (const size of [100 * KIB, 3, 300 * KIB]) {
      const sent = sender.send(new Uint8Array(size).fill(size))
      const { value } = await receiver.receive()

      await sent
      expect(value).toEqual(new Uint8Array(size).fill(size))
    }
  })
})

describe('a receiver', () => {
  it('stops taking bytes at its buffer, but not within the only message', async () => {
    const scene = rawScene({ memory: { bufferBytes: 10 }, limits: { receiveBufferBytes: 100 } })
    const channel = openRaw(scene, headers(2))
    const receiver = await scene.session.waitReceiveChannel<Uint8Array>()
    const half = new Uint8Array(500)

    // the first half of a message of 1,000 bytes
    channel.link.write(Uint8Array.of(0, 0xEB, 0x07, 0xC5, 0x03, 0xE8))
    channel.link.write(half)
    await settle()

    expect(channel.log).toEqual(['room'])

    channel.link.write(half)
    await settle()

    expect(channel.log).toEqual(['room', 'room'])

    // now there is a whole message, and more than enough
    channel.link.write(Uint8Array.of(0, 2, 0xCC, 0xFF, 0, 2, 0xCC, 0xFE, 0, 2))
    channel.link.write(Uint8Array.of(0xCC, 0xFD))
    await settle()

    expect(channel.log).toEqual(['room', 'room'])
    expect((await receiver.receive()).value).toHaveLength(1000)
  })
})

describe('messages of one turn', () => {
  it('leave in one piece', async () => {
    const scene = rawScene()
    const sender = scene.session.newSendChannel()

    for (let number = 0; number < 10; number++) {
      await sender.send(number)
    }

    await settle()

    const [channel] = await arrivedRaw(scene)

    expect(channel?.log).toEqual([`data ${Array.from({ length: 10 }, (_, number) => [0, 1, number]).join(',')}`])
  })
})
