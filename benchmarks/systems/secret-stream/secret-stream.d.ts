/* The part of @hyperswarm/secret-stream that is used here; it brings no types. */
declare module '@hyperswarm/secret-stream' {
  import type { Duplex } from 'node:stream'

  export interface KeyPair {
    publicKey: Buffer
    secretKey: Buffer
  }

  /** A streamx Duplex: it behaves as that of Node where it is used here. */
  export default class NoiseSecretStream extends Duplex {
    constructor (isInitiator: boolean, rawStream: Duplex, options?: { keyPair?: KeyPair })
    static keyPair (): KeyPair
    readonly remotePublicKey: Buffer | null
    readonly opened: Promise<boolean>
  }
}
