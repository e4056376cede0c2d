import { describe, expect, it } from 'vitest'
import { MAX_PROTECTIONS, PeerProtection } from '../../../src/swarm/limits/index.ts'

describe('PeerProtection', () => {
  it('protects a peer until the last of its tags is gone', () => {
    const protection = new PeerProtection()

    protection.protect('alice', 'dht')
    protection.protect('alice', 'pubsub')

    expect(protection.unprotect('alice', 'dht')).toBe(true)
    expect(protection.isProtected('alice')).toBe(true)
    expect(protection.unprotect('alice', 'pubsub')).toBe(false)
    expect(protection.isProtected('alice')).toBe(false)
  })

  it('counts one tag once, however often it is given', () => {
    const protection = new PeerProtection()

    protection.protect('alice', 'dht')
    protection.protect('alice', 'dht')

    expect(protection.unprotect('alice', 'dht')).toBe(false)
  })

  it('says that others still protect when a tag that was never given is taken back', () => {
    const protection = new PeerProtection()

    protection.protect('alice', 'dht')

    expect(protection.unprotect('alice', 'pubsub')).toBe(true)
    expect(protection.unprotect('bob', 'dht')).toBe(false)
    expect(protection.isProtected('bob')).toBe(false)
  })

  it('refuses to remember more than its bound, and has room again after one is gone', () => {
    const protection = new PeerProtection()

    for (let n = 0; n < MAX_PROTECTIONS; n++) {
      protection.protect(`peer ${n}`, 'tag')
    }

    expect(() => { protection.protect('one more', 'tag') }).toThrow('too many protected peers and tags: 65536 of 65536 in use (MAX_PROTECTIONS)')
    expect(() => { protection.protect('peer 7', 'tag') }).not.toThrow()

    protection.unprotect('peer 7', 'tag')
    expect(() => { protection.protect('one more', 'tag') }).not.toThrow()
  })
})
