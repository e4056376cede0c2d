import { CODE_P2P_CIRCUIT, CODE_WEBRTC } from '@multiformats/multiaddr'
import type { Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A transport may say when it listens: those of a lower order begin first. */
export interface OrderedTransport extends Transport {
  readonly listenOrder?: number
}

const OWN_SOCKET = 0
/** They reach their relay, and tell it their addresses, through the listeners that have a socket. */
const THROUGH_OTHERS = 1

/** When an address is listened on, as go-libp2p's transports may say; addresses of one order begin together. */
export function listenOrder (address: Multiaddr, transport: OrderedTransport | undefined): number {
  if (transport?.listenOrder != null) {
    return transport.listenOrder
  }

  return address.getComponents().some(({ code }) => code === CODE_P2P_CIRCUIT || code === CODE_WEBRTC)
    ? THROUGH_OTHERS
    : OWN_SOCKET
}
