import { defaultCrypto } from '@libp2p/noise/crypto'
import type { KeyPair } from './decode/noise.ts'
import type { ICryptoInterface } from '@libp2p/noise'

/** The cryptography of @libp2p/noise, which shows each key pair of X25519 that it makes to `keep`. */
export function keepingKeys (keep: (pair: KeyPair) => void): ICryptoInterface {
  return {
    ...defaultCrypto,
    generateX25519KeyPair () {
      const pair = defaultCrypto.generateX25519KeyPair()

      keep(pair)

      return pair
    }
  }
}
