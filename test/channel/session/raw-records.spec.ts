import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { arrivedRaw, headers, openRaw, rawScene, record } from './raw-peer.ts'

const NUMBER = record(0, 7)

// spec-channel 4.1
describe('what a receiver answers', () => {
  it('is its end, when it has come to the end', async () => {
    const scene = rawScene()
    const channel = openRaw(scene, headers(2))

    channel.link.write(NUMBER)
    channel.link.end()

    const receiver = await scene.session.waitReceiveChannel()

    await settle()

    expect(channel.log).toEqual([])

    await receiver.receive()
    await settle()

    expect(channel.log).toEqual(['end', 'close'])
  })

  it('is a record and its end, when it cancels', async () => {
    const scene = rawScene()
    const channel = openRaw(scene, headers(2))
    const receiver = await scene.session.waitReceiveChannel()

    receiver.cancel({ code: 300, message: 'no' })
    await settle()

    expect(channel.log).toEqual(['data 2,4,1,44,110,111', 'end'])

    channel.link.write(NUMBER)
    channel.link.end()
    await settle()

    expect(channel.log).toEqual(['data 2,4,1,44,110,111', 'end', 'close'])
  })

  it.each([
    ['a record of the receiver', [2, 2, 0, 3]],
    ['an unknown record', [77, 0]],
    ['the end of the stream within a record', [0, 5, 1]]
  ])('is a reset with protocolViolation to %s', async (_, bytes) => {
    const scene = rawScene()
    const channel = openRaw(scene, headers(2))
    const receiver = await scene.session.waitReceiveChannel()

    channel.link.write(NUMBER)
    channel.link.write(Uint8Array.from(bytes))
    channel.link.end()
    await settle()

    expect(await receiver.receive()).toEqual({ done: false, value: 7 })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ProtocolViolation' })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ProtocolViolation' })
    expect(await receiver.closed).toMatchObject({ how: 'cancelled', reason: { code: 2 } })

    await settle()

    expect(channel.error).toMatchObject({ code: 'StreamReset', reason: { code: 2 } })
    expect(scene.session.stat().accepted).toBe(0)
  })

  // spec-channel 4.2, 7.1
  it.each([
    ['too long', 'MessageTooLarge', 4, [0, 50]],
    ['too deep', 'MessageTooDeep', 5, [...record(0, 0x91, 0x91, 0x91, 0x01)]],
    ['of too many references', 'TooManyReferences', 6, [...record(0, 0x92, 0xD6, 4, 0, 0, 0, 4, 0xD6, 4, 0, 0, 0, 6)]],
    ['unreadable', 'InvalidMessage', 7, [...record(0, 0xC1)]]
  ] as const)('is a cancellation to a message that is %s, and the session goes on', async (_, code, reason, bytes) => {
    const scene = rawScene({ limits: { maxMessageBytes: 40, maxDepth: 2, maxReferences: 1 } })
    const channel = openRaw(scene, headers(2))
    const receiver = await scene.session.waitReceiveChannel()

    channel.link.write(Uint8Array.from(bytes))

    await expect(receiver.receive()).rejects.toMatchObject({ code })
    await expect(receiver.receive()).rejects.toMatchObject({ code })
    expect(await receiver.closed).toMatchObject({ how: 'cancelled', reason: { code: reason } })

    await settle()

    expect(channel.log[0]).toMatch(new RegExp(`^data 2,\\d+,0,${reason},`))
    expect(channel.log[1]).toBe('end')
    expect(scene.session.signal.aborted).toBe(false)
  })

  it('notices a message that is too long without anybody receiving it', async () => {
    const scene = rawScene({ limits: { maxMessageBytes: 40 } })
    const channel = openRaw(scene, headers(2))
    const receiver = await scene.session.waitReceiveChannel()

    channel.link.write(Uint8Array.of(0, 41))

    expect(await receiver.closed).toMatchObject({ how: 'cancelled', reason: { code: 4 } })
  })
})

describe('what a sender answers', () => {
  it('is its end, when the receiver cancels', async () => {
    const scene = rawScene()
    const sender = scene.session.newSendChannel()
    const [channel] = await arrivedRaw(scene)

    channel?.link.write(record(2, 1, 44, 110, 111))
    channel?.link.end()
    await settle()

    expect(channel?.log).toEqual(['end', 'close'])
    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled', reason: { code: 300, message: 'no' } })
  })

  it('is nothing, when the receiver ends its direction alone', async () => {
    const scene = rawScene()
    const sender = scene.session.newSendChannel()
    const [channel] = await arrivedRaw(scene)

    channel?.link.end()
    await settle()
    await sender.send(7)
    await sender.close()
    await settle()

    expect(channel?.log).toEqual([`data ${NUMBER.join(',')}`, 'end', 'close'])
    expect(await sender.closed).toEqual({ how: 'closed' })
  })

  it.each([
    ['a message', [...NUMBER]],
    ['an abort', [1, 2, 0, 1]],
    ['an unknown record', [3, 0]]
  ])('is a reset with protocolViolation to %s', async (_, bytes) => {
    const scene = rawScene()
    const sender = scene.session.newSendChannel()
    const [channel] = await arrivedRaw(scene)

    channel?.link.write(Uint8Array.from(bytes))
    await settle()

    expect(channel?.error).toMatchObject({ code: 'StreamReset', reason: { code: 2 } })
    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ProtocolViolation' })
    expect(await sender.closed).toMatchObject({ how: 'cancelled', reason: { code: 2 } })
  })

  // spec-channel 6.5
  it('takes a reset for a cancellation, and at the receiver it is an abort behind the messages', async () => {
    const scene = rawScene()
    const reason = { code: 301, message: 'gone' }
    const sender = scene.session.newSendChannel()
    const [ours] = await arrivedRaw(scene)
    const theirs = openRaw(scene, headers(2))
    const receiver = await scene.session.waitReceiveChannel()

    ours?.link.reset(reason)
    theirs.link.write(NUMBER)
    theirs.link.reset(reason)
    await settle()

    await expect(sender.send(1)).rejects.toMatchObject({ code: 'ChannelCancelled', reason })
    expect(await sender.closed).toEqual({ how: 'cancelled', reason })
    expect(await receiver.receive()).toEqual({ done: false, value: 7 })
    await expect(receiver.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason })
    expect(await receiver.closed).toEqual({ how: 'aborted', reason })
  })

  it('skips extensions on both sides', async () => {
    const scene = rawScene()
    const sender = scene.session.newSendChannel()
    const [ours] = await arrivedRaw(scene)
    const theirs = openRaw(scene, headers(2))
    const receiver = await scene.session.waitReceiveChannel()

    ours?.link.write(record(200, 1, 2, 3))
    theirs.link.write(record(128, 1))
    theirs.link.write(NUMBER)
    await settle()

    expect(await receiver.receive()).toEqual({ done: false, value: 7 })
    expect(sender.trySend(1)).toBe(true)
  })
})
