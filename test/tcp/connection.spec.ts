import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { defaultLogger } from '@libp2p/logger'
import { tcp as npmTcp } from '@libp2p/tcp'
import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it, vi } from 'vitest'
import { socketOf } from '../../src/tcp/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { eventually, turns } from '../support/settle.ts'
import { failure } from '../support/stream-pair.ts'
import { until } from '../support/until.ts'
import { closeOf, connected, receive, sendAll, transport } from './fixtures.ts'
import type { Ends } from './fixtures.ts'
import type { MessageStream } from '@libp2p/interface'
import type { Socket } from 'node:net'

const MIB = 1024 * 1024

const npm = npmTcp()({ logger: defaultLogger() })

function rawSocket (stream: MessageStream): Socket {
  const socket = socketOf(stream)

  if (socket == null) {
    throw new TypeError('the stream has no socket')
  }

  return socket
}

/** So that whoever accepted hears of no end. */
function keepUnread ({ accepted, dialled }: Ends): void {
  rawSocket(accepted).pause()
  dialled.send(Uint8Array.of(1))
}

/** Which options of the socket Node says that it has set. */
function setOn (socket: Socket): string[] {
  const symbols = Object.getOwnPropertySymbols(socket).filter((symbol) => Reflect.get(socket, symbol) === true)

  return symbols.map(({ description }) => String(description)).filter((name) => name.startsWith('kSet'))
}

describe('a connection over TCP', () => {
  it('carries bytes both ways, in order', async () => {
    await using ends = await connected()

    ends.dialled.send(Uint8Array.of(1, 2))
    ends.dialled.send(new Uint8ArrayList(Uint8Array.of(3), Uint8Array.of(4, 5)))
    ends.accepted.send(Uint8Array.of(9))

    expect([...await receive(ends.accepted, 5)]).toEqual([1, 2, 3, 4, 5])
    expect([...await receive(ends.dialled, 1)]).toEqual([9])
  })

  it('sends a list in one write', async () => {
    await using ends = await connected()
    const writev = vi.spyOn(rawSocket(ends.dialled), '_writev' as never)

    ends.dialled.send(new Uint8ArrayList(Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)))
    await receive(ends.accepted, 3)

    expect(writev).toHaveBeenCalledTimes(1)
  })

  it('sends without delay, and has silence probed', async () => {
    await using ends = await connected()

    for (const end of [ends.dialled, ends.accepted]) {
      expect(setOn(rawSocket(end))).toEqual(expect.arrayContaining(['kSetNoDelay', 'kSetKeepAlive']))
    }
  })

  it('does neither where it is told so', async () => {
    const options = { noDelay: false, keepAlive: false }

    await using ends = await connected({ dialer: transport({ dialOpts: options }), listener: transport({ listenOpts: options }) })

    expect([setOn(rawSocket(ends.dialled)), setOn(rawSocket(ends.accepted))]).toEqual([[], []])
  })

  it.each([
    ['ours to ours', transport(), transport()],
    ['ours to that of npm', transport(), npm],
    ['that of npm to ours', npm, transport()]
  ])('loses nothing of 64 MiB while it waits for room: %s', async (_, dialer, listener) => {
    await using ends = await connected({ dialer, listener })
    const chunk = new Uint8Array(64 * 1024)
    const [sent, received] = [createHash('sha256'), createHash('sha256')]
    let left = 1024
    const arrived = Promise.withResolvers<void>()
    let bytes = 0

    ends.accepted.addEventListener('message', ({ data }) => {
      received.update(data.subarray())
      bytes += data.byteLength

      if (bytes === 64 * MIB) {
        arrived.resolve()
      }
    })
    await sendAll(ends.dialled, () => {
      if (left-- === 0) {
        return undefined
      }

      chunk.fill(left)
      sent.update(chunk)

      return chunk.slice()
    })
    await arrived.promise

    expect(received.digest('hex')).toBe(sent.digest('hex'))
  })

  it('has no room while the peer does not read, and tells when it has again', async () => {
    await using ends = await connected()
    const chunk = new Uint8Array(MIB)
    let sent = 1

    ends.accepted.pause()

    while (ends.dialled.send(chunk)) {
      sent++
    }

    expect(ends.dialled.writableNeedsDrain).toBe(true)
    expect(ends.dialled.writeBufferLength).toBeGreaterThan(0)

    const drained = ends.dialled.onDrain()
    const received = receive(ends.accepted, sent * MIB)

    ends.accepted.resume()
    await drained

    expect(ends.dialled.writableNeedsDrain).toBe(false)
    expect(ends.dialled.writeBufferLength).toBe(0)
    expect((await received).byteLength).toBe(sent * MIB)
  })

  it('leaves with the system what nobody takes', async () => {
    await using ends = await connected()
    const chunk = new Uint8Array(MIB)
    let sent = 1

    while (ends.dialled.send(chunk)) {
      sent++
      await turns(1)
    }

    await until(() => rawSocket(ends.accepted).isPaused())

    expect(ends.accepted.readBufferLength).toBeLessThan(256 * 1024)
    expect(ends.accepted.status).toBe('open')
    expect((await receive(ends.accepted, sent * MIB)).byteLength).toBe(sent * MIB)
  })

  it('gives nothing while it is paused', async () => {
    await using ends = await connected()
    const onMessage = vi.fn()

    ends.accepted.addEventListener('message', onMessage)
    ends.accepted.pause()
    ends.dialled.send(Uint8Array.of(1))
    await turns(20)

    expect(onMessage).not.toHaveBeenCalled()

    ends.accepted.resume()
    await eventually(() => onMessage.mock.calls.length === 1)
  })

  it('takes back bytes, and gives them first', async () => {
    await using ends = await connected()

    ends.dialled.send(Uint8Array.of(3, 4))
    await eventually(() => ends.accepted.readBufferLength === 2)
    ends.accepted.unshift(Uint8Array.of(1, 2))

    expect([...await receive(ends.accepted, 4)]).toEqual([1, 2, 3, 4])
  })

  it('aborts when more is unsent than it may keep', async () => {
    await using ends = await connected()

    ends.dialled.maxWriteBufferLength = 1024
    ends.accepted.pause()

    const closed = closeOf(ends.dialled)

    while (ends.dialled.status === 'open') {
      ends.dialled.send(new Uint8Array(MIB))
    }

    expect((await closed).error).toHaveProperty('name', 'StreamBufferError')
  })
})

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
