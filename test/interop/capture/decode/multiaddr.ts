import { peerIdText } from './public-key.ts'
import { Reader } from './reader.ts'

type Decode = (reader: Reader) => string

/** By code, of https://github.com/multiformats/multiaddr/blob/master/protocols.csv: those that occur here. */
const PROTOCOLS = new Map<bigint, Decode>([
  [4n, (reader) => `/ip4/${[...reader.take(4)].join('.')}`],
  [6n, (reader) => `/tcp/${reader.uint16()}`],
  [41n, (reader) => `/ip6/${reader.take(16).toString('hex')}`],
  [273n, (reader) => `/udp/${reader.uint16()}`],
  [421n, (reader) => `/p2p/${peerIdText(reader.prefixed())}`],
  [461n, () => '/quic-v1'],
  [477n, () => '/ws']
])

/** A multiaddr in binary as text. */
export function multiaddrText (bytes: Buffer): string {
  const reader = new Reader(bytes)
  let text = ''

  while (reader.left > 0) {
    const code = reader.varint()
    const decode = PROTOCOLS.get(code)

    if (decode == null) {
      throw new Error(`${bytes.toString('hex')} is no multiaddr that could occur here: it has a protocol ${code}`)
    }

    text += decode(reader)
  }

  return text
}
