import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PEERS_WITH_PROTOCOLS, MAX_PROTOCOL_CHARS, MAX_PROTOCOLS_PER_PEER } from '../../src/peerstore/index.ts'
import { ProtocolCache } from '../../src/peerstore/protocol-cache.ts'

describe('ProtocolCache', () => {
  it('knows the difference between nothing known and nothing spoken', () => {
    const cache = new ProtocolCache()

    cache.replace('a', [])

    expect(cache.get('a')).toEqual(new Set())
    expect(cache.get('b')).toBeUndefined()
  })

  it('adds, removes and replaces', () => {
    const cache = new ProtocolCache()

    cache.add('a', ['/1', '/2'])
    cache.add('a', ['/2', '/3'])
    cache.remove('a', ['/1', '/4'])
    expect(cache.get('a')).toEqual(new Set(['/2', '/3']))
    cache.replace('a', ['/5'])

    expect(cache.get('a')).toEqual(new Set(['/5']))
  })

  it('learns nothing of a peer by forgetting', () => {
    const cache = new ProtocolCache()

    cache.remove('a', ['/1'])

    expect(cache.get('a')).toBeUndefined()
  })

  it('forgets the peer that was used longest ago', () => {
    const cache = new ProtocolCache({ maxPeers: 2 })

    cache.add('a', ['/1'])
    cache.add('b', ['/1'])
    cache.get('a')
    cache.add('c', ['/1'])

    expect(['a', 'b', 'c'].filter((peer) => cache.get(peer) != null)).toEqual(['a', 'c'])
  })

  it('forgets the protocol of a peer that was learnt first', () => {
    const cache = new ProtocolCache({ maxProtocolsPerPeer: 2 })

    cache.add('a', ['/1', '/2'])
    cache.add('a', ['/1'])
    cache.add('a', ['/3'])

    expect([...cache.get('a') ?? []]).toEqual(['/2', '/3'])
  })

  it('keeps names of up to 256 characters', () => {
    const cache = new ProtocolCache()

    cache.add('a', ['x'.repeat(256), 'y'.repeat(257)])

    expect([...cache.get('a') ?? []]).toEqual(['x'.repeat(256)])
    expect(MAX_PROTOCOL_CHARS).toBe(256)
  })

  it('holds 4096 peers with 256 protocols each, unless told otherwise', () => {
    const cache = new ProtocolCache()

    for (let peer = 0; peer < 5000; peer++) {
      cache.add(String(peer), ['/1'])
    }

    cache.add('a', Array.from({ length: 300 }, (_, index) => `/${index}`))

    expect([cache.size, cache.get('a')?.size]).toEqual([4096, 256])
    expect([MAX_PEERS_WITH_PROTOCOLS, MAX_PROTOCOLS_PER_PEER]).toEqual([4096, 256])
  })

  it('is never larger than its bounds, and has what was learnt last', () => {
    const peer = fc.constantFrom('a', 'b', 'c', 'd')
    const protocols = fc.array(fc.constantFrom('/1', '/2', '/3', '/4'), { maxLength: 6 })
    const step = fc.tuple(fc.constantFrom('add' as const, 'remove' as const, 'replace' as const), peer, protocols)

    fc.assert(fc.property(fc.array(step), (steps) => {
      const cache = new ProtocolCache({ maxPeers: 3, maxProtocolsPerPeer: 2 })

      for (const [method, peer, protocols] of steps) {
        cache[method](peer, protocols)
        expect(cache.size).toBeLessThanOrEqual(3)
        expect(cache.get(peer)?.size ?? 0).toBeLessThanOrEqual(2)

        if (method === 'remove') {
          expect(protocols.some((protocol) => cache.get(peer)?.has(protocol))).toBe(false)
        } else if (protocols.length === 1) {
          expect(cache.get(peer)?.has(protocols[0] ?? '')).toBe(true)
        }
      }
    }))
  })
})
