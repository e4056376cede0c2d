/**
 * Peer records in signed envelopes (libp2p/specs, RFC 0002 and 0003), in hexadecimal. The signer has
 * the Ed25519 seed whose 32 bytes are all 7, and says to be at /ip4/192.0.2.1/tcp/ and these ports.
 */
export const SIGNER = '12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7'

/** Number 1: port 1. */
export const FIRST_RECORD =
  '0a2408011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c120203011a360a26002408011220ea4a6c63e29c520a' +
  'bef5507b132ec5f9954776aebebe7b92421eea691446d22c10011a0a0a0804c00002010600012a403cee0db61ec80dff9845d504ca325b03f59a4148' +
  '5767e45c8bc25761ff7d62c137621c106024e1acc08384aad7b4c5678e5d5d426000c6304958ee5462a6490e'

/** Number 2: ports 1 and 2. */
export const SECOND_RECORD =
  '0a2408011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c120203011a420a26002408011220ea4a6c63e29c520a' +
  'bef5507b132ec5f9954776aebebe7b92421eea691446d22c10021a0a0a0804c00002010600011a0a0a0804c00002010600022a40b72c4811916e6198' +
  'a2774a9265e0a059fac31ed4856464acc25cd9c71cb0db1a1c4ab3aaa5b2c6d3a353474ea053908c4138f41899feac7eab93921b0a35b905'
