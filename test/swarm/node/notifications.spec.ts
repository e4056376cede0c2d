import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { addressOf, becomes, echo, ECHO, echoServer, errorsOf, listener, LOOPBACK, swarmPair, swarms, told, toldTimes } from '../../support/swarm-pair.ts'
import { until } from '../../support/until.ts'
import type { Connection, Notifiee, Swarm } from '../../../src/index.ts'

/** Writes down what a swarm tells, as 'connected a', where names are given in the order in which connections come. */
function diary (swarm: Swarm): string[] {
  const lines: string[] = []
  const names = new Map<Connection, string>()
  const nameOf = (connection: Connection): string => {
    const name = names.get(connection) ?? 'abcdefgh'.charAt(names.size)

    names.set(connection, name)

    return name
  }

  swarm.notify({
    connected: (connection) => { lines.push(`connected ${nameOf(connection)}`) },
    disconnected: (connection, { code, by }) => { lines.push(`disconnected ${nameOf(connection)}: ${code} by ${by}`) },
    openedStream: ({ direction, protocol }) => { lines.push(`openedStream ${direction} ${protocol}`) },
    closedStream: ({ direction, protocol }) => { lines.push(`closedStream ${direction} ${protocol}`) },
    listen: (address) => { lines.push(`listen ${address.toString()}`) },
    listenClose: (address, error) => { lines.push(`listenClose ${address.toString()}${error == null ? '' : ` ${error.message}`}`) }
  })

  return lines
}

describe('notifications', () => {
  // TestNotifications
  it('tell of every connection and stream once at both ends, and of listeners that close', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    const [here, there] = [diary(near), diary(far)]
    const [address] = far.listenAddresses()
    const gone = told(near, 'disconnected')
    const connection = await near.dial(addressOf(far))

    await echo(connection, 'hello')
    await until(() => there.includes(`closedStream inbound ${ECHO}`))
    await far.close()
    await gone

    expect(here).toEqual(['connected a', `openedStream outbound ${ECHO}`, `closedStream outbound ${ECHO}`, 'disconnected a: shutdown by remote'])
    expect(there).toEqual(['connected a', `openedStream inbound ${ECHO}`, `closedStream inbound ${ECHO}`, 'disconnected a: shutdown by local', `listenClose ${address?.toString()}`])
  })

  it('tell of listeners that come and go at run time', async () => {
    await using swarm = await createSwarm()
    const lines = diary(swarm)

    const [address] = await swarm.listen(LOOPBACK)

    await swarm.removeListenAddress(address ?? '')

    expect(lines).toEqual([`listen ${address?.toString()}`, `listenClose ${address?.toString()}`])
  })

  it('are the same as events, in the same order', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    const types: string[] = []

    for (const type of ['connected', 'disconnected', 'openedStream', 'closedStream', 'connectedness'] as const) {
      near.addEventListener(type, (event) => { types.push(event.type) })
    }

    const gone = told(near, 'connectedness', ({ connectedness }) => connectedness === 'notConnected')
    const connection = await near.dial(addressOf(far))

    await echo(connection, 'hello')
    await connection.close()
    await gone

    expect(types).toEqual(['connectedness', 'connected', 'openedStream', 'closedStream', 'disconnected', 'connectedness'])
  })

  // TestConnHandler
  it('come once for each of four connections', async () => {
    await using hub = await echoServer()
    await using clients = await swarms(4)
    const lines = diary(hub)
    const connected = toldTimes(hub, 'connected', 4)

    await Promise.all(clients.map(async (client) => client.dial(addressOf(hub))))

    expect((await connected).map(({ remotePeer }) => remotePeer.toString()).sort()).toEqual(clients.map(({ peerId }) => peerId.toString()).sort())
    expect(lines).toEqual(['connected a', 'connected b', 'connected c', 'connected d'])
  })

  it('of two connections to one peer come in the order of each, and the peer connects and disconnects once', async () => {
    await using pair = await swarmPair({ connection: { duplicateGraceMs: 60_000 } }, { connection: { duplicateGraceMs: 60_000 } })
    const { near, far, connection } = pair
    const lines = diary(near)
    const changes: string[] = []

    near.addEventListener('connectedness', ({ detail }) => { changes.push(detail.connectedness) })

    // an address that names nobody cannot lead to the connection that is there
    const second = await near.dial(far.listenAddresses())

    expect(second).not.toBe(connection)
    expect(near.connections(far.peerId)).toEqual([connection, second])

    const gone = told(near, 'connectedness')

    await connection.close()
    expect(near.connectedness(far.peerId)).toBe('connected')
    await second.close()
    await gone

    expect(lines).toEqual(['connected a', 'disconnected b: closed by local', 'disconnected a: closed by local'])
    expect(changes).toEqual(['notConnected'])
  })
})

describe('a handler of connected', () => {
  it('ends before dial resolves, and before the first inbound stream is served', async () => {
    await using near = await createSwarm()
    await using far = await createSwarm({ listen: [LOOPBACK] })
    const order: string[] = []
    const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]

    near.notify({
      connected: async () => {
        await here.promise
        order.push('near connected')
      }
    })
    far.notify({
      connected: async () => {
        await there.promise
        order.push('far connected')
      }
    })
    far.handle(ECHO, async (stream) => {
      order.push('far serves')
      await stream.pipeTo(stream)
    })

    const seen = told(near, 'connectedness')
    const dial = near.dial(addressOf(far)).then((connection) => {
      order.push('near dialled')

      return connection
    })

    await seen
    here.resolve()

    const echoed = echo(await dial, 'hello')

    await becomes(far, near, 'connected')
    there.resolve()

    expect(await echoed).toBe('hello')
    expect(order).toEqual(['near connected', 'near dialled', 'far connected', 'far serves'])
  })

  // TestNotifications_CloseFromConnected
  it('may close the connection: the dial fails with that, and disconnected follows', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    const gone = told(near, 'disconnected')
    const lines = diary(near)

    near.notify({ connected: async (connection) => connection.close() })

    await expect(near.dial(addressOf(far))).rejects.toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'ConnectionClosed' }] })
    expect((await gone).reason).toEqual({ code: 'closed', by: 'local' })
    expect(lines).toEqual(['connected a', 'disconnected a: closed by local'])
    expect(near.connections()).toEqual([])
  })

  it('may close the peer, and may close the swarm', async () => {
    await using far = await echoServer()
    const near = await createSwarm()

    near.notify({ connected: async ({ remotePeer }) => near.closePeer(remotePeer) })
    await expect(near.dial(addressOf(far))).rejects.toMatchObject({ code: 'AllDialsFailed' })

    const other = await createSwarm()

    other.notify({ connected: () => { void other.close() } })
    await expect(other.dial(addressOf(far))).rejects.toMatchObject({ code: 'SwarmClosed' })
    await Promise.all([near.close(), other.close()])
  })

  it('may dial the same peer and others, and open streams', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    await using third = await echoServer()
    const heard: string[] = []

    near.notify({
      connected: async (connection) => {
        if (connection.remotePeer.equals(far.peerId)) {
          heard.push(String(await near.dial(far.peerId) === connection))
          heard.push(await echo(connection, 'while connecting'))
          heard.push(await echo(await near.dial(addressOf(third)), 'to another'))
        }
      }
    })

    await near.dial(addressOf(far))

    expect(heard).toEqual(['true', 'while connecting', 'to another'])
  })

  it('may subscribe others, who are told of the next connection, and unsubscribe itself', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    await using third = await echoServer()
    const lines: string[] = []
    const later: Notifiee = { connected: () => { lines.push('later') } }
    const once: Notifiee = {
      connected: () => {
        lines.push('once')
        near.notify(later)
        near.stopNotify(once)
      }
    }

    near.notify(once)
    await near.dial(addressOf(far))
    await near.dial(addressOf(third))

    expect(lines).toEqual(['once', 'later'])
  })

  it('is called no more after stopNotify', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    const lines: string[] = []
    const notifiee: Notifiee = { connected: () => { lines.push('connected') }, disconnected: () => { lines.push('disconnected') } }

    near.notify(notifiee)

    const connection = await near.dial(addressOf(far))
    const gone = told(near, 'disconnected')

    near.stopNotify(notifiee)
    await connection.close()
    await gone

    expect(lines).toEqual(['connected'])
  })

  it.each<[string, () => Promise<void>]>([
    ['throws', () => { throw new Error('handler on fire') }],
    ['rejects', async () => { throw new Error('handler on fire') }]
  ])('that %s is told of as an error, and harms nobody', async (_what, connected) => {
    await using near = await createSwarm()
    await using far = await echoServer()
    const errors = errorsOf(near)
    const lines: string[] = []

    near.notify({ connected })
    near.notify({ connected: () => { lines.push('the other one') } })

    const connection = await near.dial(addressOf(far))

    expect(await echo(connection, 'hello')).toBe('hello')
    expect(lines).toEqual(['the other one'])
    expect(errors).toMatchObject([{ during: 'notifiee connected', error: { message: 'handler on fire' }, connection: { id: connection.id } }])
  })

  it('that never ends holds back its own connection for notifyTimeoutMs, and no other', async () => {
    const clock = new FakeClock()
    await using near = await createSwarm({ clock })
    await using far = await echoServer()
    await using third = await echoServer()
    const errors = errorsOf(near)
    const told = Promise.withResolvers<void>()

    near.notify({
      connected: async ({ remotePeer }) => {
        if (remotePeer.equals(far.peerId)) {
          told.resolve()
          await new Promise(() => {})
        }
      }
    })

    const held = near.dial(addressOf(far), { timeoutMs: 60_000 })

    await told.promise
    await expect(near.dial(addressOf(third))).resolves.toMatchObject({ status: 'open' })
    await clock.advance(5_000)

    expect((await held).remotePeer.equals(far.peerId)).toBe(true)
    expect(errors).toMatchObject([{ during: 'notifiee connected', error: { code: 'HandlerTimeout' } }])
  })
})

describe('a handler of disconnected', () => {
  // TestNotifications_CloseFromDisconnected
  it('may close the connection again, the peer and the swarm', async () => {
    await using pair = await swarmPair()
    const { near, connection } = pair
    const done = Promise.withResolvers<void>()

    near.notify({
      disconnected: async (gone) => {
        await gone.close()
        await near.closePeer(gone.remotePeer)
        await near.close()
        done.resolve()
      }
    })
    await connection.close()
    await done.promise

    expect(near.connections()).toEqual([])
  })

  // TestEmitter_RemoveConnBeforeAddConn
  it('waits for the end of connected, though the connection ends before', async () => {
    await using near = await createSwarm()
    await using far = await echoServer()
    const lines: string[] = []
    const release = Promise.withResolvers<void>()

    near.notify({
      connected: async (connection) => {
        lines.push('connected begins')
        connection.abort()
        await release.promise
        lines.push('connected ends')
      },
      disconnected: () => { lines.push('disconnected') }
    })

    const gone = told(near, 'disconnected')
    const dial = near.dial(addressOf(far))

    dial.catch(() => {})
    await told(near, 'connectedness', ({ connectedness }) => connectedness === 'connected')
    release.resolve()
    await gone
    await expect(dial).rejects.toMatchObject({ code: 'AllDialsFailed' })

    expect(lines).toEqual(['connected begins', 'connected ends', 'disconnected'])
  })
})

describe('a listener of an event', () => {
  it('that throws or rejects is told of as an error, and the others are called', async () => {
    await using pair = await swarmPair()
    const { near, connection } = pair
    const errors = errorsOf(near)
    const lines: string[] = []

    near.addEventListener('openedStream', () => { throw new Error('thrown') })
    near.addEventListener('openedStream', listener(async () => { throw new Error('rejected') }))
    near.addEventListener('openedStream', () => { lines.push('called') })

    expect(await echo(connection, 'hello')).toBe('hello')
    expect(lines).toEqual(['called'])
    expect(errors.map(({ during, error }) => `${during}: ${error.message}`).sort()).toEqual(['listener of openedStream: rejected', 'listener of openedStream: thrown'])
  })

  it('that throws for an error takes nobody down', async () => {
    await using pair = await swarmPair()
    const { near, connection } = pair

    near.addEventListener('error', () => { throw new Error('even here') })
    near.notify({ openedStream: () => { throw new Error('first') } })

    expect(await echo(connection, 'hello')).toBe('hello')
  })
})
