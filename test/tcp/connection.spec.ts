import { createHash } from 'node:crypto'
import { defaultLogger } from '@libp2p/logger'
import { tcp as npmTcp } from '@libp2p/tcp'
import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it, vi } from 'vitest'
import { eventually, turns } from '../support/settle.ts'
import { until } from '../support/until.ts'
import { closeOf, connected, rawSocket, receive, sendAll, transport } from './fixtures.ts'
import type { Socket } from 'node:net'

const MIB = 1024 * 1024

const npm = npmTcp()({ logger: defaultLogger() })

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
