import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressKey, encodeStoredPeer, parseStoredPeer, renewAddresses } from '../../src/peerstore/stored-peer.ts'
import { address, newPeer, newSetup } from './setup.ts'
import type { StoredAddress, StoredPeer } from '../../src/peerstore/stored-peer.ts'

/** What @libp2p/peer-store has written for a peer of which everything is known. */
async function realRecord (): Promise<Uint8Array> {
  const { store, datastore } = await newSetup()
  const peer = await newPeer('RSA')

  await store.merge(peer, {
    addresses: [{ multiaddr: address(1), isCertified: true }, { multiaddr: address(2), isCertified: false }],
    protocols: ['/a/1', '/b/1'],
    metadata: { agent: new TextEncoder().encode('test') },
    tags: { friend: { value: 50, ttl: 60_000 }, 'keep-alive': { value: 1 } },
    peerRecordEnvelope: Uint8Array.of(1, 2, 3),
    ...peer.type === 'RSA' && peer.publicKey != null ? { publicKey: peer.publicKey } : {}
  })

  const records: Uint8Array[] = []

  for await (const { value } of datastore.query({})) {
    records.push(value)
  }

  return records[0] ?? new Uint8Array()
}

function parse (bytes: Uint8Array): StoredPeer {
  const peer = parseStoredPeer(bytes)

  if (peer == null) {
    throw new Error('the record could not be read')
  }

  return peer
}

function stored (port: number, observed: number | undefined): StoredAddress {
  return { multiaddr: address(port).bytes, isCertified: false, observed }
}

function timesOf ({ addresses }: StoredPeer): Array<[string, number | undefined]> {
  return addresses.map(({ multiaddr: bytes, observed }) => [multiaddr(bytes).toString(), observed])
}

function seen (...numbers: number[]): Set<string> {
  return new Set(numbers.map((port) => addressKey(address(port).bytes)))
}

describe('parseStoredPeer and encodeStoredPeer', () => {
  it('give back every byte that the peer store wrote', async () => {
    const record = await realRecord()

    expect(Buffer.from(encodeStoredPeer(parse(record))).equals(record)).toBe(true)
  })

  it('understand the addresses', async () => {
    const { addresses } = parse(await realRecord())

    expect(addresses.map(({ multiaddr: bytes, isCertified }) => [multiaddr(bytes).toString(), isCertified]))
      .toEqual([['/ip4/192.0.2.1/tcp/1', true], ['/ip4/192.0.2.1/tcp/2', false]])
    expect(addresses.every(({ observed = 0 }) => Math.abs(observed - Date.now()) < 60_000)).toBe(true)
  })

  it('carry fields of every wire type along', () => {
    const record = Uint8Array.of(0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 9, 0x7d, 1, 2, 3, 4)
    const { addresses, rest } = parse(record)

    expect(addresses).toEqual([])
    expect(rest.map((field) => field.length)).toEqual([3, 9, 3, 5])
    expect([...encodeStoredPeer({ addresses, rest })]).toEqual([...record])
  })

  it.each([
    ['a length beyond the end', [0x0a, 5, 1]],
    ['a number that does not end', [0x40, 0xff]],
    ['a number of more than 56 bits', [0x40, ...new Array<number>(8).fill(0xff), 1]],
    ['a group, which is no wire type any more', [0x0b]],
    ['fixed bytes beyond the end', [0x09, 1, 2]],
    ['an address that is none', [0x0a, 2, 0x0a, 9]]
  ])('take %s for no record', (_, bytes) => {
    expect(parseStoredPeer(Uint8Array.from(bytes))).toBeUndefined()
  })

  it('agree on every record, and on any bytes at all', () => {
    const anyAddress = fc.record({
      multiaddr: fc.uint8Array({ maxLength: 200 }),
      isCertified: fc.option(fc.boolean(), { nil: undefined }),
      observed: fc.option(fc.nat({ max: 2 ** 53 - 1 }).filter((time) => time < 2 ** 53), { nil: undefined })
    })

    fc.assert(fc.property(fc.array(anyAddress), fc.uint8Array(), (addresses, noise) => {
      const again = parse(encodeStoredPeer({ addresses, rest: [] }))

      expect(again.addresses.map((known) => ({ ...known, multiaddr: [...known.multiaddr] })))
        .toEqual(addresses.map((known) => ({ ...known, multiaddr: [...known.multiaddr] })))
      parseStoredPeer(noise)
    }))
  })
})

describe('renewAddresses', () => {
  it('takes the time from the addresses that are seen, and from no others', () => {
    const renewed = renewAddresses({ addresses: [stored(1, 10), stored(2, 20), stored(3, 30)], rest: [] }, seen(1, 3), 64)

    expect(timesOf(renewed)).toEqual([
      ['/ip4/192.0.2.1/tcp/1', undefined],
      ['/ip4/192.0.2.1/tcp/2', 20],
      ['/ip4/192.0.2.1/tcp/3', undefined]
    ])
  })

  it('keeps those of the others that were learnt last, in their order', () => {
    const peer = { addresses: [stored(1, 30), stored(2, 10), stored(3, 40), stored(4, undefined), stored(5, 20)], rest: [Uint8Array.of(1)] }
    const renewed = renewAddresses(peer, seen(2), 2)

    expect(timesOf(renewed).map(([text]) => text)).toEqual(['/ip4/192.0.2.1/tcp/1', '/ip4/192.0.2.1/tcp/2', '/ip4/192.0.2.1/tcp/3'])
    expect(renewed.rest).toBe(peer.rest)
  })

  it('keeps none when there is no room', () => {
    expect(renewAddresses({ addresses: [stored(1, 30)], rest: [] }, seen(2), -1).addresses).toEqual([])
  })
})
