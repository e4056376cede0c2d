import { once } from 'node:events'
import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, vi } from 'vitest'
import { socketOf } from '../../src/tcp/index.ts'
import { eventually } from '../support/settle.ts'
import { until } from '../support/until.ts'
import { closeOf, connected, dial, Door, LOOPBACK, transport } from './fixtures.ts'
import type { TcpInit, TcpListener } from '../../src/tcp/index.ts'
import type { AddressInfo } from 'node:net'

interface Listening extends AsyncDisposable {
  listener: TcpListener
  door: Door
  told: string[]
}

async function listening (init?: TcpInit, address = LOOPBACK): Promise<Listening> {
  const door = new Door()
  const listener = transport(init).createListener({ upgrader: door.upgrader })
  const told: string[] = []

  for (const type of ['listening', 'close', 'error'] as const) {
    listener.addEventListener(type, () => { told.push(type) })
  }

  await listener.listen(address)

  return { listener, door, told, [Symbol.asyncDispose]: async () => { await listener.close() } }
}

function portOf (listener: TcpListener): number {
  return (listener.server.address() as AddressInfo).port
}

describe('a listener over TCP', () => {
  it('tells of its beginning and its end', async () => {
    await using at = await listening()

    expect(at.told).toEqual(['listening'])
    expect(at.listener.getAddrs().map(String)).toEqual([`/ip4/127.0.0.1/tcp/${portOf(at.listener)}`])

    await at.listener.close()

    expect(at.told).toEqual(['listening', 'close'])
    expect(at.listener.getAddrs()).toEqual([])
  })

  it('has addresses when it tells of its beginning, and none before', async () => {
    const listener = transport().createListener({ upgrader: new Door().upgrader })
    const addresses: string[] = []

    listener.addEventListener('listening', () => { addresses.push(...listener.getAddrs().map(String)) })

    expect(listener.getAddrs()).toEqual([])

    await listener.listen(LOOPBACK)

    expect(addresses).toEqual([`/ip4/127.0.0.1/tcp/${portOf(listener)}`])
    await listener.close()
  })

  it('listens on all interfaces', async () => {
    await using at = await listening({}, multiaddr('/ip4/0.0.0.0/tcp/0'))
    const addresses = at.listener.getAddrs().map(String)

    expect(addresses).toContain(`/ip4/127.0.0.1/tcp/${portOf(at.listener)}`)
    expect(addresses.join()).not.toContain('0.0.0.0')
  })

  it('takes the same port for IPv4 and for IPv6', async () => {
    await using four = await listening({}, multiaddr('/ip4/0.0.0.0/tcp/0'))
    await using six = await listening({}, multiaddr(`/ip6/::/tcp/${portOf(four.listener)}`))

    expect(portOf(six.listener)).toBe(portOf(four.listener))
  })

  it('fails with what the system says, and may try again then', async () => {
    await using taken = await listening()
    const listener = transport().createListener({ upgrader: new Door().upgrader })
    const onError = vi.fn()

    listener.addEventListener('error', onError)

    await expect(listener.listen(multiaddr(`/ip4/127.0.0.1/tcp/${portOf(taken.listener)}`))).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(onError).toHaveBeenCalledTimes(1)
    expect(listener.getAddrs()).toEqual([])

    await listener.listen(LOOPBACK)
    await listener.close()
  })

  it('listens once', async () => {
    await using at = await listening()

    await expect(at.listener.listen(LOOPBACK)).rejects.toMatchObject({ name: 'AlreadyStartedError' })
  })

  it('can be closed before it listens, while that begins, and twice', async () => {
    const [early, late] = [transport().createListener({ upgrader: new Door().upgrader }), transport().createListener({ upgrader: new Door().upgrader })]
    const beginning = late.listen(LOOPBACK)

    await Promise.all([
      early.close(),
      late.close(),
      expect(beginning).rejects.toMatchObject({ code: 'ConnectionClosed' })
    ])
    await late.close()

    expect(late.server.listening).toBe(false)
    await expect(early.listen(LOOPBACK)).rejects.toMatchObject({ name: 'AlreadyStartedError' })
  })

  it('hangs up on all who came through it, and on upgrades that are not done', async () => {
    const upgrading = Promise.withResolvers<AbortSignal>()
    const listener = transport().createListener({
      upgrader: {
        upgradeInbound: async (_connection: unknown, { signal }: { signal: AbortSignal }) => {
          upgrading.resolve(signal)
          await once(signal, 'abort')
        }
      } as never
    })

    await listener.listen(LOOPBACK)

    const dialled = await dial(transport(), listener.getAddrs()[0])
    const closed = closeOf(dialled)
    const signal = await upgrading.promise

    await listener.close()
    await closed

    expect(signal.reason).toMatchObject({ code: 'ConnectionClosed' })
    expect(dialled.status).toBe('closed')
  })

  it('whose server is closed lets connections live on, and tells of its end with the last', async () => {
    await using at = await listening()
    const dialled = await dial(transport(), at.listener.getAddrs()[0])

    await at.door.inbound()
    at.listener.server.close()
    dialled.send(Uint8Array.of(1))
    await until(() => at.door.accepted[0]?.readBufferLength === 1)

    expect(at.told).toEqual(['listening'])

    await dialled.close()
    await eventually(() => at.told.includes('close'))
  })

  it('resets a connection whose upgrade fails', async () => {
    const listener = transport().createListener({ upgrader: { upgradeInbound: async () => { throw new Error('not welcome') } } as never })

    await listener.listen(LOOPBACK)

    const socket = connect(Number(listener.getAddrs()[0]?.getComponents()[1]?.value), '127.0.0.1')
    const [error] = await once(socket, 'error') as [Error]

    expect(error).toMatchObject({ code: 'ECONNRESET' })
    await listener.close()
  })

  it('does not take those who were hung up on before it heard of them', async () => {
    await using at = await listening()
    const refused = once(at.listener.server, 'connection')

    at.listener.server.prependListener('connection', (socket) => { socket.destroy() })

    const socket = connect(portOf(at.listener), '127.0.0.1')

    await Promise.all([refused, once(socket, 'close')])

    expect(at.door.accepted).toEqual([])
  })

  it('shows its sockets before their upgrade begins', async () => {
    await using at = await listening()
    const order: string[] = []

    at.listener.server.prependListener('connection', () => { order.push(`socket, ${at.door.accepted.length} upgrades`) })

    const dialled = await dial(transport(), at.listener.getAddrs()[0])
    const accepted = await at.door.inbound()

    expect(order).toEqual(['socket, 0 upgrades'])
    expect(socketOf(accepted)?.remotePort).toBe(socketOf(dialled)?.localPort)
    dialled.abort(new Error('done'))
  })

  it('hangs up on those above its maximum', async () => {
    await using at = await listening({ maxConnections: 1 })
    const first = await dial(transport(), at.listener.getAddrs()[0])

    await at.door.inbound()

    const second = await dial(transport(), at.listener.getAddrs()[0])

    await closeOf(second)

    expect(at.door.accepted).toHaveLength(1)
    first.abort(new Error('done'))
  })
})

describe('a listener that pauses', () => {
  const limits = { closeAbove: 2, listenBelow: 2 }

  it('does so when it has enough connections, and goes on at the same port', async () => {
    await using at = await listening({ closeServerOnMaxConnections: limits })
    const [address] = at.listener.getAddrs()
    const dialled = [await dial(transport(), address), await dial(transport(), address)]

    await at.door.inbound(1)

    expect(at.listener.server.listening).toBe(false)
    await expect(dial(transport(), address)).rejects.toMatchObject({ code: 'ECONNREFUSED' })

    await dialled[0]?.close()
    await until(() => at.listener.server.listening)

    expect(at.listener.getAddrs().map(String)).toEqual([address?.toString()])
    expect(at.told).toEqual(['listening', 'listening'])
    dialled[1]?.abort(new Error('done'))
  })

  it('tells of its end when it is closed meanwhile, and does not go on', async () => {
    await using at = await listening({ closeServerOnMaxConnections: { closeAbove: 1, listenBelow: 1 } })
    const dialled = await dial(transport(), at.listener.getAddrs()[0])

    await at.door.inbound()
    await at.listener.close()

    expect(at.told).toEqual(['listening', 'close'])
    expect(at.listener.server.listening).toBe(false)
    dialled.abort(new Error('done'))
  })

  it('says so when somebody has taken the port, and tries again with the next that ends', async () => {
    const onListenError = vi.fn()

    await using at = await listening({ closeServerOnMaxConnections: { ...limits, onListenError } })
    const [address] = at.listener.getAddrs()
    const dialled = [await dial(transport(), address), await dial(transport(), address)]

    await at.door.inbound(1)

    {
      await using thief = await listening({}, address)

      await dialled[0]?.close()
      await until(() => onListenError.mock.calls.length > 0)

      expect(thief.listener.server.listening).toBe(true)
      expect(onListenError).toHaveBeenCalledWith(expect.objectContaining({ code: 'EADDRINUSE' }))
    }

    await dialled[1]?.close()
    await until(() => at.listener.server.listening)
  })
})

describe('a listener of ours and one of npm', () => {
  it('know the same peers', async () => {
    const { tcp } = await import('@libp2p/tcp')
    const { defaultLogger } = await import('@libp2p/logger')
    const npm = tcp()({ logger: defaultLogger() })

    await using ours = await connected({ dialer: npm })
    await using theirs = await connected({ listener: npm })

    for (const { dialled, accepted } of [ours, theirs]) {
      const port = (dialled as unknown as { socket: { localPort: number } }).socket.localPort

      expect(accepted.remoteAddr.toString()).toBe(`/ip4/127.0.0.1/tcp/${port}`)
    }
  })
})
