import { byteStream, lpStream } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { record, Scene } from '../support/yamux-scene.ts'
import type { YamuxStream } from '../../src/yamux/index.ts'

async function opened (): Promise<{ scene: Scene, stream: YamuxStream }> {
  const scene = new Scene()

  return { scene, stream: await scene.accept(1) }
}

describe('messages', () => {
  it('hold what one read of the transport had for the stream, as a list', async () => {
    const { scene, stream } = await opened()
    const messages: unknown[] = []

    stream.addEventListener('message', ({ data }) => { messages.push(data) })
    scene.feed('data 1 - 3', 'ping 0 SYN 1', 'data 1 - 2')

    expect(messages).toHaveLength(1)
    expect(messages[0]).toBeInstanceOf(Uint8ArrayList)
    expect((messages[0] as Uint8ArrayList).subarray()).toEqual(Uint8Array.of(0, 1, 2, 0, 1))
  })

  it('wait for a listener, and come in a later turn than it', async () => {
    const { scene, stream } = await opened()

    scene.feed('data 1 - 3')

    const events = record(stream)

    expect([stream.readBufferLength, events]).toEqual([3, []])
    await settle()
    expect([stream.readBufferLength, events]).toEqual([0, ['message 3']])
  })

  it('wait while the stream is paused, and come at once when it is resumed', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    stream.pause()
    scene.feed('data 1 - 3')
    await settle()
    expect([stream.readStatus, events]).toEqual(['paused', []])

    stream.resume()
    expect([stream.readStatus, events]).toEqual(['readable', ['message 3']])
  })

  it('stay in order when a listener pauses and resumes within', async () => {
    const { scene, stream } = await opened()
    const seen: string[] = []

    stream.addEventListener('message', ({ data }) => {
      seen.push(`first ${data.byteLength}`)

      if (data.byteLength === 1) {
        stream.push(new Uint8Array(2))
        stream.pause()
        stream.resume()
      }
    })
    stream.addEventListener('message', ({ data }) => { seen.push(`second ${data.byteLength}`) })
    scene.feed('data 1 - 1')

    expect(seen).toEqual(['first 1', 'second 1', 'first 2', 'second 2'])
  })

  it('are dispatched by the method of the stream itself, which metrics wrap', async () => {
    const { scene, stream } = await opened()
    const dispatched: string[] = []
    const dispatch = stream.dispatchEvent.bind(stream)

    stream.dispatchEvent = (event) => {
      dispatched.push(event.type)

      return dispatch(event)
    }

    const reading = stream[Symbol.asyncIterator]().next()

    scene.feed('data 1 - 1')
    await reading

    expect(dispatched).toEqual(['message'])
  })
})

describe('bytes that are put back', () => {
  it('come before what arrived after them, and are not credited twice', async () => {
    const { scene, stream } = await opened()
    const bytes = byteStream(stream)

    scene.feed('data 1 - 131072')
    scene.feed('data 1 - 1000')
    await bytes.read({ bytes: 10 })
    await scene.sent()
    bytes.unwrap()

    const messages: number[] = []

    stream.addEventListener('message', ({ data }) => { messages.push(data.byteLength) })
    await settle()

    expect(messages).toEqual([132_062])
    expect(await scene.sent()).toEqual([])
  })

  it('wait behind with push and before with unshift', async () => {
    const { stream } = await opened()
    const messages: Uint8Array[] = []

    stream.push(Uint8Array.of(2))
    stream.unshift(Uint8Array.of(1))
    stream.push(Uint8Array.of(3))
    stream.unshift(new Uint8Array(0))
    stream.addEventListener('message', ({ data }) => { messages.push(data.subarray()) })
    await settle()

    expect(messages).toEqual([Uint8Array.of(1, 2, 3)])
  })

  // the answer of a negotiation, payload and FIN in one read
  it('are taken after the end of the peer, and of both', async () => {
    const { scene, stream } = await opened()
    const lp = lpStream(stream)

    scene.feed(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 1, 65, 66, 67))
    await stream.close()
    expect([...(await lp.read()).subarray()]).toEqual([65])
    lp.unwrap()

    const rest: number[][] = []

    for await (const bytes of stream) {
      rest.push([...bytes.subarray()])
    }

    expect(stream.status).toBe('closed')
    expect(rest).toEqual([[66, 67]])
  })

  it.each([
    ['abort', (stream: YamuxStream) => { stream.abort(new Error('no')) }],
    ['closeRead', (stream: YamuxStream) => { void stream.closeRead() }]
  ])('are refused after %s', async (_, end) => {
    const { stream } = await opened()

    end(stream)

    expect(() => { stream.push(Uint8Array.of(1)) }).toThrow(expect.objectContaining({ name: 'StreamStateError' }))
    expect(() => { stream.unshift(Uint8Array.of(1)) }).toThrow('cannot put bytes back')
  })

  it('reset the stream beyond maxReadBufferLength', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    stream.pause()
    stream.maxReadBufferLength = 4
    stream.push(new Uint8Array(4))
    expect(stream.status).toBe('open')

    stream.push(new Uint8Array(1))
    expect(events).toEqual(['end', 'close StreamBufferError local'])
    expect(await scene.sent()).toEqual(['window 1 RST 0'])
  })
})

describe('the end of the peer', () => {
  // yamux 2.8
  it('counts behind the payload of its frame', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    scene.feed('data 1 FIN 5')

    expect(events).toEqual(['message 5', 'remoteCloseWrite', 'end'])
    expect([stream.remoteWriteStatus, stream.readStatus, stream.status, stream.readableEnded]).toEqual(['closed', 'readable', 'open', true])
  })

  it('counts behind the payload of its frame, in any pieces, when our side has ended before', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    await stream.close()
    scene.feed(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 7))
    expect(events).toEqual(['message 1'])
    scene.feed(Uint8Array.of(8))

    expect(events).toEqual(['message 1', 'message 1', 'remoteCloseWrite', 'end', 'close'])
    expect([stream.status, stream.readStatus, stream.writeStatus, stream.remoteReadStatus]).toEqual(['closed', 'closed', 'closed', 'closed'])
  })

  // yamux 2.10
  it('is told after bytes that waited for a listener', async () => {
    const { scene, stream } = await opened()

    scene.feed('data 1 FIN 5')
    expect([stream.remoteWriteStatus, stream.readableEnded]).toEqual(['closed', false])

    const events = record(stream)

    await settle()
    expect(events).toEqual(['message 5', 'remoteCloseWrite', 'end'])
  })

  it('is told after bytes that waited while the stream was paused', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    stream.pause()
    scene.feed('data 1 FIN 5')
    expect(events).toEqual([])

    stream.resume()
    expect(events).toEqual(['message 5', 'remoteCloseWrite', 'end'])
  })

  it('is told before the close of a stream whose bytes nobody takes, and these can still be read', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    stream.pause()
    scene.feed('data 1 FIN 5')
    await stream.close()
    expect(events).toEqual(['remoteCloseWrite', 'close'])
    expect([stream.status, stream.readStatus, scene.muxer.streams]).toEqual(['closed', 'paused', []])

    stream.resume()
    expect(events).toEqual(['remoteCloseWrite', 'close', 'message 5', 'end'])
    expect(stream.readStatus).toBe('closed')
  })

  it('resets the stream alone when data follows it', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    scene.feed('window 1 FIN 0', 'data 1 - 1', 'ping 0 SYN 1')

    expect(events).toEqual(['remoteCloseWrite', 'end', 'close ProtocolViolationError local'])
    expect(await scene.sent()).toEqual(['window 1 RST 0', 'ping 0 ACK 1'])
  })
})

describe('closeRead', () => {
  // yamux 2.11
  it('throws away what is unread and what comes, and returns the credit', async () => {
    const { scene, stream } = await opened()
    const events = record(stream)

    stream.pause()
    scene.feed('data 1 - 131072')
    await stream.closeRead()
    await stream.closeRead()
    expect([stream.readStatus, stream.readBufferLength, events]).toEqual(['closed', 0, ['end']])

    scene.feed('data 1 - 131072', 'data 1 FIN 1')
    expect(events).toEqual(['end', 'remoteCloseWrite'])
    expect(await scene.sent()).toEqual(['window 1 - 131072', 'window 1 - 131072'])
    expect(stream.status).toBe('open')
  })

  it('ends iteration without an error', async () => {
    const { stream } = await opened()
    const next = stream[Symbol.asyncIterator]().next()

    await stream.closeRead()

    await expect(next).resolves.toEqual({ done: true, value: undefined })
  })

  it('rejects with the reason of a signal', async () => {
    const { stream } = await opened()
    const reason = new Error('enough')

    await expect(stream.closeRead({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(stream.readStatus).toBe('readable')
  })
})

describe('pause and resume', () => {
  it('do nothing on a stream that can no longer be read', async () => {
    const { stream } = await opened()

    stream.abort(new Error('no'))
    stream.pause()
    stream.resume()

    expect(stream.readStatus).toBe('closed')
  })
})
