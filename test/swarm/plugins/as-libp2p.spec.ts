import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { contentRoutingSymbol } from '@libp2p/interface'
import { peerIdFromMultihash, peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { PluginServices } from '../../../src/swarm/plugins/index.ts'
import { fakeHost, newPeerId } from './fake-host.ts'
import { memoryNode, nextEvent } from './nodes.ts'
import type { PeerId, RSAPrivateKey } from '@libp2p/interface'

describe('asLibp2p', () => {
  it('dials, lists and hangs up as a js-libp2p node', async () => {
    const [a, b] = [await memoryNode(), await memoryNode()]
    const [address] = b.libp2p.getMultiaddrs()

    if (address == null) {
      throw new Error('b does not listen')
    }

    const connection = await a.libp2p.dial(address)

    expect(await a.libp2p.dial(b.swarm.peerId)).toBe(connection)
    expect(await a.libp2p.dial([address])).toBe(connection)
    expect(a.libp2p.getPeers().map(String)).toEqual([b.swarm.peerId.toString()])
    expect(a.libp2p.getDialQueue()).toEqual([])
    expect(await a.libp2p.isDialable(address)).toBe(true)
    expect(await a.libp2p.isDialable(multiaddr('/ip4/1.2.3.4/tcp/1'))).toBe(false)

    const gone = nextEvent(a.libp2p, 'peer:disconnect')

    await a.libp2p.hangUp(address)
    await gone
    expect(a.libp2p.getPeers()).toEqual([])
  })

  it('makes another connection when forced, and finds the better one', async () => {
    const [a, b] = [await memoryNode(), await memoryNode()]
    const first = await a.libp2p.dial(b.libp2p.getMultiaddrs())
    const second = await a.libp2p.dial(b.libp2p.getMultiaddrs(), { force: true })

    expect(second).not.toBe(first)
    expect(a.libp2p.getConnections(b.swarm.peerId)).toHaveLength(2)
    expect(await a.libp2p.dial(b.swarm.peerId)).toBe(first)
  })

  it('says what is wrong with a target', async () => {
    const { libp2p, swarm } = await memoryNode()
    const other = await newPeerId()

    await expect(libp2p.dial('/memory/x' as never)).rejects.toMatchObject({ name: 'InvalidMultiaddrError' })
    await expect(libp2p.dial([multiaddr(`/memory/x/p2p/${other.toString()}`), multiaddr('/memory/y')])).rejects.toMatchObject({ name: 'InvalidParametersError' })
    await expect(libp2p.dial(swarm.peerId)).rejects.toMatchObject({ code: 'DialToSelf' })
    await expect(libp2p.dialProtocol(other, [])).rejects.toMatchObject({ name: 'InvalidParametersError' })
    await expect(libp2p.hangUp(multiaddr('/memory/x'))).rejects.toMatchObject({ name: 'InvalidParametersError' })
    await expect(libp2p.dial(other)).rejects.toMatchObject({ name: 'DialError' })
  })

  it('gives the reason when a dial is aborted', async () => {
    const { libp2p } = await memoryNode()
    const reason = new Error('enough')

    await expect(libp2p.dial(multiaddr('/memory/nobody'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('stops with the swarm, and the swarm with it', async () => {
    const { libp2p, swarm } = await memoryNode()
    const stopped = nextEvent(libp2p, 'stop')

    expect(libp2p.status).toBe('started')
    await libp2p.start()
    await libp2p.stop()
    await stopped

    expect(libp2p.status).toBe('stopped')
    await expect(swarm.dial('/memory/x')).rejects.toMatchObject({ code: 'SwarmClosed' })
    await expect(libp2p.start()).rejects.toThrow('create another one')
  })
})

describe('getPublicKey of asLibp2p', () => {
  async function rsaPeer (): Promise<{ key: RSAPrivateKey, unknown: PeerId }> {
    const key = await generateKeyPair('RSA', 2048)

    // as it comes from the network: the ID of an RSA peer does not hold its key
    return { key, unknown: peerIdFromMultihash(peerIdFromPrivateKey(key).toMultihash()) }
  }

  it('takes the key out of the ID, or the peer store', async () => {
    const host = await fakeHost()
    const { libp2p } = new PluginServices(host)
    const { key, unknown } = await rsaPeer()

    expect((await libp2p.getPublicKey(host.peerId)).equals(host.privateKey.publicKey)).toBe(true)

    await host.peerStore.patch(unknown, { publicKey: key.publicKey })
    expect((await libp2p.getPublicKey(unknown)).equals(key.publicKey)).toBe(true)
  })

  it('asks the network, believes no other key, and remembers the right one', async () => {
    const host = await fakeHost()
    const plugins = new PluginServices(host)
    const [{ key, unknown }, other] = [await rsaPeer(), await rsaPeer()]
    let answer = publicKeyToProtobuf(other.key.publicKey)

    plugins.create({ dht: () => ({ [contentRoutingSymbol]: { get: async () => answer } }) })

    await expect(plugins.libp2p.getPublicKey(unknown)).rejects.toMatchObject({ name: 'InvalidPublicKeyError' })

    answer = publicKeyToProtobuf(key.publicKey)
    expect((await plugins.libp2p.getPublicKey(unknown)).equals(key.publicKey)).toBe(true)
    expect((await host.peerStore.get(unknown)).id.publicKey?.equals(key.publicKey)).toBe(true)
  })
})
