/**
 * What is known of other peers: addresses that expire, public keys, protocols, metadata and tags.
 *
 * swarm -> PeerBook (protocols in memory) -> RenewingPeerStore -> @libp2p/peer-store -> datastore;
 * plugins call the RenewingPeerStore, and know it as their peer store.
 *
 * - `create-peerstore`: puts the store together over a datastore that the caller opens and closes
 * - `renewing-peer-store`: what js-libp2p's store gets wrong, set right around it
 * - `stored-peer`, `staged-datastore`, `turns`, `renewals`: its parts
 * - `peer-book`, `protocol-cache`: what a swarm asks, and never once a stream from the datastore
 *
 * It knows peers, not connections: whom to dial and whom to trust is decided elsewhere.
 */
export { createPeerstore, PEERSTORE_DEFAULTS } from './create-peerstore.ts'
export { PeerBook } from './peer-book.ts'
export { MAX_PEERS_WITH_PROTOCOLS, MAX_PROTOCOL_CHARS, MAX_PROTOCOLS_PER_PEER } from './protocol-cache.ts'
export { MAX_ADDRESSES_PER_PEER } from './renewing-peer-store.ts'
export type { PeerstoreComponents, PeerstoreInit } from './create-peerstore.ts'
export type { PeerBookInit } from './peer-book.ts'
