import { peerIdFromString } from '@libp2p/peer-id'
import { RecordType } from '@multiformats/dns'
import { multiaddr } from '@multiformats/multiaddr'
import type { DNS } from '@multiformats/dns'
import type { Multiaddr } from '@multiformats/multiaddr'

export const PEER = peerIdFromString('12D3KooWQHyi7FariAABs7Jgx8hzjp2pxJudDWUcA33RBoX6YsoW')
/** The same peer, spelled as a CID. */
export const PEER_AS_CID = 'bafzaajaiaejcbvywpqqslhz6syisi7fy7fp6jipqybxokkde2aty2eymsjhaujhz'
export const OTHER_PEER = peerIdFromString('12D3KooWQBZAjxjfnv5d5Pc1uaVoTWG942T7nJ2aL77ofojyzBcZ')
export const RELAY = peerIdFromString('12D3KooWGdWPLnN94ccC6h8nSMCW9jyVD1uGhv4z1xaCkBurmi7D')

export function addrs (...texts: string[]): Multiaddr[] {
  return texts.map((text) => multiaddr(text))
}

export function texts (addresses: Multiaddr[]): string[] {
  return addresses.map((address) => address.toString())
}

/** A name server that knows these records, as { 'A example.com': ['1.2.3.4'] }, and counts the questions. */
export class FakeDns implements DNS {
  readonly questions: string[] = []
  readonly #records: Record<string, string[]>

  constructor (records: Record<string, string[]>) {
    this.#records = records
  }

  async query (name: string, { types = [] }: NonNullable<Parameters<DNS['query']>[1]> = {}): ReturnType<DNS['query']> {
    const record = RecordType[Array.isArray(types) ? 0 : types]
    const question = `${record} ${name}`
    const data = this.#records[question]

    this.questions.push(question)

    if (data == null) {
      throw Object.assign(new Error(`query${record} ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
    }

    return {
      Status: 0,
      TC: false,
      RD: false,
      RA: false,
      AD: false,
      CD: false,
      Question: [],
      Answer: data.map((text) => ({ name, type: 1, TTL: 60, data: text }))
    }
  }
}
