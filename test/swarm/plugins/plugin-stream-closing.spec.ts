import { StreamAbortEvent, StreamCloseEvent, StreamResetEvent } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { bytes, collect, pluginPair, readAll, record } from './fixtures.ts'
import type { PluginStream } from '../../../src/swarm/plugins/index.ts'

function statuses ({ status, readStatus, writeStatus, remoteReadStatus, remoteWriteStatus }: PluginStream): string[] {
  return [status, readStatus, writeStatus, remoteReadStatus, remoteWriteStatus]
}

async function closeOf (stream: PluginStream): Promise<StreamCloseEvent> {
  return new Promise((resolve) => { stream.addEventListener('close', resolve) })
}

describe('PluginStream, closing', () => {
  it('half-closes: reading goes on after close', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    await near.close()
    expect(statuses(near)).toEqual(['open', 'readable', 'closed', 'readable', 'writable'])

    await eventually(() => far.readableEnded)
    expect(statuses(far)).toEqual(['open', 'closed', 'writable', 'readable', 'closed'])

    far.send(bytes('answer'))
    await far.close()
    expect(await readAll(near)).toBe('answer')
  })

  it('is closed when both ends are, without an error', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const closed = closeOf(near)

    await Promise.all([near.close(), far.close()])

    const event = await closed

    expect(event).toBeInstanceOf(StreamCloseEvent)
    expect(event.error).toBeUndefined()
    expect(statuses(near)).toEqual(['closed', 'closed', 'closed', 'closed', 'closed'])
    expect(near.timeline.close).toBeGreaterThanOrEqual(near.timeline.open)
  })

  it('tells of an abort at once, and the peer of a reset', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const error = new Error('changed my mind')
    const told = record(near, 'remoteCloseWrite', 'end', 'close')
    const nearClosed = closeOf(near)
    const farClosed = closeOf(far)

    near.abort(error)
    expect(told).toEqual(['end', 'close'])
    expect(statuses(near)).toEqual(['aborted', 'closed', 'closed', 'closed', 'closed'])
    expect(await nearClosed).toBeInstanceOf(StreamAbortEvent)
    expect(await nearClosed).toMatchObject({ error, local: true })

    expect(await farClosed).toBeInstanceOf(StreamResetEvent)
    expect(await farClosed).toMatchObject({ local: false, error: { name: 'StreamResetError', code: 'StreamReset' } })
    expect(statuses(far)).toEqual(['reset', 'closed', 'closed', 'closed', 'closed'])
  })

  it('fails a loop with what ended the stream', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const reading = readAll(far)
    const later = new Error('later')

    await turns(1)
    near.abort(new Error('gone'))

    await expect(reading).rejects.toMatchObject({ name: 'StreamResetError' })
    await expect(readAll(far)).rejects.toMatchObject({ name: 'StreamResetError' })

    far.abort(later)
    await expect(readAll(far)).rejects.toMatchObject({ name: 'StreamResetError' })
  })

  it('tells of an error although it is paused, as whoever paused it may wait for that', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const told = record(far, 'message', 'close')

    far.pause()
    near.send(bytes('unread'))
    await eventually(() => far.readBufferLength > 0)
    near.abort(new Error('gone'))
    await eventually(() => told.includes('close'))

    expect(told).toEqual(['close'])
  })

  it('reads a lost connection as an error, after what had arrived', async () => {
    using pair = await pluginPair()
    const { near, far, pair: { muxers } } = pair

    near.send(bytes('so far'))
    await eventually(() => far.readBufferLength === 6)
    void muxers.sockets[1].close()
    await eventually(() => far.status === 'reset')

    const closed = await closeOf(far)
    const collected = collect(far)

    await eventually(() => collected.text === 'so far')
    expect(closed.error).toMatchObject({ name: 'ConnectionLostError', code: 'ConnectionLost' })
    await expect(readAll(far)).rejects.toMatchObject({ code: 'ConnectionLost' })
  })

  it('does nothing when it is paused, resumed, pushed to, closed or aborted after its end', async () => {
    using pair = await pluginPair()
    const { near } = pair

    near.abort(new Error('first'))
    near.pause()
    near.resume()
    near.push(bytes('x'))
    near.unshift(bytes('x'))
    near.abort(new Error('second'))
    await near.close()
    await near.closeRead()

    expect(near.status).toBe('aborted')
    expect(near.original.port.error?.message).toBe('first')
    expect(near.readBufferLength).toBe(0)
  })

  it('aborts when no byte goes either way for inactivityTimeout', async () => {
    const clock = new FakeClock()
    using pair = await pluginPair({ clock })
    const { near, far } = pair

    near.inactivityTimeout = 1_000
    collect(far)
    await clock.advance(900)
    near.send(bytes('still here'))
    await clock.advance(900)
    expect(near.status).toBe('open')

    await clock.advance(1_000)
    expect(near.status).toBe('aborted')
    expect(near.original.port.error).toMatchObject({ code: 'StreamIdle', message: 'no byte went either way for 1000 ms (inactivityTimeout)' })
  })

  it.each([0, Infinity])('never times out with an inactivityTimeout of %s', async (timeout) => {
    const clock = new FakeClock()
    using pair = await pluginPair({ clock })

    pair.near.inactivityTimeout = 10
    pair.near.inactivityTimeout = timeout
    await clock.advance(1e9)

    expect(pair.near.status).toBe('open')
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer behind when it closes', async () => {
    const clock = new FakeClock()
    using pair = await pluginPair({ clock })

    pair.near.inactivityTimeout = 1_000
    pair.near.abort(new Error('over'))
    pair.near.inactivityTimeout = 1_000

    expect(clock.pending).toBe(0)
  })
})
