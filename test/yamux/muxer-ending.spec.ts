import { describe, expect, it } from 'vitest'
import { yamux } from '../../src/yamux/index.ts'
import { settle } from '../support/fake-clock.ts'
import { LinkEnd } from '../support/yamux-link.ts'
import { record, Scene } from '../support/yamux-scene.ts'

function leftovers ({ link, clock, muxer }: Scene): number[] {
  return [link.listenerCount('message'), link.listenerCount('close'), link.listenerCount('drain'), clock.pending, muxer.streams.length, muxer.windowBytes]
}

const NOTHING = [0, 0, 0, 0, 0, 0]

describe('closing the muxer', () => {
  // yamux 6.1
  it('ends the write side of all streams, says why, and resolves; the streams go on until the peer ends them', async () => {
    const scene = new Scene()
    const [done, open] = [await scene.accept(1), await scene.accept(3)]
    const events = record(open)

    scene.feed('window 1 FIN 0')
    open.send(Uint8Array.of(1))

    const closing = scene.muxer.close({ reason: 0x1005 })

    expect(scene.muxer.status).toBe('closing')
    await closing
    expect(await scene.sent()).toEqual(['data 3 - 1', 'window 1 FIN 0', 'window 3 FIN 0', 'goAway 0 - 4101'])
    expect([scene.muxer.status, done.status, open.status]).toEqual(['closed', 'closed', 'open'])

    scene.feed('data 3 FIN 9')
    expect(events).toEqual(['message 9', 'remoteCloseWrite', 'end', 'close'])
    expect(leftovers(scene)).toEqual(NOTHING)
  })

  it('refuses streams of both sides from then on, and throws out those that nobody took', async () => {
    const scene = new Scene({ takesNoStreams: true })

    scene.feed('window 1 SYN 0')

    const closing = scene.muxer.close()

    scene.feed('window 3 SYN 0')
    await expect(scene.muxer.createStream()).rejects.toMatchObject({ name: 'MuxerClosedError' })
    await closing

    expect(await scene.sent()).toEqual(['window 1 RST 0', 'window 3 RST 0', 'goAway 0 - 0'])
    expect(leftovers(scene)).toEqual(NOTHING)
  })

  it('waits for streams without credit; its signal ends the waiting, and abort the rest', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const controller = new AbortController()
    const reason = new Error('enough')

    stream.send(new Uint8Array(256 * 1024))
    stream.send(new Uint8Array(5))

    const closing = scene.muxer.close({ signal: controller.signal })
    const again = scene.muxer.close()

    await settle()
    controller.abort(reason)
    await expect(closing).rejects.toBe(reason)
    expect(scene.muxer.status).toBe('closing')

    scene.muxer.abort(new Error('at last'))
    await again
    expect([scene.muxer.status, leftovers(scene)]).toEqual(['closed', NOTHING])
  })

  it('does not wait for a stream whose own close was given up', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    stream.send(new Uint8Array(256 * 1024))
    stream.send(new Uint8Array(5))
    await expect(stream.close({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    await scene.sent()

    await scene.muxer.close()
    expect(await scene.sent()).toEqual(['goAway 0 - 0'])
  })

  it('resolves when the transport closes meanwhile', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    stream.send(new Uint8Array(300_000))

    const closing = scene.muxer.close()

    scene.link.end()
    await closing
    expect([scene.muxer.status, leftovers(scene)]).toEqual(['closed', NOTHING])
  })

  it('twice is once', async () => {
    const scene = new Scene()

    await Promise.all([scene.muxer.close(), scene.muxer.close({ reason: 5 })])
    await scene.muxer.close()

    expect(await scene.sent()).toEqual(['goAway 0 - 0'])
  })

  it.each([-1, 1.5, 2 ** 32, NaN])('refuses %d as a reason', async (reason) => {
    await expect(new Scene().muxer.close({ reason })).rejects.toThrow(`the reason to close must be a whole number from 0 to 4294967295, received ${reason}`)
  })
})

describe('aborting the muxer', () => {
  // yamux 6.2
  it('resets all announced streams and says so in one write, saturated or not', async () => {
    const scene = new Scene()
    const first = await scene.accept(1)

    await scene.accept(3)
    scene.link.writableNeedsDrain = true
    scene.link.send = ((send) => (data) => {
      send(data)

      return false
    })(scene.link.send.bind(scene.link))
    first.send(Uint8Array.of(1))
    await scene.sent()
    await scene.muxer.createStream()

    const before = scene.link.sent.length
    const reason = new Error('no')

    scene.muxer.abort(reason)
    scene.muxer.abort(new Error('again'))

    expect(scene.link.sent.length - before).toBe(1)
    expect(await scene.sent()).toEqual(['window 1 RST 0', 'window 3 RST 0', 'goAway 0 - 2'])
    expect([scene.muxer.status, scene.link.status, leftovers(scene)]).toEqual(['closed', 'open', NOTHING])
  })

  it.each([[{ goAwayCode: 0x1006 }, 4102], [{ goAwayCode: -1 }, 2], [{ goAwayCode: 'no' }, 2], [{}, 2]])('with an error of %j says %i', async (properties, code) => {
    const scene = new Scene()

    scene.muxer.abort(Object.assign(new Error('no'), properties))

    expect(await scene.sent()).toEqual([`goAway 0 - ${code}`])
  })

  it('works after close, and from within a message', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    await scene.muxer.close()
    await scene.sent()
    stream.addEventListener('message', () => { scene.muxer.abort(new Error('no')) })
    scene.feed('data 1 - 1', 'data 1 - 1')

    expect(await scene.sent()).toEqual(['window 1 RST 0', 'goAway 0 - 2'])
    expect([stream.status, leftovers(scene)]).toEqual(['aborted', NOTHING])
  })
})

describe('a go away of the peer', () => {
  // yamux 6.3
  it('with code 0 lets open streams finish, and refuses new ones of ours', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const codes: number[] = []
    const events = record(stream)

    scene.muxer.addEventListener('goaway', ({ detail }) => { codes.push(detail) })
    scene.feed('goAway 0 - 0')

    expect([codes, scene.muxer.remoteGoAway, scene.muxer.status]).toEqual([[0], 0, 'closing'])
    await expect(scene.muxer.createStream()).rejects.toMatchObject({ name: 'MuxerClosedError' })

    scene.feed('data 1 FIN 3')
    await stream.close()
    expect(events).toEqual(['message 3', 'remoteCloseWrite', 'end', 'close'])

    await scene.muxer.close()
    expect([scene.muxer.status, leftovers(scene)]).toEqual(['closed', NOTHING])
  })

  it.each([1, 2, 0x1005])('with code %i fails all streams, and answers nothing', async (code) => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    const codes: number[] = []
    let error: unknown

    stream.addEventListener('close', (event) => { error = event.error })
    scene.muxer.addEventListener('goaway', ({ detail }) => { codes.push(detail) })
    scene.feed(`goAway 0 - ${code}`, 'ping 0 SYN 1')

    expect(error).toMatchObject({ code: 'ConnectionClosed', goAwayCode: code, message: `the peer ended the connection with code ${code}` })
    expect([codes, scene.muxer.status, scene.link.status, leftovers(scene)]).toEqual([[code], 'closed', 'open', NOTHING])
    expect(await scene.sent()).toEqual([])
  })
})

describe('the end of the transport', () => {
  // yamux 6.4
  it('without a go away fails all streams with ConnectionLost, and never reads as their end', async () => {
    const scene = new Scene()
    const [open, paused] = [await scene.accept(1), await scene.accept(3)]
    const [events, pausedEvents] = [record(open), record(paused)]

    paused.pause()
    scene.feed('data 3 - 4')
    scene.link.end()

    expect(events).toEqual(['end', 'close ConnectionLostError remote'])
    expect(pausedEvents).toEqual(['close ConnectionLostError remote'])
    expect([open.status, open.remoteWriteStatus, paused.readBufferLength]).toEqual(['reset', 'closing', 4])
    expect([scene.muxer.status, leftovers(scene)]).toEqual(['closed', NOTHING])
  })

  it('names what the transport closed with as the cause', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    let error: unknown

    stream.addEventListener('close', (event) => { error = event.error })
    scene.link.reset()

    expect(error).toMatchObject({ message: 'the connection was lost: connection reset', cause: { message: 'connection reset' } })
  })

  it.each([
    ['ours', async (scene: Scene) => { await scene.muxer.close({ reason: 7 }) }, 7],
    ['the peer', async (scene: Scene) => { scene.feed('goAway 0 - 0') }, 0]
  ])('after a go away of %s is expected, and still no end of streams that have not seen FIN', async (_, goAway, goAwayCode) => {
    const scene = new Scene()
    const stream = await scene.accept(1)
    let error: unknown

    stream.addEventListener('close', (event) => { error = event.error })
    await goAway(scene)
    scene.link.end()

    expect(error).toMatchObject({ code: 'ConnectionClosed', goAwayCode })
    expect(leftovers(scene)).toEqual(NOTHING)
  })

  it('before the muxer was made ends that', async () => {
    const link = new LinkEnd('inbound')

    link.end()

    const muxer = yamux()().createStreamMuxer(link)

    await settle()
    expect([muxer.status, link.listenerCount('message')]).toEqual(['closed', 0])
    await expect(muxer.createStream()).rejects.toMatchObject({ name: 'MuxerClosedError' })
  })

  it('shows in send before its event: nothing is thrown out of timers and turns', async () => {
    const scene = new Scene()
    const stream = await scene.accept(1)

    scene.link.send = () => { throw new Error('the link is closing') }

    expect(stream.send(Uint8Array.of(1))).toBe(true)
    await settle()
    scene.link.end()
    expect(stream.status).toBe('reset')
  })
})
