import { serviceCapabilities } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { yamux } from '../../src/yamux/index.ts'
import { resolveYamuxOptions, YAMUX_DEFAULTS } from '../../src/yamux/options.ts'
import { LinkEnd } from '../support/yamux-link.ts'

describe('yamux()', () => {
  it('makes a factory of the shape that libp2p takes', () => {
    const factory = yamux()({})

    expect(factory.protocol).toBe('/yamux/1.0.0')
    expect(factory[serviceCapabilities]).toEqual(['@libp2p/stream-multiplexing'])
    expect(Object.prototype.toString.call(factory)).toBe('[object swarmd/yamux]')
    expect(factory.createStreamMuxer(new LinkEnd('outbound'))).toMatchObject({ protocol: '/yamux/1.0.0', status: 'open', streams: [] })
  })

  it('fails where it is called when an option makes no sense', () => {
    expect(() => yamux({ maxStreamWindowBytes: 1000 })).toThrow(new RangeError('yamux.maxStreamWindowBytes must be a number from 262144 to 4294967295, received 1000'))
  })
})

describe('options', () => {
  it('that are undefined count as not set', () => {
    expect(resolveYamuxOptions({ maxMessageBytes: undefined })).toMatchObject(YAMUX_DEFAULTS)
  })

  it.each([
    ['maxMessageBytes', 1023],
    ['maxMessageBytes', NaN],
    ['maxInboundStreams', -1],
    ['maxOutboundStreams', '5'],
    ['maxEarlyStreams', -Infinity],
    ['keepAliveTimeoutMs', 0]
  ])('refuse %s of %s', (name, value) => {
    expect(() => resolveYamuxOptions({ [name]: value })).toThrow(RangeError)
  })

  it('that do not exist are refused by name', () => {
    expect(() => resolveYamuxOptions({ enableKeepAlive: true } as never)).toThrow(new TypeError('there is no option yamux.enableKeepAlive; there are maxMessageBytes, maxStreamWindowBytes, maxConnectionWindowBytes, maxInboundStreams, maxOutboundStreams, maxEarlyStreams, keepAliveIntervalMs, keepAliveTimeoutMs, streamOptions, clock'))
  })
})
