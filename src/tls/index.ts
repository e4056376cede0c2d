import { systemClock } from '../base/index.ts'
import { TlsEncrypter } from './encrypter.ts'
import type { TlsComponents } from './encrypter.ts'
import type { Clock } from '../base/index.ts'

/*
 * TLS 1.3 as libp2p uses it: both sides show a certificate that they have signed themselves, and that
 * carries the word of the key by which a peer is known. The rules are in `docs/tls.md`.
 *
 *     own-certificate   <- issue-certificate  <- der      what we show
 *     peer-certificate  <- read-certificate   <- der      what we are shown
 *     encrypter <- handshake <- tls-stream                the rest is OpenSSL's, over a socket or a stream-duplex
 */

export interface TlsInit {
  /** @default systemClock */
  clock?: Clock
}

/** What `connectionEncrypters` takes. */
export function tls ({ clock = systemClock }: TlsInit = {}): (components: TlsComponents) => TlsEncrypter {
  return (components) => new TlsEncrypter(components, clock)
}

export { TLS_PROTOCOL } from './constants.ts'
export type { TlsComponents, TlsEncrypter } from './encrypter.ts'
