import { describe, expect, it } from 'vitest'
import { record, Scene } from '../support/yamux-scene.ts'

describe('closing a stream', () => {
  // yamux 2.11
  it('ends our side after all that was written, and leaves the other side open', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    stream.send(new Uint8Array(100_000))

    const closing = stream.close()

    expect([stream.writeStatus, stream.status]).toEqual(['closing', 'open'])
    await closing
    expect(await scene.sent()).toEqual(['data 1 - 21827', 'data 1 - 21827', 'data 1 - 21827', 'data 1 - 21827', 'data 1 - 12692', 'window 1 FIN 0'])
    expect([stream.writeStatus, stream.readStatus, stream.status]).toEqual(['closed', 'readable', 'open'])
  })

  it('resolves when its frame has been handed to the transport, not when it is about to', async () => {
    const scene = new Scene()
    const [stream, other] = [await scene.accept(1), await scene.accept(3)]

    stream.send(Uint8Array.of(1))

    const closing = stream.close()

    other.send(Uint8Array.of(1))
    expect([stream.writeStatus, scene.takeSent()]).toEqual(['closing', ['data 1 - 1']])
    await closing
    expect([stream.writeStatus, scene.takeSent()]).toEqual(['closed', ['window 1 FIN 0', 'data 3 - 1']])
  })

  it('waits for credit; its signal ends the waiting, not the closing', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const controller = new AbortController()
    const reason = new Error('enough')

    stream.send(new Uint8Array(256 * 1024))
    stream.send(new Uint8Array(5))
    await scene.sent()

    const closing = stream.close({ signal: controller.signal })

    controller.abort(reason)
    await expect(closing).rejects.toBe(reason)

    const again = stream.close()

    scene.feed('window 1 - 100')
    await again
    expect(await scene.sent()).toEqual(['data 1 - 5', 'window 1 FIN 0'])
  })

  it('rejects with what ended the stream before all had left', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    stream.send(new Uint8Array(256 * 1024))
    stream.send(new Uint8Array(5))

    const closing = stream.close()

    scene.feed('window 1 RST 0')

    await expect(closing).rejects.toMatchObject({ code: 'StreamReset' })
    await stream.close()
  })

  it('by both sides takes it off the list, with one close event', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const events = record(stream)

    scene.feed('window 1 FIN 0')
    await stream.close()
    await stream.close()

    expect(events).toEqual(['remoteCloseWrite', 'end', 'close'])
    expect(scene.muxer.streams).toEqual([])
    expect(stream.timeline.close).toBe(scene.clock.now())
  })
})

describe('aborting a stream', () => {
  it('resets it at once, throws away what is unread and unsent, and tells once', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const events = record(stream)
    const reason = new Error('no')

    stream.pause()
    scene.feed('data 1 - 5')
    stream.send(new Uint8Array(300_000))
    await scene.sent()
    stream.abort(reason)
    stream.abort(new Error('again'))

    expect(await scene.sent()).toEqual(['window 1 RST 0'])
    expect(events).toEqual(['idle', 'end', 'close Error local'])
    expect([stream.status, stream.readStatus, stream.writeStatus, stream.remoteWriteStatus, stream.remoteReadStatus]).toEqual(['aborted', 'closed', 'closed', 'closing', 'closed'])
    expect([stream.readBufferLength, stream.writeBufferLength]).toEqual([0, 0])
  })

  it('that both sides have closed does nothing', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    scene.feed('window 1 FIN 0')
    await stream.close()
    await scene.sent()
    stream.abort(new Error('late'))

    expect([await scene.sent(), stream.status]).toEqual([[], 'closed'])
  })
})

describe('a reset by the peer', () => {
  it.each(['window 1 RST 0', 'data 1 RST 5'])('by %s fails the stream, and leaves what came before it', async (frame) => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const events = record(stream)

    stream.pause()
    scene.feed('data 1 - 3', frame)

    expect(events).toEqual(['close StreamResetError remote'])
    expect([stream.status, stream.readStatus, stream.readBufferLength, stream.remoteWriteStatus]).toEqual(['reset', 'paused', 3, 'closing'])

    stream.resume()
    expect(events).toEqual(['close StreamResetError remote', 'message 3', 'end'])
    expect(await scene.sent()).toEqual([])
  })
})

describe('silence', () => {
  it('aborts a stream after its inactivityTimeout, and any byte defers that', async () => {
    const scene = new Scene({ streamOptions: { inactivityTimeout: 1000 } })
    const stream = await scene.accept(1)
    const events = record(stream)

    await scene.clock.advance(900)
    scene.feed('data 1 - 1')
    await scene.clock.advance(900)
    stream.send(Uint8Array.of(1))
    await scene.clock.advance(999)
    expect(stream.status).toBe('open')

    await scene.clock.advance(1)
    expect(events).toEqual(['message 1', 'end', 'close StreamIdleError local'])
    expect(scene.clock.pending).toBe(0)
  })

  it('may be forbidden and allowed at any time', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    expect([stream.inactivityTimeout, scene.clock.pending]).toEqual([Infinity, 0])
    stream.inactivityTimeout = 500
    expect(scene.clock.next).toBe(scene.clock.now() + 500)
    stream.inactivityTimeout = 0
    await scene.clock.advance(10_000)
    expect([stream.status, scene.clock.pending]).toEqual(['open', 0])

    stream.abort(new Error('done'))
    stream.inactivityTimeout = 500
    expect(scene.clock.pending).toBe(0)
  })
})

describe('a reset with a code', () => {
  // yamux 2.12
  it.each([
    ['the code of the error', Object.assign(new Error('full'), { resetCode: 300 }), 300],
    ['none for an error without', new Error('full'), 0],
    ['none for a code that no field holds', Object.assign(new Error('full'), { resetCode: 2 ** 32 }), 0]
  ])('sends %s', async (_, error, code) => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    stream.abort(error)

    expect(await scene.sent()).toEqual([`window 1 RST ${code}`])
  })

  it.each([
    ['window 1 RST 300', 'the peer reset stream 1 with code 300', 300],
    ['window 1 RST 0', 'the peer reset stream 1', 0],
    ['data 1 RST 3', 'the peer reset stream 1', 0] // the length is that of a payload
  ])('is told to the stream: %s', async (frame, message, resetCode) => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const closed = new Promise<unknown>((resolve) => { stream.addEventListener('close', (event) => { resolve(event.error) }) })

    scene.feed(frame)

    expect(await closed).toMatchObject({ code: 'StreamReset', message, resetCode })
  })
})
