import { describe, expect, it } from 'vitest'
import { IoDeadline } from '../../../src/swarm/stream/io-deadline.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A call that ends by its signal only; `ended` becomes what it was rejected with. */
function wait (deadline: IoDeadline, signal?: AbortSignal): { ended: unknown } {
  const call: { ended: unknown } = { ended: undefined }

  deadline.bound(async (either) => new Promise((_resolve, reject) => {
    either.throwIfAborted()
    either.addEventListener('abort', () => { reject(either.reason) })
  }), signal).catch((error: unknown) => { call.ended = error })

  return call
}

const EXPIRED = expect.objectContaining({ code: 'StreamDeadline' })

describe('IoDeadline', () => {
  it('ends the calls that wait when it comes, those made before it was set too', async () => {
    const clock = new FakeClock()
    const deadline = new IoDeadline(clock, 'read')
    const before = wait(deadline)

    deadline.set(clock.now() + 100)

    const after = wait(deadline)

    await clock.advance(99)
    expect([before.ended, after.ended]).toEqual([undefined, undefined])
    await clock.advance(1)
    expect([before.ended, after.ended]).toEqual([EXPIRED, EXPIRED])
    expect(before.ended).toMatchObject({ message: 'the read was not done at its deadline, 1970-01-01T00:16:40.100Z' })
  })

  it('holds for later calls, until another one is set', async () => {
    const clock = new FakeClock()
    const deadline = new IoDeadline(clock, 'read')

    deadline.set(clock.now() - 1)
    const late = wait(deadline)

    await clock.advance(0)
    expect(late.ended).toEqual(EXPIRED)

    deadline.set(clock.now() + 50)
    const next = wait(deadline)

    await clock.advance(49)
    expect(next.ended).toBeUndefined()
    await clock.advance(1)
    expect(next.ended).toEqual(EXPIRED)
  })

  it('moves under the calls that wait', async () => {
    const clock = new FakeClock()
    const deadline = new IoDeadline(clock, 'write')

    deadline.set(clock.now() + 100)

    const call = wait(deadline)

    deadline.set(clock.now() + 300)
    await clock.advance(299)
    expect(call.ended).toBeUndefined()
    await clock.advance(1)
    expect(call.ended).toEqual(EXPIRED)
  })

  it.each([null, Infinity])('is lifted by %s, and set again for the same calls', async (lifted) => {
    const clock = new FakeClock()
    const deadline = new IoDeadline(clock, 'read')

    deadline.set(clock.now() + 100)

    const call = wait(deadline)

    deadline.set(lifted)
    expect(clock.pending).toBe(0)
    await clock.advance(1_000)
    expect(call.ended).toBeUndefined()

    deadline.set(clock.now() + 10)
    await clock.advance(10)
    expect(call.ended).toEqual(EXPIRED)
  })

  it.each([-Infinity, -1e300])('takes a time that no Date can name: %s', async (when) => {
    const deadline = new IoDeadline(new FakeClock(), 'read')

    deadline.set(when)

    await expect(deadline.bound(async (signal) => { signal.throwIfAborted() })).rejects.toMatchObject({ code: 'StreamDeadline', message: expect.stringContaining(String(when)) })
  })

  it('leaves no timer once disposed of', () => {
    const clock = new FakeClock()
    const deadline = new IoDeadline(clock, 'read')

    deadline.set(clock.now() + 100)
    deadline[Symbol.dispose]()

    expect(clock.pending).toBe(0)
  })
})

describe('a call with a signal of its own', () => {
  it('ends by whichever of the two comes first, with its reason', async () => {
    const clock = new FakeClock()
    const deadline = new IoDeadline(clock, 'read')
    const controller = new AbortController()
    const reason = new Error('enough')

    deadline.set(clock.now() + 100)

    const [aborted, expired] = [wait(deadline, controller.signal), wait(deadline, new AbortController().signal)]

    controller.abort(reason)
    await clock.advance(0)
    expect([aborted.ended, expired.ended]).toEqual([reason, undefined])
    await clock.advance(100)
    expect(expired.ended).toEqual(EXPIRED)
  })

  it('ends at once when the signal has aborted before', async () => {
    const deadline = new IoDeadline(new FakeClock(), 'read')
    const reason = new Error('enough')

    await expect(deadline.bound(async (signal) => { signal.throwIfAborted() }, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('leaves nothing in the signal when it is over', async () => {
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    const { addEventListener, removeEventListener } = signal

    signal.addEventListener = (type: string, listener: unknown) => {
      listeners.add(listener)
      addEventListener.call(signal, type, listener as () => void)
    }
    signal.removeEventListener = (type: string, listener: unknown) => {
      listeners.delete(listener)
      removeEventListener.call(signal, type, listener as () => void)
    }

    await new IoDeadline(new FakeClock(), 'read').bound(async () => { expect(listeners.size).toBe(1) }, signal)

    expect(listeners.size).toBe(0)
  })
})
