import { describe, expect, it } from 'vitest'
import { Bandwidth } from '../../src/swarm/bandwidth.ts'

describe('Bandwidth', () => {
  it('counts in all, by protocol and by peer', () => {
    const bandwidth = new Bandwidth()

    bandwidth.count('read', 10, '/a', 'peer')
    bandwidth.count('written', 1, '/a', 'peer')
    bandwidth.count('read', 5, '/b', 'other')

    expect(bandwidth.total).toEqual({ read: 15, written: 1 })
    expect([...bandwidth.byProtocol]).toEqual([['/a', { read: 10, written: 1 }], ['/b', { read: 5, written: 0 }]])
    expect([...bandwidth.byPeer]).toEqual([['peer', { read: 10, written: 1 }], ['other', { read: 5, written: 0 }]])
  })

  it('takes back what a negotiation puts back, and counts it where it belongs', () => {
    const bandwidth = new Bandwidth()

    bandwidth.count('read', 30, '', 'peer')
    bandwidth.count('read', -10, '', 'peer')
    bandwidth.count('read', 10, '/a', 'peer')

    expect(bandwidth.total.read).toBe(30)
    expect([bandwidth.byProtocol.get('')?.read, bandwidth.byProtocol.get('/a')?.read]).toEqual([20, 10])
  })

  it('forgets a peer, and not its bytes', () => {
    const bandwidth = new Bandwidth()

    bandwidth.count('written', 7, '/a', 'peer')
    bandwidth.forget('peer')

    expect(bandwidth.byPeer.size).toBe(0)
    expect(bandwidth.total.written).toBe(7)
  })

  it('sums up all names beyond 4096, and loses no byte', () => {
    const bandwidth = new Bandwidth()

    for (let i = 0; i < 10_000; i++) {
      bandwidth.count('read', 1, `/${i}`, `peer ${i}`)
    }

    expect(bandwidth.byProtocol.size).toBe(4_097)
    expect(bandwidth.byProtocol.get('(others)')).toEqual({ read: 5_904, written: 0 })
    expect([...bandwidth.byPeer.values()].reduce((sum, { read }) => sum + read, 0)).toBe(10_000)
  })
})
