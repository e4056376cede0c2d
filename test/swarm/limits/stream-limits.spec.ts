import { describe, expect, it } from 'vitest'
import { StreamLimits } from '../../../src/swarm/limits/index.ts'
import { LIMIT_DEFAULTS } from '../../../src/swarm/options.ts'
import type { LimitOptionsInit } from '../../../src/swarm/options.ts'

function limitsOf (init: LimitOptionsInit = {}): StreamLimits {
  return new StreamLimits({ ...LIMIT_DEFAULTS, ...init })
}

describe('StreamLimits', () => {
  it('bounds the streams of all connections together', () => {
    const limits = limitsOf({ maxStreams: 2 })
    const one = limits.forConnection()
    const two = limits.forConnection()
    const permit = one.admit('inbound')

    two.admit('outbound')

    expect(() => one.admit('outbound')).toThrow('too many streams: 2 of 2 in use (limits.maxStreams)')
    expect(limits.stat()).toEqual({ inbound: 1, outbound: 1 })

    permit[Symbol.dispose]()
    expect(() => two.admit('inbound')).not.toThrow()
  })

  it.each([
    ['inbound', { maxInboundStreamsPerConnection: 1 }, 'limits.maxInboundStreamsPerConnection'],
    ['outbound', { maxOutboundStreamsPerConnection: 1 }, 'limits.maxOutboundStreamsPerConnection']
  ] as const)('bounds the %s streams of each connection apart', (direction, init, option) => {
    const limits = limitsOf(init)
    const one = limits.forConnection()
    const other = direction === 'inbound' ? 'outbound' : 'inbound'

    one.admit(direction)

    expect(() => one.admit(direction)).toThrow(expect.objectContaining({ code: 'ResourceLimit', scope: `${direction} streams on one connection`, option }))
    expect(() => one.admit(other)).not.toThrow()
    expect(() => limits.forConnection().admit(direction)).not.toThrow()
    expect(one.stat()).toEqual({ inbound: 1, outbound: 1 })
  })

  it('bounds the streams of one protocol and direction on a connection', () => {
    const limits = limitsOf()
    const connection = limits.forConnection()
    const permit = connection.admitProtocol('inbound', '/echo/1', 1)

    expect(() => connection.admitProtocol('inbound', '/echo/1', 1)).toThrow('too many inbound streams of /echo/1 on one connection: 1 of 1 in use (maxInboundStreams of handle)')
    expect(() => connection.admitProtocol('outbound', '/echo/1', 1)).not.toThrow()
    expect(() => connection.admitProtocol('inbound', '/ping/1', 1)).not.toThrow()
    expect(() => limits.forConnection().admitProtocol('inbound', '/echo/1', 1)).not.toThrow()

    permit[Symbol.dispose]()
    permit[Symbol.dispose]()
    expect(() => connection.admitProtocol('inbound', '/echo/1', 1)).not.toThrow()
  })

  it('names the option that the maximum of the protocol comes from', () => {
    const connection = limitsOf({ maxInboundStreamsPerProtocol: 0 }).forConnection()

    expect(() => connection.admitProtocol('inbound', '/echo/1', 0)).toThrow('0 of 0 in use (limits.maxInboundStreamsPerProtocol)')
    expect(() => connection.admitProtocol('outbound', '/echo/1', 0)).toThrow('(maxOutboundStreams of handle)')
  })

  it('counts nothing of what it refuses', () => {
    const limits = limitsOf({ maxInboundStreamsPerConnection: 0 })

    expect(() => limits.forConnection().admit('inbound')).toThrow('inbound streams on one connection')
    expect(limits.stat()).toEqual({ inbound: 0, outbound: 0 })
  })
})
