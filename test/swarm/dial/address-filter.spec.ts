import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { filterAddresses, filterUngated, gatesAddresses } from '../../../src/swarm/dial/address-filter.ts'
import { settle } from '../../support/fake-clock.ts'
import { addrs, OTHER_PEER, PEER, PEER_AS_CID, RELAY, texts } from './fixtures.ts'
import type { AddressFilterComponents, AddressFilterOptions } from '../../../src/swarm/dial/address-filter.ts'
import type { ConnectionGater, PeerId, Transport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

const TCP = '/ip4/1.2.3.4/tcp/1'
const WS = '/ip4/1.2.3.4/tcp/1/ws'
const QUIC = '/ip4/1.2.3.4/udp/1/quic-v1'
const WEBTRANSPORT = '/ip4/1.2.3.4/udp/1/quic-v1/webtransport'
const CIRCUIT = `/ip4/9.9.9.9/tcp/1/p2p/${RELAY.toString()}/p2p-circuit`

interface World {
  protocols?: string[]
  own?: string[]
  gater?: ConnectionGater
  max?: number
  peer?: PeerId | undefined
  options?: AddressFilterOptions
}

interface Result {
  /** Without the peer at the end. */
  good: string[]
  refused: Array<[string, string, string]>
}

/** Components whose transports dial addresses in which one of these protocols comes last. */
function components ({ protocols = ['tcp', 'ws', 'quic-v1', 'webtransport', 'p2p-circuit', 'memory'], own = [], gater = {}, max = 100 }: World): AddressFilterComponents {
  const transport = {} as Transport

  return {
    transportForDialing: (address: Multiaddr) => {
      const last = address.getComponents().filter(({ name }) => name !== 'p2p').at(-1)?.name ?? ''

      return protocols.includes(last) ? transport : undefined
    },
    ownAddresses: () => addrs(...own),
    gater,
    settings: { maxAddressesPerPeer: max }
  }
}

async function filter (input: string[], world: World = {}): Promise<Result> {
  const peer = 'peer' in world ? world.peer : PEER
  const { good, refused } = await filterAddresses(components(world), peer, addrs(...input), world.options)

  // where there is no gater to ask, the same is known at once
  if (!gatesAddresses(world.gater ?? {})) {
    expect(filterUngated(components(world), peer, addrs(...input), world.options)).toEqual({ good, refused })
  }

  const short = (address: Multiaddr): string => address.toString().replace(`/p2p/${PEER.toString()}`, '')

  return { good: good.map(short), refused: refused.map((error) => [short(error.address), error.code, error.phase]) }
}

describe('filterAddresses, what it gives back', () => {
  it('ends every good address in the peer, in canonical form', async () => {
    const { good } = await filterAddresses(components({}), PEER, addrs(TCP, `${QUIC}/p2p/${PEER_AS_CID}`, CIRCUIT))

    expect(texts(good)).toEqual([TCP, QUIC, CIRCUIT].map((text) => `${text}/p2p/${PEER.toString()}`))
  })

  it('leaves addresses as they are where the peer is not known', async () => {
    const named = `${QUIC}/p2p/${OTHER_PEER.toString()}`
    const { good } = await filterAddresses(components({}), undefined, addrs(TCP, named))

    expect(texts(good)).toEqual([TCP, named])
  })

  it('names an address once, however it is spelled', async () => {
    const { good, refused } = await filter([TCP, TCP, `${TCP}/p2p/${PEER.toString()}`, `${TCP}/p2p/${PEER_AS_CID}`])

    expect(good).toEqual([TCP])
    expect(refused).toEqual([])
  })

  it('refuses everything and resolves when nothing is good', async () => {
    expect(await filter([])).toEqual({ good: [], refused: [] })
    expect((await filter(['/ip6/fe80::1', '/ip6/fe80::100', '/ip4/127.0.0.1/udp/1234/utp'])).good).toEqual([])
  })
})

describe('filterAddresses, reasons', () => {
  it('refuses what no transport dials, and names the protocols', async () => {
    const { refused } = await filterAddresses(components({}), PEER, addrs('/ip4/1.2.3.4/udp/1/utp'))

    expect(refused).toMatchObject([{ code: 'NoTransport', phase: 'gate', reason: 'no transport for protocol /ip4/udp/utp/p2p', durationMs: 0 }])
  })

  it('says what has become of QUIC draft 29', async () => {
    const { refused } = await filterAddresses(components({}), PEER, addrs('/ip4/1.2.3.4/udp/1/quic'))

    expect(refused[0]?.reason).toBe('no transport for protocol /ip4/udp/quic/p2p; QUIC draft 29 is out of use, its successor is quic-v1')
    expect(refused[0]?.code).toBe('NoTransport')
  })

  it('refuses unspecified and IPv6 link-local hosts', async () => {
    expect(await filter([QUIC, TCP, '/ip4/0.0.0.0/udp/2/quic-v1', '/ip6/::/tcp/2', '/ip6/fe80::1/tcp/2'])).toEqual({
      good: [QUIC, TCP],
      refused: [
        ['/ip4/0.0.0.0/udp/2/quic-v1', 'AddressUnusable', 'gate'],
        ['/ip6/::/tcp/2', 'AddressUnusable', 'gate'],
        ['/ip6/fe80::1/tcp/2', 'AddressUnusable', 'gate']
      ]
    })
  })

  it('refuses what we listen on ourselves, with and without a peer at the end', async () => {
    const own = [`${TCP}/p2p/${OTHER_PEER.toString()}`, '/ip4/127.0.0.1/udp/5/quic-v1', '/memory/us']

    expect(await filter([TCP, '/ip4/127.0.0.1/udp/5/quic-v1', '/memory/us', QUIC], { own })).toEqual({
      good: [QUIC],
      refused: [[TCP, 'DialToSelf', 'gate'], ['/ip4/127.0.0.1/udp/5/quic-v1', 'DialToSelf', 'gate'], ['/memory/us', 'DialToSelf', 'gate']]
    })
  })

  it('dials another peer over the relay that we listen on', async () => {
    expect(await filter([CIRCUIT], { own: [`${CIRCUIT}/p2p/${OTHER_PEER.toString()}`] })).toEqual({ good: [CIRCUIT], refused: [] })
  })

  it('refuses relayed addresses when a direct connection is asked for', async () => {
    expect(await filter([CIRCUIT, TCP], { options: { forceDirect: true } })).toEqual({ good: [TCP], refused: [[CIRCUIT, 'AddressUnusable', 'gate']] })
  })

  it('refuses addresses of another peer', async () => {
    const other = `${TCP}/p2p/${OTHER_PEER.toString()}`
    const relayed = `${CIRCUIT}/p2p/${OTHER_PEER.toString()}`

    expect(await filter([other, relayed, CIRCUIT])).toEqual({
      good: [CIRCUIT],
      refused: [[other, 'AddressUnusable', 'gate'], [relayed, 'AddressUnusable', 'gate']]
    })
  })

  it('keeps the best ranked addresses when there are too many', async () => {
    const many = ['/ip4/1.2.3.4/tcp/9', '/ip4/1.2.3.4/tcp/8', QUIC, CIRCUIT]
    const { good, refused } = await filterAddresses(components({ max: 2 }), PEER, addrs(...many))

    expect(texts(good).map((text) => text.slice(0, -`/p2p/${PEER.toString()}`.length))).toEqual(['/ip4/1.2.3.4/tcp/8', QUIC])
    expect(refused).toMatchObject([{ code: 'ResourceLimit', phase: 'limit' }, { code: 'ResourceLimit', phase: 'limit' }])
    expect(refused[0]?.reason).toBe('the peer has 4 addresses, and dial.maxAddressesPerPeer is 2')
  })

  it('asks the given ranker which ones those are', async () => {
    const ranker = (addresses: Multiaddr[]): Array<{ address: Multiaddr, delayMs: number }> => {
      return addresses.map((address) => ({ address: multiaddr(address.toString()), delayMs: 0 })).reverse()
    }

    expect((await filter([QUIC, TCP], { max: 1, options: { ranker } })).good).toEqual([TCP])
  })
})

describe('filterAddresses, better ways to the same port', () => {
  it.each([
    { name: 'QUIC once', input: [QUIC, QUIC, '/ip4/1.2.3.4/udp/2/quic-v1'], good: [QUIC, '/ip4/1.2.3.4/udp/2/quic-v1'] },
    { name: 'WebTransport where there is no QUIC', input: [QUIC, WEBTRANSPORT, '/ip4/1.2.3.4/udp/2/quic-v1/webtransport'], good: [QUIC, '/ip4/1.2.3.4/udp/2/quic-v1/webtransport'] },
    { name: 'QUIC and TCP', input: [QUIC, WEBTRANSPORT, TCP, WS], good: [QUIC, TCP] },
    { name: 'WebSocket of another port or host', input: [TCP, '/ip4/1.2.3.4/tcp/2/ws', '/ip4/1.2.3.5/tcp/1/ws'], good: [TCP, '/ip4/1.2.3.4/tcp/2/ws', '/ip4/1.2.3.5/tcp/1/ws'] },
    { name: 'WebSocket beside QUIC of the same port', input: [QUIC, WS], good: [QUIC, WS] },
    { name: 'relayed WebSocket', input: [TCP, `${WS}/p2p/${RELAY.toString()}/p2p-circuit`], good: [TCP, `${WS}/p2p/${RELAY.toString()}/p2p-circuit`] }
  ])('keep $name', async ({ input, good }) => {
    expect((await filter(input)).good).toEqual(good)
  })

  it('oust old QUIC too', async () => {
    const draft = '/ip4/1.2.3.4/udp/1/quic'

    expect(await filter([draft, QUIC], { protocols: ['quic', 'quic-v1'] })).toEqual({ good: [QUIC], refused: [[draft, 'AddressUnusable', 'gate']] })
  })

  it('oust nothing when no transport dials them', async () => {
    expect((await filter([QUIC, WEBTRANSPORT], { protocols: ['webtransport'] })).good).toEqual([WEBTRANSPORT])
  })

  it('oust nothing when the gater refuses them', async () => {
    const gater = { denyDialMultiaddr: (address: Multiaddr) => !address.toString().includes('/ws') }

    expect((await filter([TCP, WS], { gater })).good).toEqual([WS])
  })
})

describe('filterAddresses, gater', () => {
  it('refuses what denyDialMultiaddr denies', async () => {
    const gater = { denyDialMultiaddr: async (address: Multiaddr) => address.toString().startsWith(TCP) }

    expect(await filter([TCP, QUIC], { gater })).toEqual({ good: [QUIC], refused: [[TCP, 'Gated', 'gate']] })
  })

  it('refuses what filterMultiaddrForPeer does not let through', async () => {
    const asked: string[] = []
    const gater = {
      filterMultiaddrForPeer: async (peer: PeerId, address: Multiaddr) => {
        asked.push(peer.toString())
        return !address.toString().startsWith(TCP)
      }
    }

    expect(await filter([TCP, QUIC], { gater })).toEqual({ good: [QUIC], refused: [[TCP, 'Gated', 'gate']] })
    expect(asked).toEqual([PEER.toString(), PEER.toString()])
    expect((await filter([TCP], { gater, peer: undefined })).good).toEqual([TCP])
  })

  it('is asked about what would be dialled only, with the peer at the end', async () => {
    const asked: string[] = []
    const gater = { denyDialMultiaddr: (address: Multiaddr) => asked.push(address.toString()) < 0 }

    await filter([TCP, TCP, '/ip4/0.0.0.0/tcp/1', '/ip4/1.2.3.4/udp/1/utp'], { gater })

    expect(asked).toEqual([`${TCP}/p2p/${PEER.toString()}`])
  })

  it('refuses the address, and no other, when it throws', async () => {
    const error = new Error('no database')
    const gater = {
      denyDialMultiaddr: (address: Multiaddr) => {
        if (address.toString().startsWith(TCP)) {
          throw error
        }

        return false
      }
    }
    const { good, refused } = await filterAddresses(components({ gater }), PEER, addrs(TCP, QUIC))

    expect(good).toHaveLength(1)
    expect(refused).toMatchObject([{ code: 'Gated', cause: error, reason: 'gater disallows connection to peer: it threw Error: no database' }])
  })

  it('is not waited for after an abort', async () => {
    const controller = new AbortController()
    const reason = new Error('gone')
    const { promise } = Promise.withResolvers<boolean>()
    const result = filter([TCP], { gater: { denyDialMultiaddr: async () => promise }, options: { signal: controller.signal } })

    await settle()
    controller.abort(reason)

    await expect(result).rejects.toBe(reason)
    await expect(filter([TCP], { options: { signal: AbortSignal.abort(reason) } })).rejects.toBe(reason)
  })
})
