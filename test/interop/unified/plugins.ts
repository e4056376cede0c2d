import { mplex } from '@libp2p/mplex'
import { webSockets } from '@libp2p/websockets'
import type { SecureChannelName, Settings, TransportName } from './settings.ts'
import type { PluginFactory } from '../../../src/swarm/index.ts'
import type { ConnectionEncrypter, StreamMuxerFactory, Transport } from '@libp2p/interface'

type Muxer = PluginFactory<StreamMuxerFactory>

/** What a node is made of that speaks the one stack of a test. */
export interface Plugins {
  readonly listen: string[]
  readonly transports: Array<PluginFactory<Transport>>
  readonly connectionEncrypters: Array<PluginFactory<ConnectionEncrypter>>
  readonly streamMuxers: Muxer[]
}

/** What each node has of its own. */
export interface OwnPlugins extends Readonly<Record<SecureChannelName, PluginFactory<ConnectionEncrypter>>> {
  readonly tcp: PluginFactory<Transport>
  readonly yamux: Muxer
}

export async function pluginsFor ({ transport, secureChannel, muxer, isDialer, ip }: Settings, own: OwnPlugins): Promise<Plugins> {
  return {
    listen: isDialer ? [] : [listenAddress(transport, ip)],
    transports: [await transportFor(transport, own)],
    connectionEncrypters: secureChannel == null ? [] : [own[secureChannel]],
    streamMuxers: muxer == null ? [] : [muxer === 'mplex' ? mplex() : own.yamux]
  }
}

async function transportFor (name: TransportName, { tcp }: OwnPlugins): Promise<PluginFactory<Transport>> {
  switch (name) {
    case 'tcp':
      return tcp
    case 'ws':
      return webSockets()
    default:
      // native code, which is not built for every machine
      return (await import('@chainsafe/libp2p-quic')).quic() as never
  }
}

function listenAddress (name: TransportName, ip: string): string {
  switch (name) {
    case 'tcp':
      return `/ip4/${ip}/tcp/0`
    case 'ws':
      return `/ip4/${ip}/tcp/0/ws`
    default:
      return `/ip4/${ip}/udp/0/quic-v1`
  }
}
