import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { headers, openRaw, rawScene } from './raw-peer.ts'
import { sessionPair } from './session-pair.ts'

// spec-channel 2.1
describe('top-level channels', () => {
  it('are opened by both sides, and received in the order in which they were opened', async () => {
    const { a, b } = sessionPair()

    for (const [session, name] of [[a, 'a1'], [b, 'b1'], [a, 'a2'], [b, 'b2']] as const) {
      await session.newSendChannel().send(name)
    }

    for (const [session, name] of [[b, 'a1'], [b, 'a2'], [a, 'b1'], [a, 'b2']] as const) {
      expect(await (await session.waitReceiveChannel()).receive()).toEqual({ done: false, value: name })
    }
  })

  it('go to those who wait, in the order in which they came', async () => {
    const { a, b } = sessionPair()
    const waiting = [b.waitReceiveChannel(), b.waitReceiveChannel()]

    await a.newSendChannel().send(1)
    await a.newSendChannel().send(2)

    const receivers = await Promise.all(waiting)

    expect(await Promise.all(receivers.map(async (receiver) => (await receiver.receive()).value))).toEqual([1, 2])
  })

  it('are not lost for somebody who waits no more', async () => {
    const { a, b } = sessionPair()
    const controller = new AbortController()
    const reason = new Error('no time')
    const waiting = b.waitReceiveChannel({ signal: controller.signal })

    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(b.waitReceiveChannel({ signal: controller.signal })).rejects.toBe(reason)

    await a.newSendChannel().send(1)

    expect(await (await b.waitReceiveChannel()).receive()).toEqual({ done: false, value: 1 })
  })

  it('keep to a schema on both sides', async () => {
    const { z } = await import('zod')
    const { a, b } = sessionPair()
    const sender = a.newSendChannel<number>({ schema: z.number().max(10) })
    const receiver = await b.waitReceiveChannel<number>({ schema: z.number().max(5) })

    await expect(sender.send(11)).rejects.toMatchObject({ code: 'MessageRejected' })
    await sender.send(7)
    await sender.send(5)

    await expect(receiver.receive()).rejects.toMatchObject({ code: 'MessageRejected' })
    expect(await receiver.receive()).toEqual({ done: false, value: 5 })
  })

  it('end at once where the schema is none', async () => {
    const { a, b } = sessionPair()

    expect(() => a.newSendChannel({ schema: {} as never })).toThrow(TypeError)
    await expect(b.waitReceiveChannel({ schema: {} as never })).rejects.toThrow(TypeError)
    await settle()

    expect([a.stat().opened, b.stat().accepted]).toEqual([0, 0])
  })

  it('are iterated up to the close of the session', async () => {
    const { a, b } = sessionPair()
    const seen: unknown[] = []
    const loop = (async () => {
      for await (const receiver of b) {
        seen.push((await receiver.receive()).value)
      }
    })()

    await a.newSendChannel().send(1)
    await a.newSendChannel().send(2)
    await settle()
    await a.close()
    await loop

    expect(seen).toEqual([1, 2])
  })

  it('are iterated with an error when the connection is lost', async () => {
    const { a, b } = sessionPair()
    const next = b[Symbol.asyncIterator]().next()
    const lost = expect(next).rejects.toMatchObject({ code: 'ConnectionLost' })

    a.abort()
    await lost
  })

  it('go on to come when a loop over them was left', async () => {
    const { a, b } = sessionPair()

    a.newSendChannel()
    a.newSendChannel()

    const loop = b[Symbol.asyncIterator]()

    await loop.next()
    await loop.return?.()

    expect(await loop.next()).toEqual({ done: true, value: undefined })
    expect(b.signal.aborted).toBe(false)
    await b.waitReceiveChannel()
  })

  // spec-channel 2.2
  it('are refused above the limit', async () => {
    const scene = rawScene({ limits: { maxPendingChannels: 2 } })
    const channels = [2, 4, 6].map((ref) => openRaw(scene, headers(ref)))

    await settle()

    expect(channels.map(({ error }) => error)).toMatchObject([undefined, undefined, { reason: { code: 13 } }])
    expect(scene.session.stat()).toEqual({ opened: 0, accepted: 2, unclaimed: 0, pending: 2 })
  })

  // spec-channel 2.4
  it('wait above the limit of streams, and fail when as many wait', async () => {
    const { a, b } = sessionPair({ maxOpenStreams: 2 })
    const senders = [1, 2, 3, 4].map(() => a.newSendChannel())

    expect(() => a.newSendChannel()).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))

    await senders[2]?.send('waited')
    await settle()

    expect(b.stat().pending).toBe(2)

    await senders[0]?.close()
    await (await b.waitReceiveChannel()).closed
    await b.waitReceiveChannel()

    expect(await (await b.waitReceiveChannel()).receive()).toEqual({ done: false, value: 'waited' })
  })
})

describe('the limits of a session', () => {
  it.each([
    ['maxMessageBytes', -1],
    ['maxDepth', 1.5],
    ['unclaimedReferenceTtlMs', NaN]
  ])('refuse %s of %d', (name, value) => {
    expect(() => sessionPair({ limits: { [name]: value } })).toThrow(`limits.${name} must be a whole number from 0, or Infinity, received ${value}`)
  })
})
