/** Of multistream-select; tls 1.1. */
export const TLS_PROTOCOL = '/tls/1.0.0'

/** Of ALPN, where no multiplexer is agreed on; tls 3.2. */
export const ALPN_LIBP2P = 'libp2p'

/** What the host key signs, in front of the key of the certificate; tls 4.4. */
export const SIGNATURE_PREFIX = new TextEncoder().encode('libp2p-tls-handshake:')

/** Object identifiers, as the contents of their DER. */
export const OID = {
  /** 1.3.6.1.4.1.53594.1.1, the libp2p Public Key Extension. */
  libp2pPublicKey: Uint8Array.of(0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xA2, 0x5A, 0x01, 0x01),
  /** 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: Uint8Array.of(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02),
  /** 2.5.4.5, an attribute of a name. */
  serialNumber: Uint8Array.of(0x55, 0x04, 0x05),
  /** 2.5.29.15 */
  keyUsage: Uint8Array.of(0x55, 0x1D, 0x0F),
  /** 2.5.29.19 */
  basicConstraints: Uint8Array.of(0x55, 0x1D, 0x13),
  /** 2.5.29.37 */
  extendedKeyUsage: Uint8Array.of(0x55, 0x1D, 0x25)
} as const
