import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { addressesOf, addressOf, echo, echoServer, errorsOf, LOOPBACK, rejection, told } from '../../support/swarm-pair.ts'
import type { Swarm } from '../../../src/index.ts'
import type { SwarmNode } from '../../../src/swarm/swarm-node.ts'
import type { Server } from 'node:net'

const hasIp6 = Object.values(networkInterfaces()).flat().some((entry) => entry?.address === '::1')

function texts (addresses: Array<{ toString (): string }>): string[] {
  return addresses.map(String)
}

/** Whether somebody can be dialled there. */
async function isDialable (swarm: Swarm, address: string): Promise<boolean> {
  await using client = await createSwarm()

  return await client.dial(`${address}/p2p/${swarm.peerId}`).then(() => true, () => false)
}

describe('listen', () => {
  it('takes several addresses of several transports at once, and each can be dialled', async () => {
    await using swarm = await echoServer({ listen: [] })
    const listening = texts(await swarm.listen(LOOPBACK, '/ip4/127.0.0.1/tcp/0/ws', '/memory/listening', ...hasIp6 ? ['/ip6/::1/tcp/0'] : []))

    expect(listening).toHaveLength(hasIp6 ? 4 : 3)
    expect(texts(swarm.listenAddresses()).sort()).toEqual([...listening].sort())

    for (const address of addressesOf(swarm)) {
      await using client = await createSwarm()

      expect(await echo(await client.dial(address), address)).toBe(address)
    }
  })

  it('works if one address does, and says which did not, and why', async () => {
    await using other = await echoServer()
    await using swarm = await createSwarm()
    const errors = errorsOf(swarm)
    const [taken = ''] = texts(other.listenAddresses())

    const listening = await swarm.listen(taken, LOOPBACK, '/ip4/127.0.0.1/udp/0/quic-v1', '/ip4/203.0.113.1/tcp/0')

    expect(listening).toHaveLength(1)
    expect(Object.fromEntries(swarm.listenFailures().map(({ address, why }) => [address.toString(), why]))).toEqual({
      [taken]: 'address already in use (EADDRINUSE)',
      '/ip4/127.0.0.1/udp/0/quic-v1': 'no transport can listen on it',
      '/ip4/203.0.113.1/tcp/0': 'this machine does not have that address (EADDRNOTAVAIL)'
    })
    expect(errors.map(({ during }) => during).sort()).toEqual([`listening on ${taken}`, 'listening on /ip4/127.0.0.1/udp/0/quic-v1', 'listening on /ip4/203.0.113.1/tcp/0'].sort())
  })

  it('says so of the addresses of createSwarm too', async () => {
    await using other = await echoServer()
    const taken = other.listenAddresses()
    await using swarm = await createSwarm({ listen: [...taken, LOOPBACK] })

    expect(swarm.listenAddresses()).toHaveLength(1)
    expect(swarm.listenFailures()).toMatchObject([{ why: 'address already in use (EADDRINUSE)' }])
  })

  it('rejects when no address works, with a line for each, and the swarm goes on', async () => {
    await using other = await echoServer()
    await using swarm = await createSwarm()
    const [taken = ''] = texts(other.listenAddresses())

    const error = await rejection(swarm.listen(taken, '/ip4/127.0.0.1/udp/0/quic-v1'))

    expect(error).toMatchObject({ name: 'ListenError', code: 'ListenFailed' })
    expect((error as Error).message).toBe(`could not listen on any address:\n  ${taken}: address already in use (EADDRINUSE)\n  /ip4/127.0.0.1/udp/0/quic-v1: no transport can listen on it`)
    expect(await swarm.listen(LOOPBACK)).toHaveLength(1)
  })

  it.each(['not an address', '/ip4/300.0.0.1/tcp/0'])('refuses %s', async (address) => {
    await using swarm = await createSwarm()

    await expect(swarm.listen(address)).rejects.toMatchObject({ code: 'InvalidAddress' })
    await expect(createSwarm({ listen: [address] })).rejects.toMatchObject({ code: 'InvalidAddress' })
  })
})

describe('addresses that come and go at run time', () => {
  it('can be dialled from then on, and no longer', async () => {
    await using swarm = await echoServer()
    const stays = texts(swarm.listenAddresses())
    const [added = ''] = texts(await swarm.addListenAddress(LOOPBACK))

    expect(await isDialable(swarm, added)).toBe(true)
    await swarm.removeListenAddress(added)
    expect(await isDialable(swarm, added)).toBe(false)
    expect(texts(swarm.listenAddresses())).toEqual(stays)
    expect(await isDialable(swarm, stays[0] ?? '')).toBe(true)
  })

  it.each([['TCP', LOOPBACK], ['WebSocket', '/ip4/127.0.0.1/tcp/0/ws']])('leave the connections that came through them over %s, and their port free', async (_name, listen) => {
    await using swarm = await echoServer({ listen: [listen] })
    await using client = await createSwarm()
    const [address = ''] = texts(swarm.listenAddresses())
    const connection = await client.dial(addressOf(swarm))

    expect(await echo(connection, 'before')).toBe('before')
    await swarm.removeListenAddress(address)
    expect(swarm.listenAddresses()).toEqual([])
    expect(await isDialable(swarm, address)).toBe(false)
    expect(await echo(connection, 'after')).toBe('after')

    expect(texts(await swarm.addListenAddress(address))).toEqual([address])
    expect(await isDialable(swarm, address)).toBe(true)
    expect(await echo(connection, 'still')).toBe('still')
  })

  it('are refused where nothing listens', async () => {
    await using swarm = await echoServer()

    await expect(swarm.removeListenAddress('/ip4/127.0.0.1/tcp/1')).rejects.toMatchObject({ code: 'ListenFailed', message: expect.stringContaining(swarm.listenAddresses().join()) as string })
  })

  it('are told of when a listener dies by itself', async () => {
    await using swarm = await echoServer()
    const [address] = swarm.listenAddresses()
    const closed = told(swarm, 'listenClose')
    const [listener] = (swarm as SwarmNode).core.listeners.listeners() as unknown as Array<{ server: Server }>

    listener?.server.close()

    expect(await closed).toMatchObject({ address, error: { code: 'ListenFailed' } })
    expect(swarm.listenAddresses()).toEqual([])
    expect(swarm.interfaceListenAddresses()).toEqual([])
  })
})

describe('the addresses of a swarm', () => {
  // TestAddressesWithoutListening
  it('are none while it does not listen', async () => {
    await using swarm = await createSwarm()

    expect(swarm.listenAddresses()).toEqual([])
    expect(swarm.interfaceListenAddresses()).toEqual([])
  })

  // TestAddrRace
  it('are given in a fresh array each time', async () => {
    await using swarm = await echoServer()
    const [first, second] = [swarm.interfaceListenAddresses(), swarm.interfaceListenAddresses()]

    expect(first).toEqual(second)
    first.length = 0
    swarm.listenAddresses().length = 0
    expect(swarm.interfaceListenAddresses()).toEqual(second)
    expect(swarm.listenAddresses()).toHaveLength(1)
  })

  it('have real ports, and hosts of interfaces in place of the unspecified one where others would dial them', async () => {
    await using swarm = await echoServer({ listen: ['/ip4/0.0.0.0/tcp/0'] })
    const [bound = ''] = texts(swarm.listenAddresses())
    const port = multiaddr(bound).getComponents()[1]?.value

    expect(bound).toBe(`/ip4/0.0.0.0/tcp/${port}`)
    expect(Number(port)).toBeGreaterThan(0)
    expect(addressesOf(swarm)).toContain(`/ip4/127.0.0.1/tcp/${port}/p2p/${swarm.peerId}`)
    expect(addressesOf(swarm).some((address) => address.includes('/0.0.0.0/'))).toBe(false)

    // by one of them others get in
    const socket = connect({ host: '127.0.0.1', port: Number(port) })

    await new Promise((resolve) => { socket.once('connect', resolve) })
    socket.destroy()
  })
})
