import { networkInterfaces } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { ListenError } from '../../../src/swarm/listen/index.ts'
import { addrs, answers, end, listenerSet, occupiedPort, portOf, serverOf, texts } from './fixtures.ts'

const hasIp6 = Object.values(networkInterfaces()).flat().some((entry) => entry?.address === '::1')

describe('ListenerSet on real sockets', () => {
  it('listens on several transports at once and tells the real ports', async () => {
    await using test = listenerSet()

    const { listening, failures } = await test.set.listen(addrs('/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws', '/memory/several'))

    expect(failures).toEqual([])
    expect(texts(listening)).toEqual([
      `/ip4/127.0.0.1/tcp/${portOf(listening[0])}`,
      `/ip4/127.0.0.1/tcp/${portOf(listening[1])}/ws`,
      '/memory/several'
    ])
    expect(texts(test.set.addresses()).sort()).toEqual(texts(listening).sort())
    expect([...test.told].sort()).toEqual(texts(listening).map((address) => `listen ${address}`).sort())
    expect(await answers('127.0.0.1', portOf(listening[0]))).toBe(true)
    expect(await answers('127.0.0.1', portOf(listening[1]))).toBe(true)
  })

  it.skipIf(!hasIp6)('listens on IPv4 and IPv6 with one port', async () => {
    await using test = listenerSet()

    const { listening: [ip4] } = await test.set.listen(addrs('/ip4/0.0.0.0/tcp/0'))
    const { listening: [ip6] } = await test.set.listen(addrs(`/ip6/::/tcp/${portOf(ip4)}`))

    expect(texts(test.set.addresses())).toEqual([`/ip4/0.0.0.0/tcp/${portOf(ip4)}`, `/ip6/::/tcp/${portOf(ip4)}`])
    expect(await answers('127.0.0.1', portOf(ip4))).toBe(true)
    expect(await answers('::1', portOf(ip6))).toBe(true)
  })

  it('says in plain words which address is in use', async () => {
    await using taken = await occupiedPort()
    await using test = listenerSet()
    const address = `/ip4/127.0.0.1/tcp/${taken.port}`

    const error = await test.set.listen(addrs(address, `${address}/ws`)).catch((error: unknown) => error)

    expect(error).toBeInstanceOf(ListenError)
    expect(error).toMatchObject({
      name: 'ListenError',
      code: 'ListenFailed',
      message: `could not listen on any address:\n  ${address}: address already in use (EADDRINUSE)\n  ${address}/ws: address already in use (EADDRINUSE)`,
      errors: [
        { code: 'ListenFailed', message: `could not listen on ${address}: address already in use (EADDRINUSE)`, cause: { code: 'EADDRINUSE' } },
        { code: 'ListenFailed' }
      ]
    })
    expect(test.told).toEqual([])
    expect(test.set.listeners()).toEqual([])
  })

  it('returns and reports the failures of some addresses when others work', async () => {
    await using taken = await occupiedPort()
    await using test = listenerSet()
    const bad = `/ip4/127.0.0.1/tcp/${taken.port}`

    const { listening, failures } = await test.set.listen(addrs(bad, '/ip4/127.0.0.1/tcp/0', '/dns4/localhost/udp/1'))

    expect(listening).toHaveLength(1)
    expect(failures.map(({ address, why, error }) => [address.toString(), why, error.code])).toEqual([
      [bad, 'address already in use (EADDRINUSE)', 'ListenFailed'],
      ['/dns4/localhost/udp/1', 'no transport can listen on it', 'NoTransport']
    ])
    expect(test.told).toEqual([`listen ${listening.join()}`, `error ${bad}`, 'error /dns4/localhost/udp/1'])
    expect(test.errors).toEqual(failures.map(({ error }) => error))
  })

  it('explains an address that this machine does not have', async () => {
    await using test = listenerSet()

    await expect(test.set.listen(addrs('/ip4/203.0.113.1/tcp/0'))).rejects.toThrow('/ip4/203.0.113.1/tcp/0: this machine does not have that address (EADDRNOTAVAIL)')
  })

  it('refuses a second listener on the same port, whether it was asked for or chosen', async () => {
    await using test = listenerSet()
    const { listening: [bound] } = await test.set.listen(addrs('/ip4/127.0.0.1/tcp/0'))
    const address = `${bound?.toString()}`

    await expect(test.set.listen(addrs(address))).rejects.toThrow(`${address}: already listening`)
    await expect(test.set.listen(addrs('/memory/twice', '/memory/twice'))).resolves.toMatchObject({ failures: [{ why: 'already listening' }] })
  })

  it('chooses another port each time that port 0 is asked for', async () => {
    await using test = listenerSet()

    const { listening } = await test.set.listen(addrs('/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'))

    expect(new Set(listening.map(portOf)).size).toBe(2)
  })

  // go-libp2p-swarm TestListenCloseCount
  it('removes only the listener of the address that it is given, by value', async () => {
    await using test = listenerSet()
    const { listening } = await test.set.listen(addrs('/ip4/0.0.0.0/tcp/0', '/ip4/0.0.0.0/tcp/0/ws'))
    const [first, second] = texts(listening)

    expect(await test.set.remove(multiaddr(first ?? ''))).toBe(true)

    expect(texts(test.set.addresses())).toEqual([second])
    expect(test.told.filter((line) => line.startsWith('listenClose'))).toEqual([`listenClose ${first}`])
    expect(test.errors).toEqual([])
    expect(await answers('127.0.0.1', portOf(listening[0]))).toBe(false)
    expect(await answers('127.0.0.1', portOf(listening[1]))).toBe(true)
    expect(await test.set.remove(multiaddr(first ?? ''))).toBe(false)
  })

  it('listens again on an address that was removed', async () => {
    await using test = listenerSet()
    const { listening: [bound] } = await test.set.listen(addrs('/ip4/127.0.0.1/tcp/0'))
    const address = multiaddr(bound?.toString() ?? '')

    await test.set.remove(multiaddr('/ip4/127.0.0.1/tcp/0'))
    await test.set.listen([address])

    expect(texts(test.set.addresses())).toEqual([address.toString()])
    expect(test.told).toEqual([`listen ${address}`, `listenClose ${address}`, `listen ${address}`])
  })

  it('tells of a listener that dies by itself, and removes it', async () => {
    await using test = listenerSet()
    const { listening: [killed, stays] } = await test.set.listen(addrs('/ip4/127.0.0.1/tcp/0', '/memory/stays'))
    const listener = test.set.listeners().find((one) => one.getAddrs().some((address) => address.equals(killed)))

    await end(serverOf(listener))

    expect(test.set.addresses()).toEqual([stays])
    expect(test.told.slice(2)).toEqual([`listenClose ${killed}`])
    expect(test.errors).toMatchObject([{ code: 'ListenFailed', message: 'the listener on /ip4/127.0.0.1/tcp/0 has ended: it closed by itself' }])
  })

  it('goes on after an error of a listener that still listens', async () => {
    await using test = listenerSet()
    const { listening: [bound] } = await test.set.listen(addrs('/ip4/127.0.0.1/tcp/0'))
    const thrown = new Error('accept EMFILE')

    serverOf(test.set.listeners()[0]).emit('error', thrown)

    expect(test.told).toEqual([`listen ${bound}`, 'error /ip4/127.0.0.1/tcp/0'])
    expect(test.errors).toEqual([thrown])
    expect(await answers('127.0.0.1', portOf(bound))).toBe(true)
  })

  it('frees every port when it closes, and tells of each address once', async () => {
    const test = listenerSet()
    const { listening } = await test.set.listen(addrs('/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws', '/memory/close'))

    await Promise.all([test.set.close(), test.set.close()])

    expect(test.set.addresses()).toEqual([])
    expect(test.set.listeners()).toEqual([])
    expect(test.told.filter((line) => line.startsWith('listenClose')).sort()).toEqual(texts(listening).map((address) => `listenClose ${address}`).sort())
    expect(await answers('127.0.0.1', portOf(listening[0]))).toBe(false)
    expect(await answers('127.0.0.1', portOf(listening[1]))).toBe(false)
  })

  it('leaves nothing behind of a listener that was about to begin when it closed', async () => {
    const test = listenerSet()
    const pending = test.set.listen(addrs('/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'))

    await Promise.all([
      expect(pending).rejects.toMatchObject({ code: 'SwarmClosed' }),
      test.set.close()
    ])

    expect(test.told).toEqual([])
    // the leak check of the test run looks for the sockets
  })
})
