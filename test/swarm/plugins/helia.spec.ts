import { withBitswap } from '@helia/bitswap'
import { identify } from '@libp2p/identify'
import { MemoryBlockstore } from 'blockstore-core'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { asLibp2p, createSwarm } from '../../../src/index.ts'
import type { Swarm, SwarmInit } from '../../../src/index.ts'
import type { HeliaWithLibp2p } from '@helia/libp2p'

/** An IPFS node whose network is a swarm of ours. */
class IpfsNode implements AsyncDisposable {
  readonly swarm: Swarm
  readonly helia: HeliaWithLibp2p

  static async start (init: SwarmInit = {}): Promise<IpfsNode> {
    const node = new IpfsNode(await createSwarm({ ...init, services: { identify: identify() } }))

    await node.helia.start()

    return node
  }

  private constructor (swarm: Swarm) {
    this.swarm = swarm
    this.helia = withBitswap(Object.assign(createHeliaLight({ blockstore: new MemoryBlockstore() }), { libp2p: asLibp2p(swarm) }) as unknown as HeliaWithLibp2p)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.helia.stop()
    await this.swarm.close()
  }
}

describe('helia on a swarm', () => {
  it('fetches a block from the peer that has it, by bitswap', async () => {
    await using provider = await IpfsNode.start({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    await using consumer = await IpfsNode.start()
    const block = new TextEncoder().encode('a block of bytes')
    const cid = CID.createV1(raw.code, await sha256.digest(block))

    await provider.helia.blockstore.put(cid, block)
    await consumer.swarm.dial(provider.swarm.interfaceListenAddresses())

    const chunks: Uint8Array[] = []

    for await (const chunk of consumer.helia.blockstore.get(cid, { signal: AbortSignal.timeout(10_000) })) {
      chunks.push(chunk)
    }

    expect(Buffer.concat(chunks).toString()).toBe('a block of bytes')
  })
})
