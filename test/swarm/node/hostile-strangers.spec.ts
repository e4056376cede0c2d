import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { turns } from '../../support/settle.ts'
import { addressOf, echo, echoServer, errorsOf, swarms } from '../../support/swarm-pair.ts'
import { stranger } from '../../support/tcp-server.ts'
import { until } from '../../support/until.ts'
import type { Swarm } from '../../../src/index.ts'

const WEBSOCKET = '/ip4/127.0.0.1/tcp/0/ws'
const MULTISTREAM = '\x13/multistream/1.0.0\n'
const NOISE = '\x07/noise\n'
const TLS_HELLO = Buffer.from('16030100c8010000c40303', 'hex')

async function hasInbound (swarm: Swarm, count: number): Promise<void> {
  await until(() => swarm.stat().connections.inbound === count, `${count} inbound connections`)
}

/** The swarm goes on as if nothing had been. */
async function servesOthers (swarm: Swarm): Promise<void> {
  await using client = await createSwarm()

  expect(await echo(await client.dial(addressOf(swarm)), 'a friend')).toBe('a friend')
}

describe('a stranger', () => {
  it.each<[string, Array<string | Uint8Array>]>([
    ['says nothing', []],
    ['says hello, and no more', [MULTISTREAM]],
    ['begins a handshake, and no more', [MULTISTREAM, NOISE]],
    ['begins a word, and no more', ['\x13/multi']]
  ])('that %s costs one permit, for 10 s, and is hung up on', async (_what, words) => {
    const clock = new FakeClock()
    await using swarm = await echoServer({ clock })
    await using caller = await stranger(addressOf(swarm), ...words)
    let hungUp = false

    void caller.closed.then(() => { hungUp = true })
    await hasInbound(swarm, 1)
    await clock.advance(9_999)
    expect(hungUp).toBe(false)
    await clock.advance(1)
    await caller.closed

    await hasInbound(swarm, 0)
    expect(swarm.connections()).toEqual([])
  })

  it.each<[string, Array<string | Uint8Array>]>([
    ['speaks garbage', [Buffer.alloc(64 * 1024, 0xc8)]],
    ['speaks HTTP', ['GET /index.html HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n\r\n']],
    ['speaks TLS', [Buffer.concat([TLS_HELLO, Buffer.alloc(200)])]],
    ['sends a message without end', [Buffer.concat([Buffer.from([0xff, 0xff, 0x7f]), Buffer.alloc(1024)])]],
    ['breaks the handshake', [MULTISTREAM, NOISE, Buffer.concat([Buffer.from([0, 32]), Buffer.alloc(32, 1), Buffer.from([0, 96]), Buffer.alloc(96, 2)])]]
  ])('that %s is hung up on at once, and nobody else notices', async (_what, words) => {
    await using swarm = await echoServer()
    const errors = errorsOf(swarm)
    await using caller = await stranger(addressOf(swarm), ...words)

    await caller.closed

    await hasInbound(swarm, 0)
    await servesOthers(swarm)
    expect(errors.filter(({ during }) => during.includes('handler'))).toEqual([])
  })

  it('that floods us before its handshake is held back, and costs no more memory than that', async () => {
    const clock = new FakeClock()
    await using swarm = await echoServer({ clock })
    await using caller = await stranger(addressOf(swarm), MULTISTREAM, NOISE)

    // a noise message says how long it is: this one never comes to its end
    caller.socket.write(Buffer.from([0xff, 0xff]))
    await hasInbound(swarm, 1)
    await clock.advance(10_000)
    await caller.closed

    await hasInbound(swarm, 0)
  })

  it('cannot keep others out: who waits for a place gets it when a silent one has used up its time', async () => {
    const clock = new FakeClock()
    await using swarm = await echoServer({ clock, limits: { maxPendingInbound: 2 } })
    const silent = await Promise.all([stranger(addressOf(swarm)), stranger(addressOf(swarm))])

    await hasInbound(swarm, 2)

    await using client = await createSwarm()
    const dial = client.dial(addressOf(swarm))

    await hasInbound(swarm, 3)
    await clock.advance(10_000)
    await Promise.all(silent.map(async ({ closed }) => closed))

    expect(await echo(await dial, 'at last')).toBe('at last')
  })

  it('is turned away at once when too many wait already', async () => {
    const clock = new FakeClock()
    await using swarm = await echoServer({ clock, limits: { maxPendingInbound: 1, maxQueuedInbound: 1 } })
    const callers = [await stranger(addressOf(swarm))]

    await hasInbound(swarm, 1)
    callers.push(await stranger(addressOf(swarm)))
    await hasInbound(swarm, 2)

    const turnedAway = await stranger(addressOf(swarm))

    await turnedAway.closed
    await hasInbound(swarm, 2)
    await Promise.all(callers.map(async (caller) => caller[Symbol.asyncDispose]()))
    await hasInbound(swarm, 0)
  })

  it('that hangs up frees its place at once', async () => {
    await using swarm = await echoServer({ limits: { maxPendingInbound: 1 } })
    const silent = await stranger(addressOf(swarm))

    await hasInbound(swarm, 1)
    await silent[Symbol.asyncDispose]()

    await servesOthers(swarm)
    await hasInbound(swarm, 0)
  })

  it('of whom there are 100 leaves no trace', async () => {
    await using swarm = await echoServer({ connection: { inboundUpgradeTimeoutMs: 100 } })
    const callers = await Promise.all(Array.from({ length: 100 }, async (_, i) => stranger(addressOf(swarm), ...i % 2 === 0 ? [] : [Buffer.alloc(2_000, i)])))

    await Promise.all(callers.map(async ({ closed }) => closed))
    await hasInbound(swarm, 0)
    await servesOthers(swarm)
  })
})

describe('a stranger at a WebSocket listener', () => {
  it.each<[string, Array<string | Uint8Array>]>([
    ['says nothing', []],
    ['begins a request, and no more', ['GET / HTTP/1.1\r\nHost: local']],
    ['upgrades to WebSocket, and says no more', [`GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${btoa('sixteen bytes ok')}\r\n\r\n`]]
  ])('that %s is hung up on after 10 s', async (_what, words) => {
    const clock = new FakeClock()
    await using swarm = await echoServer({ clock, listen: [WEBSOCKET] })
    await using caller = await stranger(addressOf(swarm), ...words)

    await turns(200)
    await clock.advance(10_000)
    await caller.closed

    await hasInbound(swarm, 0)
    await servesOthers(swarm)
  })

  it('is turned away at once when too many have come and say nothing', async () => {
    await using swarm = await echoServer({ listen: [WEBSOCKET], limits: { maxQueuedInbound: 2 } })
    await using first = await stranger(addressOf(swarm))
    await using second = await stranger(addressOf(swarm))
    await using third = await stranger(addressOf(swarm))

    await third.closed
    expect([first.socket.closed, second.socket.closed]).toEqual([false, false])
    await first[Symbol.asyncDispose]()
    await servesOthers(swarm)
  })

  it('that says nothing does not keep the swarm from closing, and loses its socket with it', async () => {
    const swarm = await echoServer({ listen: [WEBSOCKET] })
    await using caller = await stranger(addressOf(swarm))

    await swarm.close()
    await caller.closed
  })

  it.each<[string, Array<string | Uint8Array>]>([
    ['garbage', [Buffer.alloc(1_000, 0xc8)]],
    ['plain HTTP', ['GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n']],
    ['libp2p without WebSocket', [MULTISTREAM]]
  ])('that speaks %s is hung up on at once', async (_what, words) => {
    await using swarm = await echoServer({ listen: [WEBSOCKET] })
    await using caller = await stranger(addressOf(swarm), ...words)

    await caller.closed
    await servesOthers(swarm)
  })
})

describe('a peer', () => {
  it('that opens a stream and does not say for what has it reset after negotiateTimeoutMs', async () => {
    await using pair = await swarms(2, () => ({ connection: { negotiateTimeoutMs: 100 } }))
    const [near, far] = pair as unknown as [Swarm, Swarm]
    const connection = await near.dial(addressOf(far))
    const muxer = (connection as unknown as { muxer: { createStream (): Promise<EventTarget> } }).muxer
    const raw = await muxer.createStream()

    await new Promise((resolve) => { raw.addEventListener('close', resolve) })
    await until(() => far.stat().streams.inbound === 0)
    expect(await echo(connection, 'lives on')).toBe('lives on')
  })
})
