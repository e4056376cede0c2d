import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { ScriptedRaw } from '../../support/scripted-raw.ts'
import { turns } from '../../support/settle.ts'
import { failure, port } from '../../support/stream-pair.ts'
import type { StreamPort } from '../../../src/swarm/stream/index.ts'

/** What muxers and transports do wrong, or in an order that one does not expect. */

const text = async (streamPort: StreamPort): Promise<string | null> => {
  const chunk = await streamPort.read()

  return chunk == null ? null : new TextDecoder().decode(chunk)
}

/** All that can be read, and how that ended. */
async function drain (streamPort: StreamPort): Promise<[string, unknown]> {
  let all = ''

  try {
    for (let chunk = await text(streamPort); chunk != null; chunk = await text(streamPort)) {
      all += chunk
    }
  } catch (error) {
    return [all, error]
  }

  return [all, null]
}

const named = (name: string, message = 'as the muxer says'): Error => Object.assign(new Error(message), { name })

describe('a raw stream that ended before it was taken up', () => {
  it('by its peer gives what it holds, and the end', async () => {
    const raw = new ScriptedRaw().say('early').sayEnd()
    const taken = port(raw)

    raw.say(' bird')

    expect(await drain(taken)).toEqual(['early bird', null])
  })

  it.each<[string, (raw: ScriptedRaw) => void, string]>([
    ['with its connection', (raw) => { raw.status = 'closed' }, 'ConnectionLost'],
    ['as its muxer aborted it', (raw) => { raw.status = 'aborted' }, 'ConnectionLost'],
    ['by a reset', (raw) => { raw.status = 'reset' }, 'StreamReset']
  ])('%s fails all calls, after what it still holds', async (_what, end, code) => {
    const raw = new ScriptedRaw().say('last words')

    end(raw)
    const taken = port(raw)

    raw.resume()
    expect(await taken.closed).toMatchObject({ code })
    expect(await drain(taken)).toEqual(['last words', expect.objectContaining({ code })])
    expect(await failure(taken.write(Uint8Array.of(1)))).toMatchObject({ code })
  })
})

describe('events in one turn', () => {
  it('may tell of the end before the bytes in front of it', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)

    raw.sayEnd().say('in the same frame')

    expect(await drain(taken)).toEqual(['in the same frame', null])
  })

  it('may close a stream that both sides have ended before its last bytes are told', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)

    await taken.closeWrite()
    raw.sayEnd().sayClosed().say('in the same frame')

    expect(await taken.closed).toBeUndefined()
    expect(await drain(taken)).toEqual(['in the same frame', null])
  })

  it('may bring the end and a reset: what was sent is whole', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)

    raw.say('all').sayEnd().sayClosed(named('StreamResetError'))

    expect(await taken.closed).toMatchObject({ code: 'StreamReset' })
    expect(await drain(taken)).toEqual(['all', null])
    expect(await failure(taken.write(Uint8Array.of(1)))).toMatchObject({ code: 'StreamReset' })
  })
})

describe('a raw stream that closes', () => {
  it('hands over first what it held back', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw, { port: { highWaterBytes: 1, lowWaterBytes: 0 } })

    raw.say('a', 'b', 'c', 'd')
    expect(raw.readStatus).toBe('paused')
    raw.sayClosed(named('StreamResetError'))
    await taken.closed

    expect(raw.readBufferLength).toBe(0)
    expect(await drain(taken)).toEqual(['abcd', expect.objectContaining({ code: 'StreamReset' })])
  })

  it.each([
    ['StreamResetError', false, 'StreamReset', 'the peer reset the stream: as the muxer says'],
    ['StreamAbortedError', true, 'StreamAborted', 'the stream was aborted on this side: as the muxer says'],
    ['StreamBufferError', true, 'StreamAborted', 'the stream was aborted on this side: as the muxer says'],
    ['MuxerClosedError', true, 'ConnectionClosed', 'the connection is closed: as the muxer says'],
    ['SomeError', false, 'StreamReset', 'the peer reset the stream: as the muxer says'],
    ['SomeError', true, 'StreamAborted', 'the stream was aborted on this side: as the muxer says']
  ])('with %s, locally: %s, fails with %s', async (name, local, code, message) => {
    const raw = new ScriptedRaw()
    const taken = port(raw)
    const error = named(name)

    raw.say('read before').sayClosed(error, { local })

    expect(await taken.closed).toMatchObject({ code, message, cause: error })
    expect(await drain(taken)).toEqual(['read before', expect.objectContaining({ code })])
  })

  it('with an error of ours fails with that very error', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)
    const error = new CodedError('StreamIdle', 'nobody says a word')

    raw.sayClosed(error, { local: true })

    expect(await taken.closed).toBe(error)
  })

  it.each([
    ['aborted by its muxer', named('Error', 'Remote sent GoAway'), true, 'ConnectionClosed'],
    ['closed without a word', undefined, false, 'ConnectionClosed'],
    ['reset by its peer', named('StreamResetError'), false, 'ConnectionClosed']
  ])('when its connection has gone says so: %s', async (_what, error, local, code) => {
    const raw = new ScriptedRaw()
    const taken = port(raw, { port: { isConnected: () => false, lossError: () => new CodedError('ConnectionClosed', 'gone') } })

    raw.sayClosed(error, { local })

    expect(await taken.closed).toMatchObject({ code })
  })
})

describe('a raw stream whose close', () => {
  it('resolves although an abort has cut it short fails all the same', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)
    const { promise, resolve } = Promise.withResolvers<void>()

    raw.onCloseWrite = async () => promise
    const ending = failure(taken.closeWrite())

    await turns(1)
    taken.abort(new Error('cut short'))
    resolve()

    expect(await ending).toMatchObject({ message: 'cut short' })
  })

  it('never settles ends with the stream', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)

    raw.onCloseWrite = async () => new Promise(() => {})
    const ending = failure(taken.closeWrite())

    await turns(1)
    raw.sayClosed(named('StreamResetError'))

    expect(await ending).toMatchObject({ code: 'StreamReset' })
  })

  it('never settles on a connection that is lost ends when the connection says so', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)

    raw.onCloseWrite = async () => new Promise(() => {})
    const ending = failure(taken.closeWrite())

    await turns(1)
    raw.sayClosed()
    taken.lose()

    expect(await ending).toMatchObject({ code: 'ConnectionLost' })
    expect(await taken.closed).toMatchObject({ code: 'ConnectionLost' })
  })

  it.each([
    ['an error', named('StreamStateError'), 'StreamClosed'],
    ['what is no error', 'no reason', 'StreamAborted'],
    ['an event', new Event('close'), 'ConnectionLost']
  ])('throws %s fails with an error of ours', async (_what, thrown, code) => {
    const raw = new ScriptedRaw()
    const taken = port(raw)

    // p-event rejects with the event
    const { promise, reject } = Promise.withResolvers<void>()

    reject(thrown)
    raw.onCloseWrite = async () => promise

    expect(await failure(taken.closeWrite())).toMatchObject({ code })
    expect(taken.error).toMatchObject({ code })
  })
})

describe('a raw stream that throws', () => {
  it('from send fails the write', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)

    raw.onSend = () => { throw named('StreamStateError', 'Cannot write to a stream that is closing') }

    expect(await failure(taken.write(Uint8Array.of(1)))).toMatchObject({ code: 'StreamClosed' })
    expect(taken.bytesWritten).toBe(0)
  })

  it('from abort is over all the same', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw)
    const reason = new Error('enough')

    raw.onAbort = () => { throw new Error('this cannot fail') }

    expect(() => { taken.abort(reason) }).toThrow('this cannot fail')
    expect(await taken.closed).toBe(reason)
  })
})

describe('flow control', () => {
  it('never pauses inside the first message, and does so from the second on', () => {
    const raw = new ScriptedRaw()
    const taken = port(raw, { port: { highWaterBytes: 4, lowWaterBytes: 2 } })

    raw.say('12345')
    expect(raw.readStatus).toBe('readable')
    raw.say('6')
    expect(raw.readStatus).toBe('paused')

    taken.take()
    expect(raw.readStatus).toBe('readable')
  })

  it('asks for more by itself when nothing is left here and the raw stream holds some', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw, { port: { highWaterBytes: 1, lowWaterBytes: 0 } })

    raw.say('a', 'b', 'c').sayEnd()

    expect(await drain(taken)).toEqual(['abc', null])
  })
})

describe('an abort', () => {
  it('throws away what waits here, and what a raw stream that is paused still holds', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw, { port: { highWaterBytes: 1, lowWaterBytes: 0 } })
    const reason = new Error('enough')

    raw.say('a', 'b', 'c')
    taken.abort(reason)

    expect(raw.abortedWith).toBe(reason)
    expect(await drain(taken)).toEqual(['', reason])
    expect(taken.bytesRead).toBe(3)
  })
})

describe('a released port', () => {
  it('puts back what nobody read, in order, and hears no more', async () => {
    const raw = new ScriptedRaw()
    const taken = port(raw, { port: { highWaterBytes: 3, lowWaterBytes: 0 } })

    raw.say('first')
    taken.unread(new TextEncoder().encode('zero '))
    raw.say(' second')
    expect(taken.release()).toBe(raw)
    raw.say(' third')

    expect(raw.maxReadBufferLength).toBe(4)
    expect(raw.listenerCount('message') + raw.listenerCount('close') + raw.listenerCount('drain')).toBe(0)
    const next = port(raw)

    raw.resume()
    raw.sayEnd()
    expect(await drain(next)).toEqual(['zero first second third', null])
  })
})
