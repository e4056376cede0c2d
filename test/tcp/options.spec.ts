import { describe, expect, it } from 'vitest'
import { busyPoll } from '../../src/base/index.ts'
import { resolveTcpOptions, socketOptions } from '../../src/tcp/options.ts'

describe('the options of TCP', () => {
  it('have defaults', () => {
    expect(resolveTcpOptions()).toMatchObject({
      inboundSocketInactivityTimeout: 120_000,
      outboundSocketInactivityTimeout: 120_000,
      maxConnections: Infinity,
      backlog: 511,
      dialOpts: { noDelay: true, keepAlive: true, keepAliveInitialDelay: 0 },
      listenOpts: { noDelay: true, keepAlive: true, keepAliveInitialDelay: 0 }
    })
  })

  it('are set one by one', () => {
    const settings = resolveTcpOptions({ maxConnections: 3, dialOpts: { noDelay: false }, listenOpts: { keepAliveInitialDelay: 5 } })

    expect(settings).toMatchObject({
      maxConnections: 3,
      backlog: 511,
      dialOpts: { noDelay: false, keepAlive: true },
      listenOpts: { noDelay: true, keepAliveInitialDelay: 5 }
    })
  })

  it('poll for answers, unless they are told not to', () => {
    expect([resolveTcpOptions(), resolveTcpOptions({ busyPoll: true }), resolveTcpOptions({ busyPoll: false })].map(({ poll }) => poll)).toEqual([busyPoll, busyPoll, undefined])
  })

  it('are refused when they do not exist', () => {
    expect(() => resolveTcpOptions({ maxConnection: 3 } as never)).toThrow('there is no option tcp.maxConnection; there are inboundSocketInactivityTimeout,')
  })

  it.each([-1, NaN, '5'])('are refused when they make no sense, as a timeout of %j', (value) => {
    expect(() => resolveTcpOptions({ inboundSocketInactivityTimeout: value as number })).toThrow(RangeError)
  })

  it('are refused when a listener would pause for ever', () => {
    expect(() => resolveTcpOptions({ closeServerOnMaxConnections: { listenBelow: 3, closeAbove: 2 } })).toThrow('closeAbove must be at least listenBelow, received 2 and 3')
  })

  it('of one dial go before those of all', () => {
    expect(socketOptions({ noDelay: true }, { noDelay: false, keepAlive: false, keepAliveInitialDelay: 9 })).toEqual({ noDelay: true, keepAlive: false, keepAliveInitialDelay: 9 })
  })
})
