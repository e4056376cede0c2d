import { RecordType } from '@multiformats/dns'
import { CodedError, holding, Permits, raceSignal } from '../../base/index.ts'
import type { DNS } from '@multiformats/dns'

/** Questions that the names of one peer may cost. */
export const MAX_LOOKUPS = 128

/** Questions that are under way at a time. */
export const MAX_PARALLEL_LOOKUPS = 16

export type RecordName = 'A' | 'AAAA' | 'TXT'

/** Asks the name server for each name once, for a few at a time, and not for ever more of them. */
export class Lookups {
  readonly #dns: DNS
  readonly #signal: AbortSignal
  readonly #permits = new Permits(MAX_PARALLEL_LOOKUPS)
  readonly #asked = new Map<string, Promise<string[]>>()

  constructor (dns: DNS, signal: AbortSignal) {
    this.#dns = dns
    this.#signal = signal
  }

  /**
   * What the name server says, records of other types that it adds included.
   *
   * @throws CodedError ResolveFailed after too many questions; the signal's reason; what the name
   * server says when it knows nothing
   */
  async ask (name: string, record: RecordName): Promise<string[]> {
    const key = `${record} ${name.toLowerCase()}`
    const asked = this.#asked.get(key)

    if (asked != null) {
      return asked
    }

    if (this.#asked.size >= MAX_LOOKUPS) {
      throw new CodedError('ResolveFailed', `the names of this peer take more than ${MAX_LOOKUPS} lookups`)
    }

    const answer = this.#query(name, record)

    this.#asked.set(key, answer)

    return answer
  }

  /** Types are asked for one by one: the resolver fails altogether when one of several has no records. */
  async #query (name: string, record: RecordName): Promise<string[]> {
    return holding(await this.#permits.acquire(this.#signal), async () => {
      const { Answer } = await raceSignal(this.#dns.query(name, { types: RecordType[record], signal: this.#signal }), this.#signal)

      return Answer.map(({ data }) => data)
    })
  }
}
