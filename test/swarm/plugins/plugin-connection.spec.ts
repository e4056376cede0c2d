import { connectionSymbol, isConnection } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../support/settle.ts'
import { memoryNode } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { Connection, StreamCloseEvent } from '@libp2p/interface'

const ECHO = '/echo/1.0.0'

interface Setup {
  a: TestNode
  b: TestNode
  connection: Connection
}

async function setUp (): Promise<Setup> {
  const a = await memoryNode()
  const b = await memoryNode()

  await b.libp2p.handle(ECHO, () => {})

  return { a, b, connection: await a.libp2p.dial(b.libp2p.getMultiaddrs()) }
}

async function closeOf (connection: Connection): Promise<StreamCloseEvent> {
  return new Promise((resolve) => { connection.addEventListener('close', resolve) })
}

describe('PluginConnection', () => {
  it('is what js-libp2p calls a connection', async () => {
    const { a, b, connection } = await setUp()

    expect(isConnection(connection)).toBe(true)
    expect(connection).toMatchObject({
      [connectionSymbol]: true,
      direction: 'outbound',
      status: 'open',
      direct: true,
      multiplexer: '/yamux/1.0.0',
      encryption: '/noise',
      limits: undefined,
      streams: []
    })
    expect(connection.remotePeer.equals(b.swarm.peerId)).toBe(true)
    expect(connection.remoteAddr.toString()).toContain(`/p2p/${b.swarm.peerId.toString()}`)
    expect(connection.timeline.upgraded).toBeGreaterThanOrEqual(connection.timeline.open)
    expect(a.swarm.connections().map(({ id }) => id)).toEqual([connection.id])
  })

  it('is one and the same for everybody, and so are its streams', async () => {
    const { a, b, connection } = await setUp()
    const stream = await connection.newStream(ECHO)

    expect(await a.libp2p.dial(b.swarm.peerId)).toBe(connection)
    expect(a.libp2p.getConnections()).toEqual([connection])
    expect(connection.streams).toEqual([stream])
    expect(connection.streams.at(0)).toBe(stream)
    expect(stream).toMatchObject({ protocol: ECHO, direction: 'outbound', status: 'open' })
  })

  it('tells of its close, also those who ask late', async () => {
    const { a, b, connection } = await setUp()
    const [inbound] = b.libp2p.getConnections(a.swarm.peerId)
    const farClosed = inbound == null ? undefined : closeOf(inbound)

    await connection.close()

    expect(await closeOf(connection)).toMatchObject({ local: true, error: undefined })
    expect(await closeOf(connection)).toMatchObject({ local: true })
    expect(await farClosed).toMatchObject({ local: false, error: undefined })
    expect(connection.status).toBe('closed')
    expect(connection.timeline.close).toBeGreaterThan(0)
  })

  it('closes with the error that it was aborted with', async () => {
    const { connection } = await setUp()
    const error = new Error('enough')
    const closed = closeOf(connection)

    connection.abort(error)

    expect(await closed).toMatchObject({ local: true, error })
    expect(connection.status).toBe('aborted')
    await expect(connection.newStream(ECHO)).rejects.toMatchObject({ name: 'ConnectionClosedError' })
  })

  it('opens no more streams of a protocol than it is told', async () => {
    const { connection } = await setUp()

    await connection.newStream(ECHO, { maxOutboundStreams: 1 })
    await expect(connection.newStream(ECHO, { maxOutboundStreams: 1 })).rejects.toMatchObject({ name: 'TooManyOutboundProtocolStreamsError' })
    await eventually(() => connection.streams.length === 1)
  })

  it('gives up opening a stream when its signal aborts, with the reason', async () => {
    const { connection } = await setUp()
    const reason = new Error('changed my mind')

    await expect(connection.newStream(ECHO, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('tells whoever asks how far it is', async () => {
    const { connection } = await setUp()
    const progress: string[] = []

    await connection.newStream([ECHO], { onProgress: ({ type }) => { progress.push(type) } })

    expect(progress).toEqual(['connection:open-stream', 'connection:opened-stream'])
  })

  it('has the peer see a stream before anything is sent, also of a protocol that the peer is known to speak', async () => {
    const { a, b, connection } = await setUp()

    await connection.newStream(ECHO)
    await connection.newStream(ECHO)
    await eventually(() => b.libp2p.getConnections(a.swarm.peerId).at(0)?.streams.filter(({ protocol }) => protocol === ECHO).length === 2)
  })

  it.each([
    { negotiateFully: true, expected: 'rejects' },
    { negotiateFully: false, expected: 'resolves' }
  ])('with negotiateFully $negotiateFully, newStream $expected where the peer refuses', async ({ negotiateFully, expected }) => {
    const { connection } = await setUp()
    const outcome = await connection.newStream('/nobody/1', { negotiateFully }).then(() => 'resolves', () => 'rejects')

    expect(outcome).toBe(expected)
  })
})
