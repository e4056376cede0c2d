import { createSwarm } from '../../src/index.ts'
import { createChannels } from '../../src/mesh/index.ts'
import { LOOPBACK } from './swarm-pair.ts'
import { tcpProxy } from './tcp-proxy.ts'
import type { Session } from '../../src/channel/index.ts'
import type { ChannelSetup } from '../../src/testing/index.ts'

/** Two sessions over a connection of two swarms, with a proxy between that can break it. */
export const swarmChannelsPair: ChannelSetup = async ({ near, far }) => {
  const swarms = [await createSwarm(), await createSwarm({ listen: [LOOPBACK] })] as const
  const [dialler, listener] = swarms
  const port = Number(listener.listenAddresses()[0]?.getComponents().at(-1)?.value)
  const proxy = await tcpProxy({ port, host: '127.0.0.1' })
  const nearChannels = createChannels(dialler, near)
  const begun = Promise.withResolvers<Session>()

  createChannels(listener, { ...far, onSession: begun.resolve })
  const session = await nearChannels.connect(`/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${listener.peerId.toString()}`)
  return {
    near: session,
    far: await begun.promise,
    cut: (how) => { proxy.cut(how) },
    async [Symbol.asyncDispose] () {
      await Promise.all(swarms.map(async (swarm) => swarm.close()))
      await proxy[Symbol.asyncDispose]()
    }
  }
}
