import { MemoryNetwork } from '../../../src/testing/index.ts'
import { echoOnce } from '../byte-pipe.ts'
import { inParallel } from '../work.ts'
import { openPipe, serve } from './stream-pipe.ts'
import type { Crowd } from '../system.ts'

/** A hub that is connected to all others. */
export async function crowd (peers: number): Promise<Crowd> {
  const network = new MemoryNetwork()
  const hub = await network.add({ limits: { maxConnections: Infinity, highWater: Infinity, lowWater: Infinity } })
  const targets: string[] = []

  for (let i = 0; i < peers; i++) {
    const swarm = await network.add()

    serve(swarm)
    await hub.dial(swarm.listenAddresses())
    targets.push(String(swarm.peerId))
  }

  let turn = 0

  return {
    operations: (amount) => inParallel(amount, 1, async () => {
      await echoOnce(await openPipe(hub, targets[turn++ % targets.length] ?? '', 'echo'))
    }),
    close: () => network[Symbol.asyncDispose]()
  }
}
