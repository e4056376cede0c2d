/** What an address says of peers and relays. */
export { namedPeer, namesOtherPeer, withoutPeer, withPeer } from './peer.ts'
export { isThroughRelay } from './relay.ts'
