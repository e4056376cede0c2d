import { describe, expect, it } from 'vitest'
import { greeting } from '../../../src/swarm/stream/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScriptedRaw } from '../../support/scripted-raw.ts'
import { eventually, turns } from '../../support/settle.ts'
import { failure } from '../../support/stream-pair.ts'
import { connect, connectedPair, openHeld, peer } from '../../support/upgrade-pair.ts'
import type { SwarmStream } from '../../../src/swarm/stream/index.ts'

const ECHO = '/echo/1.0.0'
const NONE = { inbound: 0, outbound: 0 }

const echo = async (stream: SwarmStream): Promise<void> => { await stream.pipeTo(stream) }

describe('newStream', () => {
  it('opens a stream for the first protocol that the peer takes, and remembers that it does', async () => {
    using pair = await connectedPair()

    pair.far.handle(ECHO, echo)
    const stream = await pair.outbound.newStream(['/echo/9', ECHO])

    expect(stream).toMatchObject({ protocol: ECHO, direction: 'outbound', connection: pair.outbound, id: `${pair.outbound.id}-1` })
    expect(pair.near.knownProtocols).toEqual(new Set([ECHO]))
    await stream.end('hello')
    expect(await stream.text()).toBe('hello')
  })

  it.each<[string, object | undefined, boolean]>([
    ['asked to be lazy', { negotiate: 'lazy' }, true],
    ['the peer is known to speak the protocol', undefined, true],
    ['asked not to be, though the peer is known to speak it', { negotiate: 'full' }, false]
  ])('waits for no answer when %s', async (_what, options, isLazy) => {
    using pair = await connectedPair()

    pair.far.handle(ECHO, echo)
    pair.near.knownProtocols.add(ECHO)
    const stream = await pair.outbound.newStream(ECHO, options)

    expect(stream.stat().bytesWritten).toBe(isLazy ? 0 : greeting(ECHO).byteLength)
    await stream.end('hello')
    expect(await stream.text()).toBe('hello')
  })

  it('forgets that a peer speaks a protocol when it turns out not to', async () => {
    using pair = await connectedPair()

    pair.near.knownProtocols.add(ECHO)
    const stream = await pair.outbound.newStream(ECHO)

    expect(await failure(stream.read())).toMatchObject({ code: 'UnsupportedProtocol' })
    expect(pair.near.knownProtocols.size).toBe(0)
  })

  it('fails when the peer speaks none, and leaves nothing', async () => {
    using pair = await connectedPair()

    expect(await failure(pair.outbound.newStream(['/a', '/b']))).toMatchObject({ code: 'UnsupportedProtocol', message: 'the peer speaks none of /a, /b' })
    await eventually(() => pair.inbound.streams.length === 0)
    expect([pair.near.streamLimits.stat(), pair.far.streamLimits.stat()]).toEqual([NONE, NONE])
    expect([pair.near.told, pair.far.told]).toEqual([[], []])
  })

  it.each([['no protocol', []], ['what is no protocol', ['/a\n']]])('refuses %s', async (_what, protocols) => {
    using pair = await connectedPair()

    expect(await failure(pair.outbound.newStream(protocols))).toBeInstanceOf(TypeError)
    expect(pair.near.streamLimits.stat()).toEqual(NONE)
  })

  it('may be asked for in the turn in which the connection is aborted', async () => {
    using pair = await connectedPair()

    Object.assign(pair.outbound.muxer, { openStream: () => new ScriptedRaw() })
    const opening = failure(pair.outbound.newStream(ECHO))

    pair.outbound.abort()

    expect(await opening).toMatchObject({ code: 'ConnectionClosed' })
  })

  it('ends with the reason of its signal, and resets the stream', async () => {
    using pair = await connectedPair({}, { rawStreamHandler: () => {} })
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const opening = failure(pair.outbound.newStream(ECHO, { signal: controller.signal }))

    await eventually(() => pair.inbound.streams.length === 1)
    const [far] = pair.inbound.streams

    controller.abort(reason)

    expect(await opening).toBe(reason)
    expect(await far?.closed).toMatchObject({ code: 'StreamReset' })
    expect(pair.near.streamLimits.stat()).toEqual(NONE)
  })

  it('fails when nobody answers in time', async () => {
    const clock = new FakeClock()
    using pair = await connectedPair({ clock, settings: { negotiateTimeoutMs: 60_000, openStreamTimeoutMs: 3_000, keepAliveIntervalMs: 0 } }, { rawStreamHandler: () => {} })
    const opening = failure(pair.outbound.newStream(ECHO))

    await eventually(() => pair.inbound.streams.length === 1)
    await clock.advance(3_000)

    expect(await opening).toMatchObject({ code: 'NegotiationTimeout', message: expect.stringContaining('3000 ms') })
    expect(clock.pending).toBe(0)
  })

  it('takes a stream that a muxer delivers too late for nobody, and resets it', async () => {
    using pair = await connectedPair({}, { rawStreamHandler: () => {} })
    const { muxer } = pair.outbound
    const { promise, resolve } = Promise.withResolvers<void>()
    const createStream = muxer.createStream.bind(muxer)
    const controller = new AbortController()

    muxer.createStream = async () => promise.then(async () => createStream())
    const opening = failure(pair.outbound.newStream(ECHO, { signal: controller.signal }))

    controller.abort(new Error('too slow'))
    await opening
    expect(pair.near.streamLimits.stat()).toEqual(NONE)

    resolve()
    await eventually(() => muxer.streams.length === 0 && pair.inbound.streams.length === 0)
    expect(pair.outbound.streams).toEqual([])
  })

  it.each([
    ['MuxerClosedError', 'ConnectionClosed'],
    ['TooManyOutboundProtocolStreamsError', 'ResourceLimit'],
    ['Error', 'StreamAborted']
  ])('has a code of ours when the muxer fails with %s', async (name, code) => {
    using pair = await connectedPair()
    const thrown = Object.assign(new Error('no more'), { name })

    Object.assign(pair.outbound.muxer, { createStream: async () => { throw thrown }, openStream: () => { throw thrown } })

    expect(await failure(pair.outbound.newStream(ECHO))).toMatchObject({ code, cause: thrown })
    expect(pair.near.streamLimits.stat()).toEqual(NONE)
  })
})

describe('a muxer', () => {
  it('that has ended by itself is not asked for streams any more', async () => {
    using pair = await connectedPair()

    Object.defineProperty(pair.outbound.muxer, 'status', { value: 'closed' })

    expect(pair.outbound.status).toBe('closing')
    expect(await failure(pair.outbound.newStream(ECHO))).toMatchObject({ code: 'ConnectionLost' })
    expect(pair.near.streamLimits.stat()).toEqual(NONE)
  })

  it('that forgets a stream does not keep it from ending with the connection', async () => {
    using pair = await connectedPair()
    const forgotten = new ScriptedRaw()

    Object.assign(pair.outbound.muxer, { openStream: () => forgotten })
    const stream = await pair.outbound.newStream(ECHO, { negotiate: 'lazy' })
    const reading = failure(stream.read())

    pair.outbound.abort()

    expect(await reading).toMatchObject({ code: 'ConnectionClosed' })
    expect(pair.near.streamLimits.stat()).toEqual(NONE)
  })
})

describe('the streams of a connection', () => {
  // TestStreamCount
  it('are counted as they open, close and are reset, in and out', async () => {
    using pair = await connectedPair()
    const streams = await openHeld(pair, 3)

    expect([pair.outbound.streams.length, pair.inbound.streams.length]).toEqual([3, 3])
    expect(pair.outbound.stat()).toMatchObject({ direction: 'outbound', status: 'open', streams: 3 })
    expect([pair.near.streamLimits.stat(), pair.far.streamLimits.stat()]).toEqual([{ inbound: 0, outbound: 3 }, { inbound: 3, outbound: 0 }])

    streams[0]?.[0].reset()
    await Promise.all([streams[1]?.[0].closeWrite(), streams[1]?.[1].closeWrite()])
    await streams[2]?.[1].closeRead()
    await Promise.all(streams.slice(0, 2).flat().map(async ({ closed }) => closed))

    expect([pair.outbound.streams, pair.inbound.streams]).toEqual([[streams[2]?.[0]], [streams[2]?.[1]]])
    expect([pair.near.streamLimits.stat().outbound, pair.far.streamLimits.stat().inbound]).toEqual([1, 1])
  })

  it('are told of once when they open and once when they close, and never if they were not agreed on', async () => {
    using pair = await connectedPair()
    const [[near, far] = []] = await openHeld(pair, 1)

    await failure(pair.outbound.newStream('/nobody'))
    near?.reset()
    await Promise.all([near?.closed, far?.closed])

    expect(pair.near.told).toEqual(['opened outbound /held', 'closed outbound /held'])
    expect(pair.far.told).toEqual(['opened inbound /held', 'closed inbound /held'])
  })

  it('have all their bytes counted, once', async () => {
    using pair = await connectedPair()

    pair.far.handle(ECHO, echo)
    const stream = await pair.outbound.newStream(ECHO)

    await stream.end('x'.repeat(100_000))
    await stream.bytes()
    await stream.closed
    await eventually(() => pair.inbound.streams.length === 0)

    const total = 100_000 + greeting(ECHO).byteLength

    expect([pair.near.counted, pair.far.counted]).toEqual(Array(2).fill({ read: total, written: total }))
    expect(pair.outbound.stat()).toMatchObject({ bytesRead: total, bytesWritten: total })
  })

  it('that end in the breath in which they are agreed on give all permits back, and are told of in order', async () => {
    using pair = await connectedPair({}, {
      rawStreamHandler: async (stream) => {
        await stream.read()
        await stream.write(greeting('/brief'))
        stream.reset()
      }
    })

    for (let i = 0; i < 20; i++) {
      await pair.outbound.newStream('/brief', { negotiate: 'full' }).catch(() => {})
    }

    await eventually(() => pair.outbound.streams.length === 0)
    expect(pair.near.streamLimits.stat()).toEqual(NONE)
    expect(pair.near.told.filter((told) => told.startsWith('opened')).length).toBe(pair.near.told.filter((told) => told.startsWith('closed')).length)
  })
})

describe('an inbound stream', () => {
  it('waits until the connection is known, and is served then', async () => {
    using near = await peer()
    using far = await peer({ admit: async () => {} })
    const [outbound, inbound] = await connect(near, far)

    far.handle(ECHO, echo)
    const opening = outbound.newStream(ECHO)

    await eventually(() => inbound.streams.length === 1)
    await turns(50)
    expect(far.told).toEqual([])

    inbound.startServing()
    const stream = await opening

    await stream.end('served')
    expect(await stream.text()).toBe('served')
  })

  it('whose handler throws is reset, and that is told; one whose peer has gone is not', async () => {
    using pair = await connectedPair()
    const fault = new Error('a bug')

    pair.far.handle('/faulty', async () => { throw fault })
    pair.far.handle('/reads', async (stream) => { await stream.bytes() })

    const faulty = pair.outbound.newStream('/faulty').then(async (stream) => stream.read())
    const reading = await pair.outbound.newStream('/reads')

    // the reset may overtake the agreement on the protocol, or follow it
    expect(await failure(faulty)).toMatchObject({ code: 'StreamReset' })
    reading.reset()
    await eventually(() => pair.inbound.streams.length === 0)
    expect(pair.far.errors).toEqual([{ during: 'stream handler /faulty', error: fault }])
  })

  it('goes raw to who asked for that, and a fault of that is told', async () => {
    const heard: unknown[] = []
    using pair = await connectedPair({}, {
      rawStreamHandler: async (stream) => {
        heard.push(await stream.read())
        throw new Error('raw bug')
      }
    })

    await failure(pair.outbound.newStream(ECHO))

    expect(heard).toEqual([greeting(ECHO)])
    expect(pair.far.errors).toMatchObject([{ during: 'stream handler', error: { message: 'raw bug' } }])
  })

  it('that does not say what it wants is reset after negotiateTimeoutMs, and nobody is told', async () => {
    const clock = new FakeClock()
    using pair = await connectedPair({}, { clock, settings: { keepAliveIntervalMs: 0 } })
    const raw = await pair.outbound.muxer.createStream()

    await eventually(() => pair.inbound.streams.length === 1)
    await clock.advance(10_000)

    await eventually(() => raw.status === 'reset')
    expect([pair.far.errors, pair.far.told, clock.pending]).toEqual([[], [], 0])
  })

  it('is not served by a handler that goes while it is agreed on', async () => {
    using pair = await connectedPair()

    pair.far.handle(ECHO, echo)
    const has = pair.far.registry.get.bind(pair.far.registry)
    let asked = 0

    pair.far.registry.get = (protocol) => ++asked > 1 ? undefined : has(protocol)

    expect(await failure(pair.outbound.newStream(ECHO).then(async (stream) => stream.read()))).toMatchObject({ code: 'StreamReset' })
  })

  it('may come so early that it has ended before it is taken up', async () => {
    using pair = await connectedPair()
    const { promise, resolve } = Promise.withResolvers<string>()

    pair.far.handle('/early', async (stream) => { resolve(await stream.text()) })
    const raw = await pair.outbound.muxer.createStream()

    raw.send(greeting('/early'))
    raw.send(new TextEncoder().encode('bird'))
    await raw.close()

    expect(await promise).toBe('bird')
  })
})
