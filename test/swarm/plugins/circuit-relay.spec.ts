import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { describe, expect, it } from 'vitest'
import { bytes, readAll } from './fixtures.ts'
import { createNode, tcpNode } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { Identify } from '@libp2p/identify'
import type { Stream } from '@libp2p/interface'

interface Services extends Record<string, unknown> {
  identify: Identify
}

const ECHO = '/echo/1.0.0'

async function relay (): Promise<TestNode<Services & { relay: unknown }>> {
  return tcpNode<Services & { relay: unknown }>({ services: { identify: identify(), relay: circuitRelayServer() } })
}

/** A node that listens where it is told, and can be reached and can dial over relays. */
async function client (...listen: string[]): Promise<TestNode<Services>> {
  return createNode<Services>({
    listen,
    transports: [tcp(), circuitRelayTransport()],
    services: { identify: identify() }
  })
}

async function echo (stream: Stream): Promise<void> {
  for await (const message of stream) {
    stream.send(message)
  }

  await stream.close()
}

interface Setup {
  relay: TestNode
  listener: TestNode<Services>
  dialer: TestNode<Services>
  /** Where the listener is reached. */
  address: string
}

/** The listener listens through the relay; the dialer knows neither. */
async function setUp (): Promise<Setup> {
  const middle = await relay()
  const via = `${middle.libp2p.getMultiaddrs().at(0)?.toString() ?? ''}/p2p-circuit`
  const [listener, dialer] = [await client(via), await client()]
  const [address] = listener.libp2p.getMultiaddrs()

  await listener.libp2p.handle(ECHO, echo, { runOnLimitedConnection: true })

  return { relay: middle, listener, dialer, address: address?.toString() ?? '' }
}

describe('circuit-relay-v2 of js-libp2p', () => {
  it('gives a listener an address through its relay', async () => {
    const { relay, listener, address } = await setUp()

    expect(address).toBe(`${relay.libp2p.getMultiaddrs().at(0)?.toString() ?? ''}/p2p-circuit/p2p/${listener.swarm.peerId.toString()}`)
    expect(listener.swarm.connectedness(relay.swarm.peerId)).toBe('connected')
  })

  it('carries limited connections: streams over them are refused by default', async () => {
    const { listener, dialer, address } = await setUp()
    const connection = await dialer.swarm.dial(address)

    expect(connection.limits?.bytes).toBeGreaterThan(0n)
    expect(connection.direct).toBe(false)
    expect(dialer.swarm.connectedness(listener.swarm.peerId)).toBe('limited')
    await expect(connection.newStream(ECHO)).rejects.toMatchObject({ code: 'LimitedConnection' })
    await expect(dialer.libp2p.getConnections(listener.swarm.peerId).at(0)?.newStream(ECHO)).rejects.toMatchObject({ name: 'LimitedConnectionError' })
  })

  it('carries streams that are allowed to, of our API and of plugins', async () => {
    const { listener, dialer, address } = await setUp()

    await dialer.swarm.dial(address)

    const ours = await dialer.swarm.newStream(listener.swarm.peerId, ECHO, { limited: 'allow' })

    await ours.end('over a relay')
    expect(await ours.text()).toBe('over a relay')

    const theirs = await dialer.libp2p.dialProtocol(listener.swarm.peerId, ECHO, { runOnLimitedConnection: true })

    theirs.send(bytes('for plugins, too'))
    await theirs.close()
    expect(await readAll(theirs as never)).toBe('for plugins, too')
  })

  it('refuses inbound streams of protocols that are not served over relays', async () => {
    const { listener, dialer, address } = await setUp()

    listener.swarm.handle('/heavy/1', () => {})
    await dialer.swarm.dial(address)

    await expect(dialer.swarm.newStream(listener.swarm.peerId, '/heavy/1', { limited: 'allow' })).rejects.toMatchObject({ code: 'UnsupportedProtocol' })
  })

  it('identifies both ends through the relay', async () => {
    const { listener, dialer, address } = await setUp()
    const identified = new Promise((resolve) => {
      dialer.libp2p.addEventListener('peer:identify', ({ detail }) => {
        if (detail.peerId.equals(listener.swarm.peerId)) {
          resolve(detail.protocols)
        }
      })
    })

    await dialer.swarm.dial(address)

    expect(await identified).toContain(ECHO)
  })

  it('ends the relayed connection with the relay', async () => {
    const { relay, listener, dialer, address } = await setUp()
    const connection = await dialer.swarm.dial(address)

    await relay.swarm.close()
    await connection.closed

    expect(dialer.swarm.connectedness(listener.swarm.peerId)).toBe('notConnected')
    await expect(connection.newStream(ECHO, { limited: 'allow' })).rejects.toThrow('the connection was')
  })
})
