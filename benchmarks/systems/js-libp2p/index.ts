import { Client } from './client.ts'
import { createNode } from './node.ts'
import { serve } from './stream-pipe.ts'
import type { System } from '../system.ts'
import type { Security } from './node.ts'

export const noise = system('js-libp2p Noise', 'noise')
export const tls = system('js-libp2p TLS', 'tls')

function system (name: string, security: Security): System {
  return {
    name,
    about: `libp2p over TCP with @libp2p/${security} and @libp2p/yamux as they come, but without limits, identify and connection monitor; stream.send() for each message, then waiting for "drain" while the stream needs it`,
    packages: ['libp2p', '@libp2p/tcp', `@libp2p/${security}`, '@libp2p/yamux'],

    async serve () {
      const node = await createNode(security, ['/ip4/127.0.0.1/tcp/0'])

      await serve(node)

      return { address: String(node.getMultiaddrs()[0]), close: async () => { await node.stop() } }
    },

    connect: (address) => Client.connect(address, security)
  }
}
