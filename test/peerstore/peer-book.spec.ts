import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromMultihash, peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PeerBook } from '../../src/peerstore/index.ts'
import { eventually, turns } from '../support/settle.ts'
import { address, addressesFrom, fakeDate, newPeer, newSetup, passMinutes, ports, portsOf } from './setup.ts'
import type { Setup, TestDatastore } from './setup.ts'
import type { Connection, PeerId } from '@libp2p/interface'

beforeEach(fakeDate)
afterEach(() => { vi.useRealTimers() })

interface Book extends Setup<TestDatastore> {
  book: PeerBook
  errors: Error[]
  identified(peerId: PeerId, protocols: string[]): void
}

async function newBook (): Promise<Book> {
  const made = await newSetup()
  const errors: Error[] = []

  return {
    ...made,
    errors,
    book: new PeerBook({ peerStore: made.store, events: made.events, onError: (error) => { errors.push(error) } }),
    identified: (peerId, protocols) => {
      made.events.safeDispatchEvent('peer:identify', { detail: { peerId, protocols, listenAddrs: [], connection: {} as Connection } })
    }
  }
}

describe('PeerBook', () => {
  it('remembers addresses, adding to those that it knows', async () => {
    const { book } = await newBook()
    const peer = await newPeer()

    await book.rememberAddresses(peer, [address(1)])
    await book.rememberAddresses(peer, [address(2)])

    expect(portsOf(await book.addresses(peer))).toEqual([1, 2])
  })

  it('has no addresses of a peer that it does not know, and that is no error', async () => {
    const { book, errors } = await newBook()

    expect(await book.addresses(await newPeer())).toEqual([])
    expect(errors).toEqual([])
  })

  it('has no addresses that have expired', async () => {
    const { book } = await newBook()
    const peer = await newPeer()

    await book.rememberAddresses(peer, addressesFrom(1, 2))
    passMinutes(40)
    await book.rememberAddresses(peer, [address(1)])
    passMinutes(40)

    expect(portsOf(await book.addresses(peer))).toEqual([1])
  })

  it('remembers no more than 64 addresses of a peer, those that were learnt last', async () => {
    const { book } = await newBook()
    const peer = await newPeer()

    await book.rememberAddresses(peer, addressesFrom(1, 64))
    passMinutes(1)
    await book.rememberAddresses(peer, addressesFrom(1000, 60))

    expect(portsOf(await book.addresses(peer)).filter((port) => port >= 1000)).toHaveLength(60)
    expect(await book.addresses(peer)).toHaveLength(64)
  })

  it('gives no more than 64 addresses, whatever the peer store has, and each once', async () => {
    const { events } = await newSetup()
    const peer = await newPeer()
    const addresses = [...addressesFrom(1, 100), ...addressesFrom(1, 100)].toSorted().map((multiaddr) => ({ multiaddr, isCertified: false }))
    const peerStore = { get: async () => ({ id: peer, addresses, protocols: [], metadata: new Map(), tags: new Map() }) }
    const book = new PeerBook({ peerStore: peerStore as never, events, onError: () => {} })

    expect(new Set((await book.addresses(peer)).map(String)).size).toBe(64)
  })

  it('writes nothing when there is nothing to remember', async () => {
    const { book, datastore } = await newBook()

    await book.rememberAddresses(await newPeer(), [])
    book.rememberPeer(await newPeer(), [])
    await turns(5)

    expect([datastore.reads, datastore.writes]).toEqual([0, 0])
  })

  it('remembers the key of an RSA peer', async () => {
    const { book, store } = await newBook()
    const { publicKey } = await generateKeyPair('RSA', 2048)
    const peer = peerIdFromMultihash(publicKey.toMultihash())

    expect(await book.publicKey(peer)).toBeUndefined()
    await book.rememberPublicKey(peer, publicKey)

    expect((await book.publicKey(peer))?.equals(publicKey)).toBe(true)
    expect((await store.get(peer)).id.publicKey?.equals(publicKey)).toBe(true)
  })

  it('needs no peer store for the keys of other peers', async () => {
    const { book, datastore } = await newBook()
    const { publicKey } = await generateKeyPair('Ed25519')
    const peer = peerIdFromMultihash(publicKey.toMultihash())

    await book.rememberPublicKey(peer, publicKey)

    expect((await book.publicKey(peer))?.equals(publicKey)).toBe(true)
    expect([datastore.reads, datastore.writes]).toEqual([0, 0])
  })

  it('refuses the key of another peer', async () => {
    const { book } = await newBook()
    const peer = await newPeer()
    const { publicKey } = await generateKeyPair('RSA', 2048)

    await expect(book.rememberPublicKey(peer, publicKey))
      .rejects.toThrow(new TypeError(`the public key must be that of ${peer.toString()}, received that of ${publicKey.toString()}`))
  })

  it('remembers address and key of a connected peer without making anybody wait', async () => {
    const { book, store, datastore } = await newBook()
    const privateKey = await generateKeyPair('RSA', 2048)
    const peer = peerIdFromPrivateKey(privateKey)

    book.rememberPeer(peer, [address(1)])
    await eventually(() => datastore.writes === 1 && datastore.writing === 0)

    expect(await ports(store, peer)).toEqual([1])
    expect((await store.get(peerIdFromMultihash(peer.toMultihash()))).id.publicKey?.equals(privateKey.publicKey)).toBe(true)
  })

  it('tells the protocols that the peer store has', async () => {
    const { book, store } = await newBook()
    const peer = await newPeer()

    expect(await book.protocols(peer)).toEqual([])
    await store.merge(peer, { protocols: ['/b', '/a'] })

    expect(await book.protocols(peer)).toEqual(['/a', '/b'])
  })
})

describe('PeerBook, when the datastore fails', () => {
  it('reports a failed write, and lets the caller go on', async () => {
    const { book, datastore, errors } = await newBook()
    const peer = await newPeer()

    datastore.writeFailure = new Error('ENOSPC')
    await book.rememberAddresses(peer, [address(1)])
    book.rememberPeer(peer, [address(2)])
    await eventually(() => errors.length === 2)

    expect(errors).toEqual([datastore.writeFailure, datastore.writeFailure])
  })

  it('reports a failed read, and knows nothing', async () => {
    const { book, datastore, errors } = await newBook()
    const peer = await newPeer('RSA')

    datastore.readFailure = new Error('EIO')

    expect(await book.addresses(peer)).toEqual([])
    expect(await book.protocols(peer)).toEqual([])
    expect(await book.publicKey(peerIdFromMultihash(peer.toMultihash()))).toBeUndefined()
    expect(errors).toEqual([datastore.readFailure, datastore.readFailure, datastore.readFailure])
  })

  it('rejects with the reason of the signal, and reports nothing', async () => {
    const { book, datastore, errors } = await newBook()
    const peer = await newPeer()
    const controller = new AbortController()
    const reason = new Error('gone')

    datastore.hold()
    const written = book.rememberAddresses(peer, [address(1)], controller.signal)
    const read = book.addresses(peer, controller.signal)
    const settled = Promise.allSettled([written, read])
    await turns(5)
    controller.abort(reason)
    datastore.release()

    expect(await settled).toEqual([{ status: 'rejected', reason }, { status: 'rejected', reason }])
    await expect(book.addresses(peer, controller.signal)).rejects.toBe(reason)
    expect(errors).toEqual([])
  })

  it('rejects with the reason of the signal when the datastore wraps it', async () => {
    const { events } = await newSetup()
    const controller = new AbortController()
    const peerStore = {
      get: async () => {
        controller.abort(new Error('gone'))
        throw new Error('GetFailedError: gone')
      }
    }
    const book = new PeerBook({ peerStore: peerStore as never, events, onError: () => {} })

    await expect(book.addresses(await newPeer(), controller.signal)).rejects.toThrow(/^gone$/)
  })
})

describe('PeerBook.knownProtocols', () => {
  it('is undefined until something is learnt', async () => {
    const { book } = await newBook()

    expect(book.knownProtocols(await newPeer())).toBeUndefined()
  })

  it('reads and writes no datastore, however many streams are opened', async () => {
    const { book, datastore } = await newBook()
    const peer = await newPeer()

    for (let stream = 0; stream < 1000; stream++) {
      book.rememberProtocol(peer, '/echo/1.0.0')
      expect(book.knownProtocols(peer)?.has('/echo/1.0.0')).toBe(true)
    }

    expect([datastore.reads, datastore.writes]).toEqual([0, 0])
  })

  it('is what the peer says when it is identified, and no more', async () => {
    const { book, identified } = await newBook()
    const peer = await newPeer()

    book.rememberProtocol(peer, '/old')
    identified(peer, ['/a', '/b'])

    expect(book.knownProtocols(peer)).toEqual(new Set(['/a', '/b']))
  })

  it('follows changes of the peer store, whoever makes them', async () => {
    const { book, store } = await newBook()
    const peer = await newPeer()

    await store.patch(peer, { protocols: ['/a', '/b'] })
    expect(book.knownProtocols(peer)).toEqual(new Set(['/a', '/b']))
    await store.patch(peer, { protocols: ['/b', '/c'] })

    expect(book.knownProtocols(peer)).toEqual(new Set(['/b', '/c']))
  })

  it('keeps what the swarm has learnt when addresses and tags change', async () => {
    const { book, store } = await newBook()
    const peer = await newPeer()

    book.rememberProtocol(peer, '/a')
    await store.merge(peer, { multiaddrs: [address(1)] })
    await store.merge(peer, { tags: { friend: { value: 5 } } })

    expect(book.knownProtocols(peer)).toEqual(new Set(['/a']))
  })

  it('takes nothing from the peer store that the peer has not said since', async () => {
    const { store, events } = await newSetup()
    const peer = await newPeer()

    await store.merge(peer, { protocols: ['/a'] })
    const book = new PeerBook({ peerStore: store, events, onError: () => {} })
    await book.protocols(peer)
    await store.merge(peer, { multiaddrs: [address(1)] })

    expect(book.knownProtocols(peer)).toBeUndefined()
  })

  it('forgets a protocol that the peer has refused', async () => {
    const { book, identified } = await newBook()
    const peer = await newPeer()

    identified(peer, ['/a', '/b'])
    book.forgetProtocol(peer, '/a')

    expect(book.knownProtocols(peer)).toEqual(new Set(['/b']))
  })

  it('follows nothing any more after disposal', async () => {
    const { book, events, identified } = await newBook()
    const peer = await newPeer()

    identified(peer, ['/a'])
    book[Symbol.dispose]()
    identified(peer, ['/b'])

    expect(book.knownProtocols(peer)).toBeUndefined()
    expect([events.listenerCount('peer:update'), events.listenerCount('peer:identify')]).toEqual([1, 0])
  })
})
