import { describe, expect, it } from 'vitest'
import { MAX_LOOKUPS, MAX_PARALLEL_LOOKUPS } from '../../../src/swarm/dial/dns-lookups.ts'
import { resolveAddresses } from '../../../src/swarm/dial/resolve.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { addrs, FakeDns, OTHER_PEER, PEER, RELAY, texts } from './fixtures.ts'
import type { ResolveOptions } from '../../../src/swarm/dial/resolve.ts'
import type { PeerId } from '@libp2p/interface'
import type { DNS } from '@multiformats/dns'

const ID = PEER.toString()
const OTHER_ID = OTHER_PEER.toString()

interface Result {
  addresses: string[]
  failures: Array<[string, string]>
}

async function resolve (dns: DNS, input: string[], options: ResolveOptions = {}, peer: PeerId | undefined = PEER): Promise<Result> {
  const { addresses, failures } = await resolveAddresses({ dns }, peer, addrs(...input), options)

  return { addresses: texts(addresses), failures: failures.map(({ address, reason }) => [address.toString(), reason]) }
}

/** Never answers, and ignores its signal. */
function silentDns (): DNS {
  return { query: async () => Promise.withResolvers<never>().promise }
}

describe('resolveAddresses, names of hosts', () => {
  it('puts every IP address in the place of the name', async () => {
    const dns = new FakeDns({ 'A example.com': ['1.2.3.4', '1.2.3.5'], 'AAAA example.com': ['2001::1'] })

    expect(await resolve(dns, ['/dns4/example.com/tcp/1', '/dns6/example.com/tcp/1', `/dns/example.com/udp/2/quic-v1/p2p/${ID}`])).toEqual({
      addresses: [
        '/ip4/1.2.3.4/tcp/1',
        '/ip4/1.2.3.5/tcp/1',
        '/ip6/2001::1/tcp/1',
        `/ip4/1.2.3.4/udp/2/quic-v1/p2p/${ID}`,
        `/ip4/1.2.3.5/udp/2/quic-v1/p2p/${ID}`,
        `/ip6/2001::1/udp/2/quic-v1/p2p/${ID}`
      ],
      failures: []
    })
  })

  it('asks for each name and type once', async () => {
    const dns = new FakeDns({ 'A example.com': ['1.2.3.4'] })

    await resolve(dns, ['/dns/example.com/tcp/1', '/dns4/EXAMPLE.com/tcp/2', '/dns4/example.com/udp/1/quic-v1'])

    expect(dns.questions).toEqual(['A example.com', 'AAAA example.com'])
  })

  it('is content with one family', async () => {
    const dns = new FakeDns({ 'AAAA example.com': ['2001::1'] })

    expect(await resolve(dns, ['/dns/example.com/udp/1/quic-v1'])).toEqual({ addresses: ['/ip6/2001::1/udp/1/quic-v1'], failures: [] })
  })

  it('gives an address that is known by name and by number once', async () => {
    const dns = new FakeDns({ 'A example.com': ['1.2.3.4', '1.2.3.4'] })

    expect((await resolve(dns, ['/dns4/example.com/tcp/1234', '/ip4/1.2.3.4/tcp/1234'])).addresses).toEqual(['/ip4/1.2.3.4/tcp/1234'])
  })

  it.each([
    '/dns4/example.com/tcp/1234/wss',
    '/dns4/example.com/tcp/1234/tls/ws',
    '/dns4/example.com/tcp/1234/tls/sni/other.com/ws',
    '/dns4/example.com/tcp/80/ws',
    '/ip4/1.2.3.4/tcp/1',
    '/memory/a'
  ])('leaves %s as it is', async (text) => {
    const dns = new FakeDns({ 'A example.com': ['1.2.3.4'] })

    expect(await resolve(dns, [text])).toEqual({ addresses: [text], failures: [] })
    expect(dns.questions).toEqual([])
  })

  it('asks nobody for localhost', async () => {
    const dns = new FakeDns({})

    expect(await resolve(dns, ['/dns/localhost/udp/1/quic-v1', '/dns4/a.localhost/tcp/1', '/dns6/LOCALHOST./tcp/1'])).toEqual({
      addresses: ['/ip4/127.0.0.1/udp/1/quic-v1', '/ip6/::1/udp/1/quic-v1', '/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1'],
      failures: []
    })
    expect(dns.questions).toEqual([])
  })

  it('leaves a TCP name that DNS does not know to the transport, and fails any other', async () => {
    const { addresses, failures } = await resolveAddresses({ dns: new FakeDns({}) }, PEER, addrs('/dns4/box/tcp/1', '/dns/box/udp/1/quic-v1'))

    expect(texts(addresses)).toEqual(['/dns4/box/tcp/1'])
    expect(failures).toMatchObject([{ code: 'ResolveFailed', phase: 'resolve', reason: 'there is no host of this name', cause: { code: 'ENOTFOUND' } }])
    expect(failures[0]?.address.toString()).toBe('/dns/box/udp/1/quic-v1')
  })

  it('takes no answer for an address that is none', async () => {
    const dns = new FakeDns({ 'A example.com': ['alias.example.com', '2001::1', '1.2.3.4/tcp/22', '1.2.3.4'], 'A empty.com': [] })

    expect(await resolve(dns, ['/dns4/example.com/udp/1/quic-v1', '/dns4/empty.com/udp/1/quic-v1'])).toEqual({
      addresses: ['/ip4/1.2.3.4/udp/1/quic-v1'],
      failures: [['/dns4/empty.com/udp/1/quic-v1', 'the name empty.com has no IP address']]
    })
  })

  it('does not multiply names in a relayed address', async () => {
    const dns = new FakeDns({ 'A example.com': ['1.2.3.4', '1.2.3.5'], 'TXT _dnsaddr.example.com': ['dnsaddr=/ip4/1.2.3.4/tcp/1'] })
    const nested = '/dns/example.com/udp/1234/p2p-circuit/dns/example.com/p2p-circuit/dns/example.com'
    const relay = `/dnsaddr/example.com/p2p/${RELAY.toString()}/p2p-circuit`

    expect((await resolve(dns, [nested, relay])).addresses).toEqual([nested, relay])
    expect(dns.questions).toEqual([])
  })
})

describe('resolveAddresses, dnsaddr', () => {
  it('takes the entries of this peer and no others', async () => {
    const dns = new FakeDns({
      'TXT _dnsaddr.example.com': [
        `dnsaddr=/ip4/192.0.2.1/tcp/123/p2p/${ID}`,
        `dnsaddr=/ip4/192.0.2.1/tcp/123/p2p/${OTHER_ID}`,
        '"dnsaddr=/ip4/192.0.2.2/tcp/123"',
        'v=spf1 -all',
        'dnsaddr=',
        'dnsaddr=/nonsense/1',
        'x dnsaddr=/ip4/192.0.2.3/tcp/123'
      ]
    })

    expect(await resolve(dns, ['/dnsaddr/example.com'])).toEqual({
      addresses: [`/ip4/192.0.2.1/tcp/123/p2p/${ID}`, '/ip4/192.0.2.2/tcp/123'],
      failures: []
    })
  })

  it('takes only entries that end as the address does', async () => {
    const dns = new FakeDns({ 'TXT _dnsaddr.example.com': [`dnsaddr=/ip4/192.0.2.1/tcp/1/p2p/${ID}`, 'dnsaddr=/ip4/192.0.2.2/tcp/1', `dnsaddr=/ip4/192.0.2.3/tcp/1/p2p/${OTHER_ID}`] })
    const { addresses } = await resolveAddresses({ dns }, undefined, addrs(`/dnsaddr/example.com/p2p/${ID}`))

    expect(texts(addresses)).toEqual([`/ip4/192.0.2.1/tcp/1/p2p/${ID}`])
  })

  it('gives the entries of all peers where the peer is not known', async () => {
    const dns = new FakeDns({ 'TXT _dnsaddr.example.com': [`dnsaddr=/memory/a/p2p/${ID}`, `dnsaddr=/memory/b/p2p/${OTHER_ID}`] })
    const { addresses } = await resolveAddresses({ dns }, undefined, addrs('/dnsaddr/example.com'))

    expect(texts(addresses)).toEqual([`/memory/a/p2p/${ID}`, `/memory/b/p2p/${OTHER_ID}`])
  })

  it('follows names within names, and gives up on a name that leads to itself', async () => {
    const dns = new FakeDns({
      'TXT _dnsaddr.example.com': [`dnsaddr=/dnsaddr/foo.example.com/p2p/${ID}`, `dnsaddr=/dnsaddr/bar.example.com/p2p/${OTHER_ID}`],
      'TXT _dnsaddr.foo.example.com': [`dnsaddr=/ip4/192.0.2.1/tcp/123/p2p/${ID}`],
      'TXT _dnsaddr.bar.example.com': [`dnsaddr=/dnsaddr/bar.example.com/p2p/${OTHER_ID}`]
    })

    expect(await resolve(dns, [`/dnsaddr/example.com/p2p/${ID}`])).toEqual({
      addresses: [`/ip4/192.0.2.1/tcp/123/p2p/${ID}`],
      failures: []
    })
    expect(await resolve(dns, [`/dnsaddr/example.com/p2p/${OTHER_ID}`], {}, OTHER_PEER)).toEqual({
      addresses: [],
      failures: [[`/dnsaddr/bar.example.com/p2p/${OTHER_ID}`, 'more than 4 dnsaddr names within each other']]
    })
    expect(dns.questions).toHaveLength(4)
  })

  it('keeps the name of a secure WebSocket that it finds', async () => {
    const dns = new FakeDns({ 'TXT _dnsaddr.example.com': [`dnsaddr=/dns4/sub.example.com/tcp/443/wss/p2p/${ID}`], 'A sub.example.com': ['1.2.3.4'] })

    expect((await resolve(dns, [`/dnsaddr/example.com/p2p/${ID}`])).addresses).toEqual([`/dns4/sub.example.com/tcp/443/wss/p2p/${ID}`])
  })

  it('resolves names of hosts that it finds', async () => {
    const dns = new FakeDns({ 'TXT _dnsaddr.example.com': ['dnsaddr=/dns4/sub.example.com/tcp/443'], 'A sub.example.com': ['1.2.3.4'] })

    expect((await resolve(dns, ['/dnsaddr/example.com'])).addresses).toEqual(['/ip4/1.2.3.4/tcp/443'])
  })

  it('says when there is nothing for this peer', async () => {
    const dns = new FakeDns({ 'TXT _dnsaddr.example.com': [`dnsaddr=/memory/a/p2p/${OTHER_ID}`] })

    expect((await resolve(dns, ['/dnsaddr/example.com', '/dnsaddr/nowhere.com'])).failures).toEqual([
      ['/dnsaddr/example.com', 'none of its 1 records is an address of this peer'],
      ['/dnsaddr/nowhere.com', 'there is no host of this name']
    ])
  })
})

describe('resolveAddresses, bounds', () => {
  const ips = Array.from({ length: 255 }, (_, i) => `1.2.3.${i}`)

  it('takes the first addresses of a name up to the maximum', async () => {
    const dns = new FakeDns({ 'A example.com': ips, 'TXT _dnsaddr.example.com': ips.map((ip) => `dnsaddr=/ip4/${ip}`) })
    const first = ips.slice(0, 10).map((ip) => `/ip4/${ip}`)

    expect((await resolve(dns, ['/dns4/example.com'], { maxAddresses: 10 })).addresses).toEqual(first)
    expect((await resolve(dns, ['/dnsaddr/example.com'], { maxAddresses: 10 })).addresses).toEqual(first)
    expect((await resolve(dns, ['/dnsaddr/example.com'])).addresses).toHaveLength(100)
  })

  it('never lets names push out addresses', async () => {
    const dns = new FakeDns({ 'A example.com': ips })
    const literal = ['/ip4/9.9.9.1/tcp/1', '/ip4/9.9.9.2/tcp/1', '/ip4/9.9.9.3/tcp/1']

    expect((await resolve(dns, ['/dns4/example.com/tcp/1', ...literal], { maxAddresses: 1 })).addresses).toEqual(['/ip4/1.2.3.0/tcp/1', ...literal])
  })

  it('follows as many names within each other as allowed, and not one more', async () => {
    const records: Record<string, string[]> = { 'TXT _dnsaddr.6.example.com': ['dnsaddr=/ip4/127.0.0.1'] }

    for (let i = 0; i < 6; i++) {
      records[`TXT _dnsaddr.${i}.example.com`] = [`dnsaddr=/dnsaddr/${i + 1}.example.com`]
    }

    expect(await resolve(new FakeDns(records), ['/dnsaddr/0.example.com'], { maxDepth: 7 })).toEqual({ addresses: ['/ip4/127.0.0.1'], failures: [] })
    expect(await resolve(new FakeDns(records), ['/dnsaddr/0.example.com'], { maxDepth: 6 })).toEqual({
      addresses: [],
      failures: [['/dnsaddr/6.example.com', 'more than 6 dnsaddr names within each other']]
    })
  })

  it('resolves as many names as there may be addresses', async () => {
    const records: Record<string, string[]> = { 'TXT _dnsaddr.example.com': [] }

    for (let i = 0; i < 12; i++) {
      records['TXT _dnsaddr.example.com']?.push(`dnsaddr=/dnsaddr/${i}.example.com`)
      records[`TXT _dnsaddr.${i}.example.com`] = [`dnsaddr=/ip4/127.0.0.${i}`]
    }

    const { addresses } = await resolve(new FakeDns(records), ['/dnsaddr/example.com'], { maxAddresses: 10 })

    expect(addresses).toEqual(Array.from({ length: 10 }, (_, i) => `/ip4/127.0.0.${i}`))
  })

  it('asks a bounded number of questions, a few at a time', async () => {
    let asking = 0
    let most = 0
    let questions = 0
    const dns: DNS = {
      query: async (name, options) => {
        questions++
        most = Math.max(most, ++asking)
        await settle()
        asking--

        return new FakeDns({ [`A ${name}`]: ['1.2.3.4'] }).query(name, options)
      }
    }
    const names = Array.from({ length: MAX_LOOKUPS + 2 }, (_, i) => `/dns4/${i}.example.com/udp/${i}/quic-v1`)

    const { addresses, failures } = await resolve(dns, names, { maxAddresses: 1000 })

    expect(questions).toBe(MAX_LOOKUPS)
    expect(most).toBe(MAX_PARALLEL_LOOKUPS)
    expect(addresses).toHaveLength(MAX_LOOKUPS)
    expect(failures).toEqual(names.slice(MAX_LOOKUPS).map((name) => [name, 'the names of this peer take more than 128 lookups']))
  })
})

describe('resolveAddresses, time', () => {
  it('rejects with the reason of the signal, at once', async () => {
    const controller = new AbortController()
    const reason = new Error('gone')
    const result = resolve(silentDns(), ['/dnsaddr/example.com', '/dns/example.com/tcp/1'], { signal: controller.signal })

    await settle()
    controller.abort(reason)

    await expect(result).rejects.toBe(reason)
    await expect(resolve(silentDns(), ['/memory/a'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('gives back what it has when the time is up', async () => {
    const clock = new FakeClock()
    const result = resolveAddresses({ dns: silentDns(), clock }, PEER, addrs('/memory/a', '/dns/example.com/udp/1/quic-v1', '/dnsaddr/example.com'), { timeoutMs: 10_000 })

    await clock.advance(10_000)

    const { addresses, failures } = await result

    expect(texts(addresses)).toEqual(['/memory/a'])
    expect(failures.map(({ reason }) => reason)).toEqual(Array(2).fill('the name server gave no answer within 10000 ms'))
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer when it is done in time', async () => {
    const clock = new FakeClock()
    const dns = new FakeDns({ 'A example.com': ['1.2.3.4'] })

    await resolveAddresses({ dns, clock }, PEER, addrs('/dns4/example.com/tcp/1'), { timeoutMs: 10_000 })

    expect(clock.pending).toBe(0)
  })
})
