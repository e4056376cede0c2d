/**
 * Who a node is: a private key, the peer ID that follows from it, and the file that keeps it.
 *
 * - `identity`: makes key pairs, and turns private keys into bytes and back
 * - `peer-id-text`: peer IDs as text, in every form that libp2p knows
 * - `key-file`: keeps a private key on disk, for its owner's eyes only
 *
 * Keys sign and verify by themselves (`privateKey.sign`, `publicKey.verify`). Formats are those of
 * https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md. Nothing here talks to the network.
 */
export { decodePrivateKey, encodePrivateKey, generateIdentity, identityFromPrivateKey, MAX_KEY_FILE_BYTES } from './identity.ts'
export { formatPeerId, parsePeerId } from './peer-id-text.ts'
export { loadIdentity, loadOrCreateIdentity, saveIdentity } from './key-file.ts'
export type { Identity, IdentityOptions, IdentityType } from './identity.ts'
export type { PeerIdForm } from './peer-id-text.ts'
export type { SaveIdentityOptions } from './key-file.ts'
