import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/settle.ts'
import { failure } from '../support/stream-pair.ts'
import { closeOf, connected, rawSocket, receive, transport } from './fixtures.ts'
import type { Ends } from './fixtures.ts'

const MIB = 1024 * 1024

/** So that whoever accepted hears of no end. */
function keepUnread ({ accepted, dialled }: Ends): void {
  rawSocket(accepted).pause()
  dialled.send(Uint8Array.of(1))
}

describe('the end of a connection over TCP', () => {
  it('comes after all that was written, and is none of an error', async () => {
    await using ends = await connected()
    const accepted = closeOf(ends.accepted)

    ends.dialled.send(new Uint8Array(8 * MIB))

    const received = receive(ends.accepted, Infinity)

    await ends.dialled.close()

    expect((await received).byteLength).toBe(8 * MIB)
    expect(ends.dialled.status).toBe('closed')
    expect(await accepted).toMatchObject({ error: undefined })
    expect(ends.accepted).toMatchObject({ status: 'closed', remoteWriteStatus: 'closed' })
    expect(ends.accepted.timeline.close).toBeGreaterThan(0)
  })

  it('cannot be waited for longer than the signal', async () => {
    await using ends = await connected()
    const controller = new AbortController()

    ends.accepted.pause()

    while (ends.dialled.send(new Uint8Array(MIB))) {
      // until nothing leaves
    }

    const closing = ends.dialled.close({ signal: controller.signal })

    controller.abort(new Error('too long'))

    await expect(closing).rejects.toThrow('too long')
    expect(ends.dialled.status).toBe('closing')
    expect(() => ends.dialled.send(Uint8Array.of(1))).toThrow('writable end is closing')
  })

  it('is waited for by all who close', async () => {
    await using ends = await connected()

    await Promise.all([ends.dialled.close(), ends.dialled.close(), ends.accepted.close()])
    await ends.dialled.close()

    expect(ends.accepted.status).toBe('closed')
  })

  it('is a reset after abort', async () => {
    await using ends = await connected()
    const [dialled, accepted] = [closeOf(ends.dialled), closeOf(ends.accepted)]

    ends.dialled.abort(new Error('no more'))

    expect(await dialled).toMatchObject({ error: { message: 'no more' }, local: true })
    expect(await accepted).toMatchObject({ error: { code: 'ECONNRESET' }, local: false })
    expect([ends.dialled.status, ends.accepted.status]).toEqual(['aborted', 'reset'])
  })

  it('can be made at once while it is awaited', async () => {
    await using ends = await connected()
    const closed = closeOf(ends.dialled)

    ends.accepted.pause()

    while (ends.dialled.send(new Uint8Array(MIB))) {
      // until nothing leaves
    }

    const closing = ends.dialled.close()

    ends.dialled.abort(new Error('now'))
    await closing

    expect(await closed).toMatchObject({ error: { message: 'now' }, local: true })
  })

  it('has come to the peer, and all before it, when its close resolves', async () => {
    await using ends = await connected()
    const told: string[] = []

    ends.accepted.addEventListener('message', ({ data }) => { told.push(`${data.byteLength} bytes`) })
    ends.accepted.addEventListener('remoteCloseWrite', () => { told.push('the end') })
    ends.dialled.send(new Uint8Array(100))
    await ends.dialled.close()

    expect(told).toEqual(['100 bytes', 'the end'])
  })

  it('waits a second for the answer of the peer', async () => {
    const clock = new FakeClock(0)

    await using ends = await connected({ dialer: transport({ clock }) })
    const socket = rawSocket(ends.dialled)

    keepUnread(ends)
    const closing = ends.dialled.close()

    await eventually(() => clock.pending === 1)
    await clock.advance(999)
    expect([ends.dialled.status, socket.destroyed]).toEqual(['closing', false])

    await clock.advance(1)
    await closing
    expect([ends.dialled.status, socket.destroyed, clock.pending]).toEqual(['closed', true, 0])
  })

  it('waits as long as a signal lets it, and then a second', async () => {
    const clock = new FakeClock(0)
    const caller = new AbortController()

    await using ends = await connected({ dialer: transport({ clock }) })
    const socket = rawSocket(ends.dialled)

    keepUnread(ends)
    const closing = failure(ends.dialled.close({ signal: caller.signal }))

    await eventually(() => socket.writableFinished)
    await clock.advance(60_000)
    expect([ends.dialled.status, clock.pending]).toEqual(['closing', 0])

    caller.abort(new Error('that is enough'))
    expect(await closing).toMatchObject({ message: 'that is enough' })
    expect([ends.dialled.status, socket.destroyed]).toEqual(['closing', false])

    await clock.advance(1_000)
    await eventually(() => ends.dialled.status === 'closed')
    expect(socket.destroyed).toBe(true)
  })

  it('is awaited no longer by who aborts', async () => {
    await using ends = await connected()
    const socket = rawSocket(ends.dialled)

    keepUnread(ends)
    const closing = ends.dialled.close()

    await eventually(() => socket.writableFinished)
    ends.dialled.abort(new Error('now'))
    await closing

    expect([ends.dialled.status, socket.destroyed]).toEqual(['aborted', true])
  })

  it('does not meet with a reset what the peer still sends', async () => {
    await using ends = await connected()
    const socket = rawSocket(ends.accepted)
    const received: number[] = []

    ends.dialled.pause()
    ends.accepted.send(new Uint8Array(4 * MIB)) // nobody has read it when the end is made
    ends.dialled.send(new Uint8Array(MIB))
    ends.accepted.addEventListener('message', ({ data }) => { received.push(data.byteLength) })
    await Promise.all([ends.dialled.close(), once(socket, 'close')])

    expect(received.reduce((sum, bytes) => sum + bytes, 0)).toBe(MIB)
    expect(ends.accepted.status).toBe('closed')
  })

  it('leaves what had arrived to be read', async () => {
    await using ends = await connected()

    ends.dialled.send(Uint8Array.of(1, 2, 3))
    await ends.dialled.close()
    await eventually(() => ends.accepted.status === 'closed')

    expect([...await receive(ends.accepted, 3)]).toEqual([1, 2, 3])
  })

  it('is a loss when somebody else destroys the socket', async () => {
    await using ends = await connected()
    const closed = closeOf(ends.accepted)

    rawSocket(ends.accepted).destroy()

    expect(await closed).toMatchObject({ error: { code: 'ConnectionLost' }, local: false })
  })

  it('comes by itself after too long a silence', async () => {
    await using ends = await connected({ dialer: transport({ outboundSocketInactivityTimeout: 20 }) })

    expect(ends.dialled.inactivityTimeout).toBe(20)
    expect(ends.accepted.inactivityTimeout).toBe(120_000)
    expect(await closeOf(ends.dialled)).toMatchObject({ error: { name: 'TimeoutError' }, local: true })
  })

  it.each([0, Infinity])('never comes by itself with a timeout of %s', async (inactivityTimeout) => {
    await using ends = await connected()

    ends.dialled.inactivityTimeout = inactivityTimeout

    expect(rawSocket(ends.dialled).timeout).toBe(0)
  })

  it('after that of the peer, frees a socket that cannot answer', async () => {
    await using ends = await connected()
    const socket = rawSocket(ends.dialled)

    rawSocket(ends.accepted).pause()

    while (ends.dialled.send(new Uint8Array(MIB))) {
      // until nothing leaves
    }

    const closed = closeOf(ends.dialled)

    rawSocket(ends.accepted).end()
    await closed

    expect(socket.closed).toBe(false)

    ends.dialled.abort(new Error('that is enough'))
    await once(socket, 'close')

    expect(ends.dialled.status).toBe('closed')
  })
})
