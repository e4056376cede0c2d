import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noDelayRanker, rankAddresses } from '../../../src/swarm/dial/dial-ranker.ts'
import { addrs, PEER, RELAY, texts } from './fixtures.ts'
import type { DialRanker } from '../../../src/swarm/dial/dial-ranker.ts'

const Q1 = '/ip4/1.2.3.4/udp/1/quic-v1'
const Q2 = '/ip4/1.2.3.4/udp/2/quic-v1'
const Q3 = '/ip4/1.2.3.4/udp/3/quic-v1'
const WT1 = '/ip4/1.2.3.4/udp/1/quic-v1/webtransport'
const Q1_IP6 = '/ip6/1::2/udp/1/quic-v1'
const Q2_IP6 = '/ip6/1::2/udp/2/quic-v1'
const Q3_IP6 = '/ip6/1::2/udp/3/quic-v1'
const T1 = '/ip4/1.2.3.5/tcp/1'
const T2 = '/ip4/1.2.3.4/tcp/2'
const T3 = '/ip4/1.2.3.4/tcp/3'
const T1_IP6 = '/ip6/1::2/tcp/1'
const WEBRTC = '/ip4/1.2.3.4/udp/1/webrtc-direct'
const WEBRTC_IP6 = '/ip6/1::2/udp/1/webrtc-direct'
const ONION = '/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234'
const BARE = '/ip4/1.2.3.4'

function rank (input: string[], ranker: DialRanker = rankAddresses): Array<[string, number]> {
  return ranker(addrs(...input)).map(({ address, delayMs }) => [address.toString(), delayMs])
}

describe('noDelayRanker', () => {
  it('dials everything at once, the best first', () => {
    expect(rank([WEBRTC, T1, WT1, Q2, Q1], noDelayRanker)).toEqual([[Q1, 0], [Q2, 0], [WT1, 0], [T1, 0], [WEBRTC, 0]])
  })
})

describe('rankAddresses, QUIC', () => {
  it('dials the lowest port of IPv4 at once, the rest 250 ms later', () => {
    expect(rank([Q3, Q1, Q2])).toEqual([[Q1, 0], [Q2, 250], [Q3, 250]])
  })

  it('does the same with IPv6', () => {
    expect(rank([Q3_IP6, Q2_IP6, Q1_IP6])).toEqual([[Q1_IP6, 0], [Q2_IP6, 250], [Q3_IP6, 250]])
  })

  it('dials IPv6 first and IPv4 250 ms later', () => {
    expect(rank([Q2, Q1_IP6])).toEqual([[Q1_IP6, 0], [Q2, 250]])
  })

  it('dials what is neither the first of IPv6 nor the first of IPv4 after 500 ms', () => {
    expect(rank([WT1, Q1_IP6, Q1, Q2, Q3])).toEqual([[Q1_IP6, 0], [Q1, 250], [Q2, 500], [Q3, 500], [WT1, 500]])
  })

  it('takes WebTransport as the first of IPv4 where there is no other', () => {
    expect(rank([Q1_IP6, Q2_IP6, Q3_IP6, WT1])).toEqual([[Q1_IP6, 0], [WT1, 250], [Q2_IP6, 500], [Q3_IP6, 500]])
  })

  it('dials draft 29 after what has become of it', () => {
    const draft = '/ip4/1.2.3.4/udp/1/quic'

    expect(rank([draft, Q3])).toEqual([[Q3, 0], [draft, 250]])
  })
})

describe('rankAddresses, TCP', () => {
  it('starts 250 ms after the last QUIC, with the same pattern', () => {
    expect(rank([Q1, Q1_IP6, Q2_IP6, Q3_IP6, Q2, T1, T1_IP6, T2, T3])).toEqual([
      [Q1_IP6, 0],
      [Q1, 250],
      [Q2_IP6, 500],
      [Q3_IP6, 500],
      [Q2, 500],
      [T1_IP6, 750],
      [T1, 1000],
      [T2, 1250],
      [T3, 1250]
    ])
  })

  it('races IPv6 and IPv4 after QUIC of one family', () => {
    expect(rank([Q1, T2, T1_IP6, T1])).toEqual([[Q1, 0], [T1_IP6, 250], [T1, 500], [T2, 750]])
  })

  it('dials the rest of one family after one delay', () => {
    expect(rank([Q1, T2, T3, T1])).toEqual([[Q1, 0], [T1, 250], [T2, 500], [T3, 500]])
  })

  it('dials one of each family one after the other', () => {
    expect(rank([Q1, T1_IP6, T2])).toEqual([[Q1, 0], [T1_IP6, 250], [T2, 500]])
  })

  it('starts at once where there is no QUIC', () => {
    expect(rank([T1, T2, T1_IP6, T3])).toEqual([[T1_IP6, 0], [T1, 250], [T2, 500], [T3, 500]])
  })

  it('dials nothing when there is nothing', () => {
    expect(rank([])).toEqual([])
  })

  it('counts WebSocket as TCP, after plain TCP of whatever port', () => {
    const ws = '/ip6/1::2/tcp/1/ws'

    expect(rank([ws, T3])).toEqual([[T3, 0], [ws, 250]])
  })

  it('counts names as addresses of the family that they stand for', () => {
    const name4 = '/dns4/example.com/tcp/443/tls/ws'
    const name6 = '/dns6/example.com/tcp/443/tls/ws'

    expect(rank([name4, name6])).toEqual([[name6, 0], [name4, 250]])
  })
})

describe('rankAddresses, private addresses', () => {
  it('waits 30 ms instead of 250 ms', () => {
    const quic = '/ip4/192.168.0.5/udp/1/quic-v1'
    const tcp = ['/ip6/fd00::1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/2']

    expect(rank([...tcp, quic])).toEqual([[quic, 0], [tcp[0], 30], [tcp[1], 60], [tcp[2], 90]])
  })

  it('dials them beside public ones, not before', () => {
    const loopback = '/ip4/127.0.0.1/tcp/1'

    expect(rank([T1, T2, loopback, '/ip4/127.0.0.1/tcp/2'])).toEqual([[loopback, 0], [T1, 0], ['/ip4/127.0.0.1/tcp/2', 30], [T2, 250]])
  })

  it('waits 100 ms for other transports', () => {
    const webrtc = '/ip4/10.0.0.1/udp/9/webrtc-direct'

    expect(rank([webrtc, '/ip4/10.0.0.1/tcp/1'])).toEqual([['/ip4/10.0.0.1/tcp/1', 0], [webrtc, 100]])
  })

  it('never waits for memory and unix sockets', () => {
    expect(rank(['/ip4/10.0.0.1/tcp/1', '/unix/%2Frun%2Fa.sock', '/memory/a'])).toEqual([
      ['/unix/%2Frun%2Fa.sock', 0],
      ['/memory/a', 0],
      ['/ip4/10.0.0.1/tcp/1', 0]
    ])
  })
})

describe('rankAddresses, relays', () => {
  const tcpRelay = `/ip4/1.2.3.4/tcp/1/p2p/${RELAY.toString()}/p2p-circuit/p2p/${PEER.toString()}`
  const quicRelay = `/ip4/1.2.3.4/udp/1/quic/p2p/${RELAY.toString()}/p2p-circuit/p2p/${PEER.toString()}`

  it('come 500 ms later when there is a public address that is direct', () => {
    expect(rank([Q1, Q2, tcpRelay, quicRelay])).toEqual([[Q1, 0], [Q2, 250], [quicRelay, 500], [tcpRelay, 750]])
  })

  it('come at once when there is none', () => {
    expect(rank([tcpRelay, '/ip4/192.168.0.5/tcp/1'])).toEqual([['/ip4/192.168.0.5/tcp/1', 0], [tcpRelay, 0]])
  })
})

describe('rankAddresses, other transports', () => {
  it('come 1 s after the last QUIC, and what has no host 1 s after that', () => {
    expect(rank([BARE, Q1, Q1_IP6, WEBRTC, WEBRTC_IP6, ONION])).toEqual([
      [Q1_IP6, 0],
      [Q1, 250],
      [WEBRTC_IP6, 1250],
      [WEBRTC, 1250],
      [BARE, 1250],
      [ONION, 2250]
    ])
  })

  it('come 1 s after the last TCP', () => {
    expect(rank([Q1, T1, T1_IP6, WEBRTC, WEBRTC_IP6, ONION, BARE])).toEqual([
      [Q1, 0],
      [T1_IP6, 250],
      [T1, 500],
      [WEBRTC_IP6, 1500],
      [WEBRTC, 1500],
      [BARE, 1500],
      [ONION, 2500]
    ])
  })

  it('wait 1 s even when they are alone', () => {
    expect(rank([ONION])).toEqual([[ONION, 1000]])
    expect(rank([WEBRTC])).toEqual([[WEBRTC, 1000]])
  })
})

describe('rankAddresses, any addresses', () => {
  const address = fc.constantFrom(
    Q1, Q2, Q3, WT1, Q1_IP6, Q2_IP6, T1, T2, T3, T1_IP6, WEBRTC, WEBRTC_IP6, ONION, BARE,
    '/memory/a', '/unix/%2Fa', '/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.1/udp/1/quic-v1', '/dns4/a.example/tcp/1/ws', '/p2p-circuit'
  ).map((text) => multiaddr(text))

  it('gives back every address as often as it came, sorted by delay', () => {
    fc.assert(fc.property(fc.array(address, { maxLength: 40 }), fc.boolean(), (input, delayed) => {
      const before = texts(input)
      const ranked = (delayed ? rankAddresses : noDelayRanker)(input)
      const delays = ranked.map(({ delayMs }) => delayMs)

      expect(texts(ranked.map((item) => item.address)).sort()).toEqual(before.toSorted())
      expect(delays).toEqual(delays.toSorted((a, b) => a - b))
      expect(texts(input)).toEqual(before)
    }))
  })

  it('keeps every address that came twice as the same object', () => {
    const twice = multiaddr(Q1_IP6)
    const ip4 = multiaddr(Q1)

    expect(rankAddresses([twice, twice, ip4, ip4])).toHaveLength(4)
  })
})
