import { mplex } from '@libp2p/mplex'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
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

const SECURE_CHANNELS: Readonly<Record<SecureChannelName, PluginFactory<ConnectionEncrypter>>> = { noise: noise(), tls: tls() }

/** `yamux` is that of the node, as each has its own. */
export async function pluginsFor ({ transport, secureChannel, muxer, isDialer, ip }: Settings, yamux: Muxer): Promise<Plugins> {
  return {
    listen: isDialer ? [] : [listenAddress(transport, ip)],
    transports: [await transportFor(transport)],
    connectionEncrypters: secureChannel == null ? [] : [SECURE_CHANNELS[secureChannel]],
    streamMuxers: muxer == null ? [] : [muxer === 'mplex' ? mplex() : yamux]
  }
}

async function transportFor (name: TransportName): Promise<PluginFactory<Transport>> {
  switch (name) {
    case 'tcp':
      return tcp()
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
