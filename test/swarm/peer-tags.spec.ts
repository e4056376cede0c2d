import { TypedEventEmitter } from 'main-event'
import { describe, expect, it } from 'vitest'
import { generateIdentity } from '../../src/identity/index.ts'
import { PeerTags } from '../../src/swarm/peer-tags.ts'
import type { Libp2pEvents, Peer, PeerStore } from '@libp2p/interface'

const { peerId } = await generateIdentity()
const KEY = peerId.toString()
const NONE = { value: 0, keepAlive: false }

const peer = (tags: Record<string, number>): Peer => ({ id: peerId, tags: new Map(Object.entries(tags).map(([name, value]) => [name, { value }])) }) as unknown as Peer

interface Scene {
  tags: PeerTags
  update (tags: Record<string, number>): void
}

function scene (get: () => Promise<Peer>): Scene {
  const events = new TypedEventEmitter<Libp2pEvents>()

  return {
    tags: new PeerTags({ get } as unknown as PeerStore, events),
    update: (tags) => { events.safeDispatchEvent('peer:update', { detail: { peer: peer(tags) } }) }
  }
}

describe('PeerTags', () => {
  it('sums up what the tags of a connected peer are worth', async () => {
    const { tags } = scene(async () => peer({ relay: 10, friend: 5 }))

    expect(tags.of(KEY)).toEqual(NONE)
    tags.follow(peerId)
    expect(tags.of(KEY)).toEqual(NONE)
    await tags.read()

    expect(tags.of(KEY)).toEqual({ value: 15, keepAlive: false })
  })

  it('knows the tags that keep a connection alive', async () => {
    const { tags } = scene(async () => peer({ 'keep-alive-circuit-relay': 1 }))

    tags.follow(peerId)
    await tags.read()

    expect(tags.of(KEY)).toEqual({ value: 1, keepAlive: true })
  })

  it('follows updates while the peer is connected', async () => {
    const { tags, update } = scene(async () => peer({}))

    update({ friend: 1 })
    expect(tags.of(KEY)).toEqual(NONE)

    tags.follow(peerId)
    await tags.read()
    update({ friend: 2 })
    expect(tags.of(KEY).value).toBe(2)

    tags.forget(KEY)
    update({ friend: 3 })
    expect(tags.of(KEY)).toEqual(NONE)
  })

  it('asks the store for nothing until somebody has to know', async () => {
    let asked = 0
    const { tags } = scene(async () => {
      asked++

      return peer({})
    })

    tags.follow(peerId)
    tags.forget(KEY)
    await tags.read()

    expect(asked).toBe(0)
  })

  it('does not let what was read before an update take its place', async () => {
    const { promise, resolve } = Promise.withResolvers<Peer>()
    const { tags, update } = scene(async () => promise)

    tags.follow(peerId)
    const reading = tags.read()
    update({ friend: 9 })
    resolve(peer({ friend: 1 }))
    await reading

    expect(tags.of(KEY).value).toBe(9)
  })

  it('does not remember a peer that has gone before the store answers', async () => {
    const { promise, resolve } = Promise.withResolvers<Peer>()
    const { tags } = scene(async () => promise)

    tags.follow(peerId)
    const reading = tags.read()
    tags.forget(KEY)
    resolve(peer({ friend: 1 }))
    await reading

    expect(tags.of(KEY)).toEqual(NONE)
  })

  it('takes a peer that the store does not know as one without tags, and asks once', async () => {
    let asked = 0
    const { tags } = scene(async () => {
      asked++
      throw new Error('not found')
    })

    tags.follow(peerId)
    await Promise.all([tags.read(), tags.read()])
    tags.follow(peerId)
    await tags.read()

    expect([asked, tags.of(KEY)]).toEqual([1, NONE])
  })
})
