import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { parsePeerId } from '../../src/identity/index.ts'
import { parseAddress, parseTarget } from '../../src/swarm/targets.ts'
import type { DialTarget } from '../../src/swarm/contract/index.ts'

const PEER = '12D3KooWT2gEQezGtBUGfvNCTnymMKmgLQ7YAWaZExJSAWYGTr7L'
const OTHER = 'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC'
const CID = parsePeerId(PEER).toCID().toString()
const TCP = '/ip4/192.0.2.1/tcp/4001'

describe('parseTarget', () => {
  it.each<[string, DialTarget, string | undefined, string[]]>([
    ['a peer ID', parsePeerId(PEER), PEER, []],
    ['the text of one', PEER, PEER, []],
    ['a peer ID as CID', CID, PEER, []],
    ['an address', multiaddr(TCP), undefined, [TCP]],
    ['the text of one', `${TCP}/p2p/${PEER}`, PEER, [`${TCP}/p2p/${PEER}`]],
    ['addresses, of which one names the peer', [TCP, `/dns4/example.org/tcp/1/p2p/${PEER}`], PEER, [TCP, `/dns4/example.org/tcp/1/p2p/${PEER}`]],
    ['addresses that spell their peer in two ways', [`${TCP}/p2p/${PEER}`, `${TCP}/p2p/${CID}`], PEER, [`${TCP}/p2p/${PEER}`, `${TCP}/p2p/${CID}`]],
    ['an address behind a relay', `${TCP}/p2p/${OTHER}/p2p-circuit/p2p/${PEER}`, PEER, [`${TCP}/p2p/${OTHER}/p2p-circuit/p2p/${PEER}`]],
    ['a relay, and nobody behind it', `${TCP}/p2p/${OTHER}/p2p-circuit`, undefined, [`${TCP}/p2p/${OTHER}/p2p-circuit`]],
    ['a peer as an address', `/p2p/${PEER}`, PEER, []]
  ])('reads %s', (_what, target, peer, addresses) => {
    const parsed = parseTarget(target)

    expect(parsed.peer?.toString()).toBe(peer)
    expect(parsed.addresses.map(String)).toEqual(addresses)
  })

  it.each<[string, unknown, string, string]>([
    ['nothing', [], 'InvalidAddress', 'received none'],
    ['no peer ID', 'peer', 'InvalidPeerId', 'received "peer"'],
    ['an empty text', '', 'InvalidPeerId', 'received ""'],
    ['no address', '/ip4/300.0.0.1/tcp/1', 'InvalidAddress', 'wanted a multiaddr such as /ip4/127.0.0.1/tcp/4001, received "/ip4/300.0.0.1/tcp/1"'],
    ['a host and a port', ['192.0.2.1:4001'], 'InvalidAddress', 'received "192.0.2.1:4001"'],
    ['addresses of two peers', [`${TCP}/p2p/${PEER}`, `${TCP}/p2p/${OTHER}`], 'InvalidAddress', `received ${PEER} and ${OTHER}`],
    ['an empty address', ['/'], 'InvalidAddress', 'received "/"'],
    ['undefined', undefined, 'InvalidAddress', 'received undefined'],
    ['a number', 4001, 'InvalidAddress', 'received 4001']
  ])('refuses %s', (_what, target, code, message) => {
    expect(() => parseTarget(target as DialTarget)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})

describe('parseAddress', () => {
  it('takes an address as it is, and the text of one', () => {
    const address = multiaddr(TCP)

    expect(parseAddress(address)).toBe(address)
    expect(parseAddress(TCP).equals(address)).toBe(true)
  })
})
