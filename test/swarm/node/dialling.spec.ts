import { networkInterfaces } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { addressesOf, addressOf, becomes, DEAD, echo, ECHO, echoServer, introduce, LOOPBACK, swarmPair, swarms } from '../../support/swarm-pair.ts'
import { FakeDns } from '../dial/fixtures.ts'
import type { DialTarget, Swarm } from '../../../src/index.ts'

const hasIp6 = Object.values(networkInterfaces()).flat().some((entry) => entry?.address === '::1')

describe('dialling a swarm', () => {
  // TestBasicDialPeer
  it('connects by peer ID to a known address, and opens a stream', async () => {
    await using server = await echoServer()
    await using client = await createSwarm()

    await introduce(client, server)

    const connection = await client.dial(server.peerId)

    expect(connection.remotePeer.equals(server.peerId)).toBe(true)
    expect(connection).toMatchObject({ direction: 'outbound', status: 'open', direct: true, limits: undefined, encryption: '/noise', multiplexer: '/yamux/1.0.0' })
    expect(await echo(connection, 'hello')).toBe('hello')
  })

  // TestBasicDialPeerWithResolver
  it('resolves names with the resolver that it was given', async () => {
    await using server = await echoServer()
    const port = multiaddr(addressOf(server)).getComponents()[1]?.value
    await using client = await createSwarm({ dns: new FakeDns({ 'A swarm.example': ['127.0.0.1'] }) })

    await client.peerStore.patch(server.peerId, { multiaddrs: [multiaddr(`/dns4/swarm.example/tcp/${port}`)] })

    const connection = await client.dial(server.peerId)

    expect(connection.remoteAddr.toString()).toBe(`/ip4/127.0.0.1/tcp/${port}/p2p/${server.peerId}`)
    expect(await echo(connection, 'by name')).toBe('by name')
  })

  it('finds the peer behind a dnsaddr, and no other that is there too', async () => {
    await using server = await echoServer()
    await using other = await echoServer()
    const txt = [other, server].map((swarm) => `dnsaddr=${addressOf(swarm)}`)
    await using client = await createSwarm({ dns: new FakeDns({ 'TXT _dnsaddr.swarm.example': txt }) })

    const connection = await client.dial(`/dnsaddr/swarm.example/p2p/${server.peerId}`)

    expect(connection.remotePeer.equals(server.peerId)).toBe(true)
    expect(client.peers()).toHaveLength(1)
  })

  // TestDialWithNoListeners
  it('needs no listener of its own', async () => {
    await using server = await echoServer()
    await using client = await createSwarm()

    const connection = await client.dial(addressOf(server))

    expect(client.listenAddresses()).toEqual([])
    expect(await echo(connection, 'hello')).toBe('hello')
  })

  // TestDialExistingConnection
  it('gives the same connection again, whatever it is asked for', async () => {
    await using pair = await swarmPair()
    const { near, far, connection } = pair

    expect(await near.dial(far.peerId)).toBe(connection)
    expect(await near.dial(far.peerId.toString())).toBe(connection)
    expect(await near.dial(`${DEAD[0]}/p2p/${far.peerId}`)).toBe(connection)
    expect(near.connections()).toEqual([connection])
  })

  it('uses the connection that the peer has dialled', async () => {
    await using pair = await swarmPair()
    const { near, far, inbound } = pair

    expect(await far.dial(near.peerId)).toBe(inbound)
    expect(inbound.direction).toBe('inbound')
    expect(await echo(inbound, 'the other way')).toBe('the other way')
  })

  it.each<[string, (server: Swarm) => DialTarget]>([
    ['an address', (server) => multiaddr(addressOf(server))],
    ['the text of an address', addressOf],
    ['an address that does not name its peer', (server) => server.listenAddresses()[0] ?? ''],
    ['several addresses', (server) => [multiaddr(DEAD[0]), multiaddr(addressOf(server))]],
    ['the texts of several addresses', (server) => [DEAD[0] ?? '', addressOf(server)]]
  ])('takes %s', async (_what, targetOf) => {
    await using server = await echoServer()
    await using client = await createSwarm()

    const connection = await client.dial(targetOf(server))

    expect(connection.remotePeer.equals(server.peerId)).toBe(true)
    expect(connection.remoteAddr.toString()).toBe(addressOf(server))
  })

  it.each<[string, DialTarget, string]>([
    ['what is no address', '/ip4/300.0.0.1/tcp/1', 'InvalidAddress'],
    ['what is no peer ID', 'QmNope', 'InvalidPeerId'],
    ['no addresses at all', [], 'InvalidAddress'],
    ['addresses of two peers', [`${DEAD[0]}/p2p/12D3KooWJ8P8wjyVoDShMrfYNjEBs1vkZmFjRHnvNNrFAoXfBTTu`, `${DEAD[0]}/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC`], 'InvalidAddress']
  ])('refuses %s', async (_what, target, code) => {
    await using client = await createSwarm()

    await expect(client.dial(target)).rejects.toMatchObject({ code })
    await expect(client.newStream(target, ECHO)).rejects.toMatchObject({ code })
  })
})

describe('transports', () => {
  it.each([
    ['TCP over IPv4', LOOPBACK, true],
    ['TCP over IPv6', '/ip6/::1/tcp/0', hasIp6],
    ['WebSocket', '/ip4/127.0.0.1/tcp/0/ws', true],
    ['WebSocket over IPv6', '/ip6/::1/tcp/0/ws', hasIp6],
    ['memory', '/memory/dialling', true]
  ])('of %s carry streams', async (_name, listen, available) => {
    if (!available) {
      return
    }

    await using server = await echoServer({ listen: [listen] })
    await using client = await createSwarm()
    const payload = 'x'.repeat(200_000)

    const connection = await client.dial(addressOf(server))

    expect(await echo(connection, payload)).toBe(payload)
  })

  it('are raced, and one connection is left', async () => {
    await using server = await echoServer({ listen: [LOOPBACK, '/ip4/127.0.0.1/tcp/0/ws', ...hasIp6 ? ['/ip6/::1/tcp/0'] : []] })
    await using client = await createSwarm()

    const connection = await client.dial(addressesOf(server))

    expect(client.connections()).toEqual([connection])
    expect(await echo(connection, 'one of them')).toBe('one of them')
  })
})

describe('many swarms', () => {
  // TestBasicSwarm
  it('of two play ping-pong', async () => {
    await using pair = await swarmPair()

    expect(await echo(pair.connection, 'ping')).toBe('ping')
    expect(await echo(pair.inbound, 'pong')).toBe('pong')
  })

  // TestSwarm
  it('of five, fully meshed, play 100 rounds of ping-pong each with each', async () => {
    await using mesh = await swarms(5)

    for (const [index, swarm] of mesh.entries()) {
      await Promise.all(mesh.slice(index + 1).map(async (other) => {
        await swarm.dial(addressOf(other))
        await becomes(other, swarm, 'connected')
      }))
    }

    const rounds = mesh.flatMap((swarm) => mesh.filter((other) => other !== swarm).map(async (other) => pingPong(swarm, other, 100)))

    expect(await Promise.all(rounds)).toEqual(Array(20).fill(100))
    expect(mesh.map((swarm) => swarm.connections().length)).toEqual([4, 4, 4, 4, 4])
  })

  // TestPeers
  it('keep one peer and one connection through 200 further dials', async () => {
    await using pair = await swarmPair()
    const { near, far } = pair

    for (let i = 0; i < 100; i++) {
      await near.dial(addressOf(far))
      await far.dial(addressOf(near))
    }

    expect(near.peers().map(String)).toEqual([far.peerId.toString()])
    expect(far.peers().map(String)).toEqual([near.peerId.toString()])
    expect(near.connections()).toHaveLength(1)
    expect(far.connections()).toHaveLength(1)
  })
})

/** Rounds of ping-pong on one stream; gives back how many came back right. */
async function pingPong (from: Swarm, to: Swarm, rounds: number): Promise<number> {
  await using stream = await from.newStream(to.peerId, ECHO)
  let right = 0

  for (let i = 0; i < rounds; i++) {
    await stream.write(`ping ${i % 10}`)

    const chunk = await stream.read()

    right += Number(new TextDecoder().decode(chunk ?? undefined) === `ping ${i % 10}`)
  }

  return right
}
