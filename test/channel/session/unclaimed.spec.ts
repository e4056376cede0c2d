import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { headers, openRaw, rawScene, record, reference } from './raw-peer.ts'
import type { RawScene } from './raw-peer.ts'
import type { ByteStream, Receiver, Sender, SessionLimits } from '../../../src/channel/contract/index.ts'
import type { RecordedLink } from '../providers/recorded-link.ts'

const TTL = 30_000
const NUMBER = record(0, 7)

interface Scene extends RawScene {
  carrier: RecordedLink
  receiver: Receiver<unknown>
}

/** A channel of the peer, number 2, that is received. */
async function scene (limits?: Partial<SessionLimits>): Promise<Scene> {
  const raw = rawScene({ limits })
  const carrier = openRaw(raw, headers(2))

  return { ...raw, carrier, receiver: await raw.session.waitReceiveChannel() }
}

// spec-channel 8.4
describe('a stream that no message refers to', () => {
  it('is reset with unclaimed after 30 s', async () => {
    const { clock, session, ...raw } = await scene()
    const stream = openRaw({ clock, session, ...raw }, headers(4, 2))

    await clock.advance(TTL - 1)

    expect([stream.log, session.stat().unclaimed]).toEqual([[], 1])

    await clock.advance(1)

    expect(stream.error).toMatchObject({ code: 'StreamReset', reason: { code: 9 } })
    expect(session.stat()).toEqual({ opened: 0, accepted: 1, unclaimed: 0, pending: 0 })
    expect(clock.pending).toBe(0)
  })

  it('has its own 30 s each', async () => {
    const raw = await scene()
    const first = openRaw(raw, headers(4, 2))

    await raw.clock.advance(20_000)

    const second = openRaw(raw, headers(6, 2))

    await raw.clock.advance(10_000)

    expect([first.log.length, second.log.length]).toEqual([1, 0])

    await raw.clock.advance(20_000)

    expect(second.log.length).toBe(1)
  })

  it('has time while its channel has messages that were not received', async () => {
    const raw = await scene()
    const stream = openRaw(raw, headers(4, 2))

    raw.carrier.link.write(NUMBER)
    raw.carrier.link.write(NUMBER)
    await raw.clock.advance(10 * TTL)
    await raw.receiver.receive()
    await raw.clock.advance(10 * TTL)

    expect(stream.log).toEqual([])

    await raw.receiver.receive()
    await raw.clock.advance(TTL - 1)

    expect(stream.log).toEqual([])

    await raw.clock.advance(1)

    expect(stream.error).toMatchObject({ reason: { code: 9 } })
  })

  it('has time while its channel waits to be received itself', async () => {
    const raw = await scene()
    const pending = openRaw(raw, headers(4))
    const stream = openRaw(raw, headers(6, 4))

    await raw.clock.advance(10 * TTL)

    expect([pending.log, stream.log]).toEqual([[], []])

    await raw.session.waitReceiveChannel()
    await raw.clock.advance(TTL)

    expect(stream.error).toMatchObject({ reason: { code: 9 } })
  })

  it.each([
    ['is closed', ({ carrier }: Scene) => { carrier.link.end() }],
    ['is aborted', ({ carrier }: Scene) => { carrier.link.write(record(1, 0, 1)) }],
    ['is reset', ({ carrier }: Scene) => { carrier.link.reset({ code: 0, message: '' }) }],
    ['is cancelled', ({ receiver }: Scene) => { receiver.cancel() }]
  ])('is reset at once when its channel %s', async (_, end) => {
    const raw = await scene()
    const stream = openRaw(raw, headers(4, 2))

    await settle()
    end(raw)
    await settle()

    expect(stream.error).toMatchObject({ reason: { code: 9 } })

    const late = openRaw(raw, headers(6, 2))

    await settle()

    expect(late.error).toMatchObject({ reason: { code: 9 } })
  })

  it('takes the streams that belong to it with it', async () => {
    const raw = await scene()
    const child = openRaw(raw, headers(4, 2))
    const grandchild = openRaw(raw, headers(6, 4))

    await settle()
    raw.receiver.cancel()
    await settle()

    expect([child.error, grandchild.error]).toMatchObject([{ reason: { code: 9 } }, { reason: { code: 9 } }])
    expect(raw.session.stat().unclaimed).toBe(0)
  })

  it('is refused above the limit', async () => {
    const raw = await scene({ maxUnclaimedReferences: 2 })
    const streams = [4, 6, 8].map((ref) => openRaw(raw, headers(ref, 2)))

    await settle()

    expect(streams.map(({ error }) => error)).toMatchObject([undefined, undefined, { reason: { code: 13 } }])
  })

  // spec-channel 8.7
  it('belongs to a message that was thrown away', async () => {
    const raw = await scene()
    const stream = openRaw(raw, headers(4, 2))

    raw.carrier.link.write(record(0, ...reference(4, 4)))
    await settle()
    raw.receiver.cancel()
    await settle()

    expect(stream.error).toMatchObject({ reason: { code: 9 } })
  })
})

// spec-channel 8.4
describe('a stream that two messages refer to', () => {
  it('belongs to the first, and the second gets an end that has failed', async () => {
    const raw = await scene()
    const stream = openRaw(raw, headers(4, 2))

    raw.carrier.link.write(record(0, 0x92, ...reference(5, 4), ...reference(5, 4)))
    stream.link.write(NUMBER)

    const { value } = await raw.receiver.receive() as { value: [Receiver<unknown>, Receiver<unknown>] }

    expect(await value[0].receive()).toEqual({ done: false, value: 7 })
    await expect(value[1].receive()).rejects.toMatchObject({ code: 'UnknownReference' })
    expect(await value[1].closed).toMatchObject({ how: 'lost', error: { code: 'UnknownReference' } })
  })

  it.each([
    ['a sender of ours that was never away', 4, 1],
    ['a receiver of ours', 5, 1],
    ['a byte stream of ours', 1, 1]
  ] as const)('fails in the same way as %s', async (_, kind, ref) => {
    const raw = await scene()

    raw.carrier.link.write(record(0, ...reference(kind, ref)))

    const { value } = await raw.receiver.receive() as { value: Sender<number> & Receiver<number> & ByteStream }

    switch (kind) {
      case 4:
        await expect(value.send(1)).rejects.toMatchObject({ code: 'UnknownReference' })
        break
      case 5:
        await expect(value.receive()).rejects.toMatchObject({ code: 'UnknownReference' })
        break
      default:
        await expect(value.read()).rejects.toMatchObject({ code: 'UnknownReference' })
    }
  })
})

// spec-channel 8.5
describe('a reference to a stream that is not there', () => {
  it('waits for it: a receiver', async () => {
    const raw = await scene()

    raw.carrier.link.write(record(0, ...reference(5, 4)))

    const { value } = await raw.receiver.receive() as { value: Receiver<unknown> }
    const received = value.receive()

    expect(value.tryReceive()).toBeUndefined()

    openRaw(raw, headers(4, 2)).link.write(NUMBER)

    expect(await received).toEqual({ done: false, value: 7 })
    await raw.clock.advance(TTL)
    expect(raw.session.stat()).toEqual({ opened: 0, accepted: 2, unclaimed: 0, pending: 0 })
  })

  it('waits for it: a sender, which then uses the codec of the stream', async () => {
    const raw = await scene()

    raw.carrier.link.write(record(0, ...reference(4, 4)))

    const { value } = await raw.receiver.receive() as { value: Sender<unknown> }
    const sent = [value.send(1), value.send(2)]

    expect(value.trySend(3)).toBe(false)

    const closed = value.close()
    const stream = openRaw(raw, headers(4, 2, { 'libchan-codec': 'json' }))

    await Promise.all([...sent, closed])
    await settle()

    expect(stream.log).toEqual([`data ${[...record(0, 0x31), ...record(0, 0x32)].join(',')}`, 'end'])
  })

  it('waits for it: a byte stream', async () => {
    const raw = await scene()

    raw.carrier.link.write(record(0, ...reference(1, 4)))

    const { value } = await raw.receiver.receive() as { value: ByteStream }

    await value.write('hi')

    const stream = openRaw(raw, headers(4, 2))

    stream.link.write(Uint8Array.of(104, 105))
    stream.link.end()

    expect(await value.text()).toBe('hi')
    await value.end()
    await settle()
    expect(stream.log).toEqual(['data 104,105', 'end', 'close'])
  })

  it('fails by itself after 30 s', async () => {
    const raw = await scene()

    raw.carrier.link.write(record(0, 0x93, ...reference(4, 4), ...reference(5, 6), ...reference(1, 8)))

    const { value } = await raw.receiver.receive() as { value: [Sender<number>, Receiver<unknown>, ByteStream] }
    const outcomes = Promise.allSettled([value[0].send(1), value[1].receive(), value[2].read()])

    await raw.clock.advance(TTL)

    expect(await outcomes).toMatchObject(Array(3).fill({ status: 'rejected', reason: { code: 'UnknownReference' } }))

    const late = openRaw(raw, headers(4, 2))

    await raw.clock.advance(TTL)

    expect(late.error).toMatchObject({ reason: { code: 9 } })
    expect(raw.clock.pending).toBe(0)
  })

  it('passes on what was done to the end meanwhile', async () => {
    const raw = await scene()

    raw.carrier.link.write(record(0, 0x93, ...reference(4, 4), ...reference(5, 6), ...reference(1, 8)))

    const { value } = await raw.receiver.receive() as { value: [Sender<number>, Receiver<unknown>, ByteStream] }

    value[0].abort({ code: 300 })
    value[1].cancel({ code: 301 })
    value[2].reset({ code: 302 })

    const [abort, cancel, reset] = [4, 6, 8].map((ref) => openRaw(raw, headers(ref, 2)))

    await settle()

    expect(abort?.log).toEqual(['data 1,2,1,44', 'end'])
    expect(cancel?.log).toEqual(['data 2,2,1,45', 'end'])
    expect(reset?.error).toMatchObject({ reason: { code: 302 } })
  })

  it('fails when the session ends, and when too many wait', async () => {
    const raw = await scene({ maxUnclaimedReferences: 1 })

    raw.carrier.link.write(record(0, 0x92, ...reference(5, 4), ...reference(5, 6)))

    const { value } = await raw.receiver.receive() as { value: [Receiver<unknown>, Receiver<unknown>] }
    const received = value[0].receive()
    const failed = expect(received).rejects.toMatchObject({ code: 'SessionClosed' })

    await expect(value[1].receive()).rejects.toMatchObject({ code: 'UnknownReference' })
    await raw.session.close()
    await failed
  })
})
