import { createSecureContext } from 'node:tls'
import { issueCertificate } from './issue-certificate.ts'
import type { Clock } from '../base/index.ts'
import type { PrivateKey } from '@libp2p/interface'
import type { SecureContext } from 'node:tls'

/** A certificate is replaced so long before it expires; tls 4.7. */
const RENEW_BEFORE_MS = 24 * 60 * 60 * 1000

interface Kept {
  context: SecureContext
  renewAt: number
}

/** Our certificate, made when it is first wanted, and used for every connection until it is about to expire. */
export class OwnCertificate {
  readonly #hostKey: PrivateKey
  readonly #clock: Clock
  #kept: Kept | undefined
  #making: Promise<Kept> | undefined

  constructor (hostKey: PrivateKey, clock: Clock) {
    this.#hostKey = hostKey
    this.#clock = clock
  }

  /** What OpenSSL needs of it, for either side. */
  async context (): Promise<SecureContext> {
    if (this.#kept != null && this.#clock.now() < this.#kept.renewAt) {
      return this.#kept.context
    }

    this.#making ??= this.#make()

    const { context } = await this.#making

    return context
  }

  async #make (): Promise<Kept> {
    try {
      const { cert, key, notAfter } = await issueCertificate(this.#hostKey, this.#clock.now())

      this.#kept = {
        // no authorities: to read those of this system takes longer than all the rest
        context: createSecureContext({ cert, key, ca: [], minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' }),
        renewAt: notAfter - RENEW_BEFORE_MS
      }

      return this.#kept
    } finally {
      this.#making = undefined
    }
  }
}
