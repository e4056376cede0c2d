import { transportSymbol } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { PluginFactory } from '../../src/index.ts'
import type { Connection, ConnectionLimits, DialTransportOptions, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface ScriptedTransportInit {
  /** Takes all addresses unless told otherwise. */
  takes? (address: Multiaddr): boolean
  dial (address: Multiaddr, options: DialTransportOptions): Promise<Connection>
}

/** A transport that dials as the test says, and listens on nothing. */
export function scriptedTransport ({ takes = () => true, dial }: ScriptedTransportInit): PluginFactory<Transport> {
  return () => ({
    [transportSymbol]: true,
    [Symbol.toStringTag]: 'scripted',
    dial: async (address, options) => dial(address, options),
    createListener: () => { throw new Error('a scripted transport does not listen') },
    dialFilter: (addresses) => addresses.filter(takes),
    listenFilter: () => []
  })
}

export interface LimitedTcpInit {
  limits?: ConnectionLimits
  /** Which connections are limited: by default those of addresses that this transport dials and accepts. */
  outbound?: boolean
  inbound?: boolean
}

/** TCP whose connections have limits, as if they came through a relay. */
export function limitedTcp ({ limits = { bytes: 1_000_000n, seconds: 120 }, outbound = true, inbound = true }: LimitedTcpInit = {}): PluginFactory<Transport> {
  const limited = <U extends Pick<Upgrader, 'upgradeOutbound' | 'upgradeInbound'>>(upgrader: U): U => new Proxy(upgrader, {
    get: (target, name, receiver) => {
      if (name === 'upgradeOutbound' && outbound) {
        return async (...[maConn, options]: Parameters<Upgrader['upgradeOutbound']>) => target.upgradeOutbound(maConn, { ...options, limits })
      }

      if (name === 'upgradeInbound' && inbound) {
        return async (...[maConn, options]: Parameters<Upgrader['upgradeInbound']>) => target.upgradeInbound(maConn, { ...options, limits })
      }

      return Reflect.get(target, name, receiver) as unknown
    }
  })

  return (components) => {
    const transport = tcp()(components)

    return {
      [transportSymbol]: true,
      [Symbol.toStringTag]: 'limited tcp',
      dial: async (address, options) => transport.dial(address, { ...options, upgrader: limited(options.upgrader) } as Parameters<typeof transport.dial>[1]),
      createListener: ({ upgrader }) => transport.createListener({ upgrader: limited(upgrader) }),
      dialFilter: (addresses) => transport.dialFilter(addresses),
      listenFilter: (addresses) => transport.listenFilter(addresses)
    }
  }
}
