import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SocketGuard } from '../../../src/swarm/listen/socket-guard.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { stranger } from '../../support/tcp-server.ts'
import type { Listener, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import type { AddressInfo, Socket } from 'node:net'

interface GuardedServer extends AsyncDisposable {
  clock: FakeClock
  guard: SocketGuard
  address: string
  /** Resolves with the next socket that is accepted. */
  accepted(): Promise<Socket>
}

async function guardedServer (maxWaiting = 10): Promise<GuardedServer> {
  const clock = new FakeClock()
  const server = createServer()
  const upgrader = { upgradeInbound: async () => {} } as unknown as Upgrader
  const guard = new SocketGuard({ clock, upgrader, timeoutMs: 1000, maxWaiting })

  guard.watch({ server } as unknown as Listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    clock,
    guard,
    address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`,
    accepted: async () => (await once(server, 'connection') as [Socket])[0],
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    }
  }
}

/** As a transport whose socket is not at hand. */
function connectionOver ({ remoteAddress, remotePort }: Socket): MultiaddrConnection {
  const components = [{ name: 'ip4', value: remoteAddress }, { name: 'tcp', value: String(remotePort) }]

  return { remoteAddr: { getComponents: () => components } } as unknown as MultiaddrConnection
}

describe('the guard of accepted sockets', () => {
  it('leaves neither a listener nor a timer with a socket whose upgrade has begun', async () => {
    await using test = await guardedServer()
    const accepting = test.accepted()
    await using caller = await stranger(test.address)
    const socket = await accepting
    const whileWaiting = socket.listenerCount('close')

    expect(test.clock.pending).toBe(1)
    await test.guard.upgrader.upgradeInbound(connectionOver(socket), { signal: new AbortController().signal })

    expect(socket.listenerCount('close')).toBe(whileWaiting - 1)
    expect(test.clock.pending).toBe(0)
    await test.clock.advance(10_000)
    expect(socket.destroyed).toBe(false)
    caller.socket.destroy()
    await caller.closed
    socket.destroy()
  })

  it('hangs up on each socket when its own time is over', async () => {
    await using test = await guardedServer()
    const first = test.accepted()
    await using early = await stranger(test.address)
    await first
    await test.clock.advance(600)
    const second = test.accepted()
    await using late = await stranger(test.address)
    const socket = await second

    await test.clock.advance(400)
    await early.closed
    expect(socket.destroyed).toBe(false)
    await test.clock.advance(600)
    await late.closed

    expect(test.clock.pending).toBe(0)
  })

  it('turns away who comes when as many wait as may', async () => {
    await using test = await guardedServer(1)
    const accepting = test.accepted()
    await using first = await stranger(test.address)
    const socket = await accepting
    await using second = await stranger(test.address)

    await second.closed

    expect(socket.destroyed).toBe(false)
    first.socket.destroy()
    socket.destroy()
    await first.closed
  })
})
