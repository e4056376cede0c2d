import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { encodeMessage } from '../../../src/swarm/stream/index.ts'
import { eventually } from '../../support/settle.ts'
import { failure } from '../../support/stream-pair.ts'
import { connect, connectedPair, never, openHeld, peer, sockets } from '../../support/upgrade-pair.ts'
import type { SwarmStream } from '../../../src/swarm/stream/index.ts'
import type { ConnectedPair } from '../../support/upgrade-pair.ts'

const ECHO = '/echo/1.0.0'
const NONE = { inbound: 0, outbound: 0 }

const echo = async (stream: SwarmStream): Promise<void> => { await stream.pipeTo(stream) }

describe('a limit on streams', () => {
  // TestResourceManagerNewStream
  it.each([
    ['maxStreams', { limits: { maxStreams: 1 } }],
    ['maxOutboundStreamsPerConnection', { limits: { maxOutboundStreamsPerConnection: 1 } }]
  ])('%s fails newStream, and says so', async (option, init) => {
    using pair = await connectedPair(init)
    const [[held] = []] = await openHeld(pair, 1)

    expect(await failure(pair.outbound.newStream('/held'))).toMatchObject({ code: 'ResourceLimit', message: expect.stringContaining(`limits.${option}`), used: 1, max: 1 })
    expect(pair.near.streamLimits.stat()).toEqual({ inbound: 0, outbound: 1 })

    held?.reset()
    await held?.closed
    await expect(pair.outbound.newStream('/held')).resolves.toBeDefined()
  })

  it('of a handler holds for outbound streams of its protocol', async () => {
    using pair = await connectedPair()

    pair.far.handle('/held', async (stream) => { await stream.closed })
    pair.near.handle('/held', () => {}, { maxOutboundStreams: 1 })

    await expect(pair.outbound.newStream('/held', { negotiate: 'full' })).resolves.toBeDefined()
    expect(await failure(pair.outbound.newStream('/held', { negotiate: 'full' }))).toMatchObject({ code: 'ResourceLimit', message: expect.stringContaining('maxOutboundStreams of handle') })
  })

  // TestResourceManagerAcceptStream
  it('resets inbound streams beyond it, does not call the handler, and tells of the first', async () => {
    using pair = await connectedPair({}, { limits: { maxInboundStreamsPerConnection: 1 } })
    const [[held] = []] = await openHeld(pair, 1)

    for (let i = 0; i < 3; i++) {
      expect(await failure(pair.outbound.newStream('/held', { negotiate: 'full' }))).toMatchObject({ code: 'StreamReset' })
    }

    expect(pair.far.errors).toMatchObject([{ during: 'accepting a stream', error: { code: 'ResourceLimit' } }])
    expect(pair.inbound.streams).toHaveLength(1)
    expect(pair.outbound.status).toBe('open')

    held?.reset()
    await eventually(() => pair.inbound.streams.length === 0)
    await openHeld(pair, 1)
    await failure(pair.outbound.newStream('/held', { negotiate: 'full' }))
    expect(pair.far.errors).toHaveLength(2)
  })
})

describe('a limited connection', () => {
  async function limitedPair (): Promise<ConnectedPair> {
    const [near, far] = [await peer(), await peer()]
    const pair = sockets(far)
    const options = { signal: never, limits: { bytes: 1_000n } }
    const [outbound, inbound] = await Promise.all([near.upgrader.upgradeOutbound(pair[0], options), far.upgrader.upgradeInbound(pair[1], options)])

    return { near, far, outbound, inbound, sockets: pair, [Symbol.dispose] () { near[Symbol.dispose](); far[Symbol.dispose]() } }
  }

  it.each([undefined, 'deny', 'wait'] as const)('is not used by accident: %s', async (limited) => {
    using pair = await limitedPair()

    pair.far.handle(ECHO, echo, { limited: true })

    expect(await failure(pair.outbound.newStream(ECHO, limited == null ? {} : { limited }))).toMatchObject({ code: 'LimitedConnection' })
    expect(pair.near.streamLimits.stat()).toEqual(NONE)
  })

  it('serves those protocols only that were registered for it', async () => {
    using pair = await limitedPair()

    pair.far.handle(ECHO, echo, { limited: true })
    pair.far.handle('/heavy', () => {})

    expect(await failure(pair.outbound.newStream('/heavy', { limited: 'allow' }))).toMatchObject({ code: 'UnsupportedProtocol' })
    const stream = await pair.outbound.newStream(ECHO, { limited: 'allow' })

    await stream.end('allowed')
    expect(await stream.text()).toBe('allowed')
  })

  it('lists only those protocols', async () => {
    using pair = await limitedPair()

    pair.far.handle(ECHO, echo, { limited: true })
    pair.far.handle('/heavy', () => {})
    const raw = await pair.outbound.muxer.createStream()
    const { promise, resolve } = Promise.withResolvers<string>()
    let heard = ''

    raw.addEventListener('message', ({ data }) => {
      heard += new TextDecoder().decode(data.subarray())
      heard.includes(ECHO) && resolve(heard)
    })
    raw.send(encodeMessage('/multistream/1.0.0'))
    raw.send(encodeMessage('ls'))

    expect(await promise).not.toContain('/heavy')
  })
})

describe('a connection through a relay', () => {
  it.each([
    ['/ip4/192.0.2.1/tcp/4001', true],
    ['/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWT2gEQezGtBUGfvNCTnymMKmgLQ7YAWaZExJSAWYGTr7L/p2p-circuit', false],
    ['/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWT2gEQezGtBUGfvNCTnymMKmgLQ7YAWaZExJSAWYGTr7L/p2p-circuit/webrtc', true]
  ])('%s, is direct: %s', async (address, direct) => {
    using near = await peer()
    using far = await peer()
    const pair = sockets()

    pair[0].remoteAddr = multiaddr(`${address}/p2p/${far.identity.peerId}`)
    const [outbound] = await connect(near, far, pair)

    expect(outbound.direct).toBe(direct)
  })
})
