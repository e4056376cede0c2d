/** What an address says of hosts, peers and relays. */
export { namedPeer, namesOtherPeer, withoutPeer, withPeer } from './peer.ts'
export { ipBytes, partsOf } from './parts.ts'
export { isThroughRelay } from './relay.ts'
