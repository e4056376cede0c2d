import { describe, expect, it } from 'vitest'
import { ConnectionLimits, ResourceLimitError } from '../../../src/swarm/limits/index.ts'
import { LIMIT_DEFAULTS } from '../../../src/swarm/options.ts'
import type { LimitOptionsInit } from '../../../src/swarm/options.ts'

const EMPTY = { inbound: 0, outbound: 0, peers: 0, ips: 0, pending: 0, queued: 0 }

function limitsOf (init: LimitOptionsInit = {}): ConnectionLimits {
  return new ConnectionLimits({ ...LIMIT_DEFAULTS, ...init })
}

function refusal (fn: () => unknown): ResourceLimitError {
  try {
    fn()
  } catch (error) {
    if (error instanceof ResourceLimitError) {
      return error
    }
  }

  throw new Error('it was not refused for a limit')
}

describe('ConnectionLimits', () => {
  it('names scope, use, maximum and option when it refuses', () => {
    const limits = limitsOf({ maxInboundConnections: 2 })

    limits.admitInbound()
    limits.admitInbound()
    const error = refusal(() => limits.admitInbound())

    expect(error).toMatchObject({
      name: 'ResourceLimitError',
      code: 'ResourceLimit',
      message: 'too many inbound connections: 2 of 2 in use (limits.maxInboundConnections)',
      scope: 'inbound connections',
      used: 2,
      max: 2,
      option: 'limits.maxInboundConnections'
    })
  })

  it('refuses outbound connections beyond their maximum, inbound ones not', () => {
    const limits = limitsOf({ maxOutboundConnections: 1 })

    limits.admitOutbound()

    expect(refusal(() => limits.admitOutbound()).option).toBe('limits.maxOutboundConnections')
    expect(() => limits.admitInbound()).not.toThrow()
  })

  it('counts both directions into the total', () => {
    const limits = limitsOf({ maxConnections: 2 })

    limits.admitInbound()
    const outbound = limits.admitOutbound()

    expect(refusal(() => limits.admitInbound()).option).toBe('limits.maxConnections')
    expect(refusal(() => limits.admitOutbound()).message).toBe('too many connections: 2 of 2 in use (limits.maxConnections)')

    outbound[Symbol.dispose]()
    expect(() => limits.admitInbound()).not.toThrow()
  })

  it('refuses more inbound connections from one IPv6 /64 than from any other', () => {
    const limits = limitsOf({ maxConnectionsPerIp: 2 })

    limits.admitInbound({ ip: '2001:db8::1' })
    limits.admitInbound({ ip: '2001:db8::2' })

    expect(refusal(() => limits.admitInbound({ ip: '2001:db8::3' })).scope).toBe('inbound connections from 2001:db8:0:0::/64')
    expect(() => limits.admitInbound({ ip: '2001:db8:0:1::3' })).not.toThrow()
  })

  it('never counts loopback, nor connections without an IP address, per IP address', () => {
    const limits = limitsOf({ maxConnectionsPerIp: 1, maxPendingInboundPerIp: 1 })

    for (const ip of ['127.0.0.1', '127.0.0.1', '::1', '::1', undefined, undefined]) {
      limits.admitInbound({ ip })
    }

    expect(limits.stat()).toEqual({ ...EMPTY, inbound: 6 })
  })

  it('counts nothing of what it refuses', () => {
    const limits = limitsOf({ maxConnectionsPerIp: 1 })

    limits.admitInbound({ ip: '192.0.2.1' })
    refusal(() => limits.admitInbound({ ip: '192.0.2.1' }))

    expect(limits.stat()).toEqual({ ...EMPTY, inbound: 1, ips: 1 })
  })

  it('refuses more connections with one peer than with any other', () => {
    const limits = limitsOf({ maxConnectionsPeer: 1 })
    const permit = limits.admitPeer('alice')

    expect(refusal(() => limits.admitPeer('alice')).message).toBe('too many connections with peer alice: 1 of 1 in use (limits.maxConnectionsPeer)')
    expect(() => limits.admitPeer('bob')).not.toThrow()

    permit[Symbol.dispose]()
    expect(() => limits.admitPeer('alice')).not.toThrow()
  })

  it('forgets peers and addresses whose last permit has come back', () => {
    const limits = limitsOf()
    const permits = [limits.admitPeer('alice'), limits.admitPeer('alice'), limits.admitInbound({ ip: '192.0.2.1' })]

    expect(limits.stat()).toMatchObject({ peers: 1, ips: 1 })

    permits.forEach((permit) => { permit[Symbol.dispose]() })

    expect(limits.stat()).toEqual(EMPTY)
  })

  it('counts a permit that is given back twice once', () => {
    const limits = limitsOf()
    const first = limits.admitInbound({ ip: '192.0.2.1' })

    limits.admitInbound({ ip: '192.0.2.1' })
    first[Symbol.dispose]()
    first[Symbol.dispose]()

    expect(limits.stat()).toEqual({ ...EMPTY, inbound: 1, ips: 1 })
  })

  it('has no maximum where the option is Infinity', () => {
    const limits = limitsOf({ maxConnections: Infinity, maxInboundConnections: Infinity, maxConnectionsPerIp: Infinity })

    for (let n = 0; n < 5000; n++) {
      limits.admitInbound({ ip: '192.0.2.1' })
    }

    expect(limits.stat().inbound).toBe(5000)
  })
})
