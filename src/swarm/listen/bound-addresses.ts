import { CODE_IP4, CODE_IP6, CODE_MEMORY, CODE_TCP, CODE_UDP, CODE_UNIX, multiaddr } from '@multiformats/multiaddr'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

/** Whether a component is the host `0.0.0.0` or `::`. */
export function isUnspecified ({ code, value }: Component): boolean {
  return (code === CODE_IP4 && value === '0.0.0.0') || (code === CODE_IP6 && value === '::')
}

/**
 * What a listener that was asked for `requested`, and tells of `reported`, is bound to: real ports,
 * and unspecified hosts as they are. Listeners put the hosts of all interfaces in their place, which
 * would go stale, and would make many addresses out of one.
 */
export function boundAddresses (requested: Multiaddr, reported: readonly Multiaddr[]): Multiaddr[] {
  const [host] = requested.getComponents()
  const isWild = host != null && isUnspecified(host)
  const bound = isWild ? reported.map((address) => withHost(address, host)) : reported

  if (isWild && bound.length === 0 && namesOnePlace(requested)) {
    // no interface has an address of this family yet
    return [requested]
  }

  return [...new Map(bound.map((address) => [address.toString(), address])).values()]
}

function withHost (address: Multiaddr, host: Component): Multiaddr {
  const [first, ...rest] = address.getComponents()

  return first?.code === host.code
    ? multiaddr([{ code: host.code, name: host.name, value: host.value ?? '' }, ...rest])
    : address
}

/**
 * Whether an address can be listened on only once. Port 0 is another port each time, and to listen
 * on `/p2p-circuit` twice is to ask for two relays.
 */
export function namesOnePlace (address: Multiaddr): boolean {
  return address.getComponents().some(({ code, value }) => {
    switch (code) {
      case CODE_TCP:
      case CODE_UDP:
        return value !== '0'
      case CODE_UNIX:
      case CODE_MEMORY:
        return true
      default:
        return false
    }
  })
}
