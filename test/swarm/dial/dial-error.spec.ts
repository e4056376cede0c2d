import { connect } from 'node:net'
import { UnexpectedPeerError } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { CodedError, isCoded } from '../../../src/base/index.ts'
import { AddressError, DialError, hasCause, toAddressError } from '../../../src/swarm/dial/dial-error.ts'
import { PEER } from './fixtures.ts'
import type { ErrorCode } from '../../../src/base/index.ts'
import type { DialPhase } from '../../../src/swarm/dial/dial-error.ts'

const A = multiaddr('/ip4/1.2.3.4/tcp/1234')
const B = multiaddr('/ip6/1::1/udp/1234/quic-v1')
const ID = PEER.toString()

function systemError (code: string): Error {
  return Object.assign(new Error(`connect ${code} 1.2.3.4:1234`), { code })
}

function failures (count: number, phase: DialPhase = 'connect'): AddressError[] {
  return Array.from({ length: count }, (_, port) => new AddressError('ConnectFailed', multiaddr(`/ip4/1.2.3.4/tcp/${port}`), { phase, durationMs: 5 }))
}

describe('AddressError', () => {
  it('says what failed, where, for how long and why', () => {
    const cause = systemError('ECONNREFUSED')
    const error = new AddressError('ConnectFailed', A, { phase: 'connect', durationMs: 12, cause })

    expect(error).toMatchObject({ name: 'ConnectFailedError', code: 'ConnectFailed', phase: 'connect', durationMs: 12, retryAt: undefined, cause })
    expect(error.address).toBe(A)
    expect(error.message).toBe('failed to dial /ip4/1.2.3.4/tcp/1234: connection refused: nothing listens there')
    expect(isCoded(error, 'ConnectFailed')).toBe(true)
  })

  it('leads to its cause', () => {
    const error = new AddressError('ConnectFailed', A, { phase: 'connect', cause: new CodedError('DialBackoff', 'dial backoff') })

    expect(hasCause(error, 'DialBackoff')).toBe(true)
    expect(hasCause(error, 'Gated')).toBe(false)
  })

  it.each([
    ['ECONNREFUSED', 'connection refused: nothing listens there'],
    ['EHOSTUNREACH', 'host unreachable: no machine answers at this address'],
    ['ENETUNREACH', 'network unreachable: this machine has no route there'],
    ['ETIMEDOUT', 'timed out: nobody answers there'],
    ['ECONNRESET', 'connection reset: the other side hung up'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'the other side does not speak TLS']
  ])('puts %s in plain words', (code, reason) => {
    expect(new AddressError('ConnectFailed', A, { phase: 'connect', cause: systemError(code) }).reason).toBe(reason)
  })

  it('finds the system code beneath others', () => {
    const cause = new Error('it broke', { cause: new AggregateError([systemError('EHOSTUNREACH')]) })

    expect(new AddressError('ConnectFailed', A, { phase: 'connect', cause }).reason).toBe('host unreachable: no machine answers at this address')
  })

  it.each<[ErrorCode, DialPhase, string]>([
    ['BlackHole', 'gate', 'dial refused because of black hole'],
    ['NoTransport', 'gate', 'no transport for protocol'],
    ['Gated', 'gate', 'gater disallows connection to peer'],
    ['DialToSelf', 'gate', 'dial to self attempted'],
    ['DialBackoff', 'gate', 'dial backoff'],
    ['DialTimeout', 'connect', 'dial timed out'],
    ['UpgradeFailed', 'encrypt', 'the handshake failed, so the other side may not speak libp2p'],
    ['StreamReset', 'mux', 'StreamReset']
  ])('has words for %s without a cause', (code, phase, reason) => {
    expect(new AddressError(code, A, { phase }).reason).toBe(reason)
  })

  it('quotes a handshake that failed, and suspects another protocol', () => {
    const error = new AddressError('UpgradeFailed', A, { phase: 'encrypt', cause: new Error('Missing newline') })

    expect(error.reason).toBe('the handshake failed, so the other side may not speak libp2p: Missing newline')
  })

  it('tells how long a backoff still lasts, or until when', () => {
    const retryAt = Date.UTC(2030, 0, 1)
    const init = { phase: 'gate', retryAt } as const

    expect(new AddressError('DialBackoff', A, { ...init, now: retryAt - 8100 }).reason).toBe('in backoff, retry in 9 s')
    expect(new AddressError('DialBackoff', A, { ...init, now: retryAt + 1 }).reason).toBe('in backoff, retry in 0 s')
    expect(new AddressError('DialBackoff', A, init).reason).toBe('in backoff until 2030-01-01T00:00:00.000Z')
    expect(new AddressError('DialBackoff', A, { ...init, retryAt: Infinity }).reason).toBe('in backoff until the end of time')
  })

  it('tells why an address failed even if it rests now', () => {
    const error = new AddressError('ConnectFailed', A, { phase: 'connect', retryAt: 9, cause: systemError('ECONNREFUSED') })

    expect(error.reason).toBe('connection refused: nothing listens there')
    expect(error.retryAt).toBe(9)
  })

  it('keeps what others wrote to one bounded line that no terminal obeys', () => {
    const hostile = `\u001b[2Jgone\r\n${'x'.repeat(5000)}`
    const { reason } = new AddressError('ConnectFailed', A, { phase: 'connect', cause: new Error(hostile) })

    expect(reason).toHaveLength(240)
    expect(reason.startsWith('[2Jgone xxx')).toBe(true)
    expect(reason.endsWith('x…')).toBe(true)
  })

  it('knows whether time ran out', () => {
    expect(new AddressError('DialTimeout', A, { phase: 'connect' }).timeout).toBe(true)
    expect(new AddressError('ConnectFailed', A, { phase: 'connect', cause: systemError('ETIMEDOUT') }).timeout).toBe(true)
    expect(new AddressError('ConnectFailed', A, { phase: 'connect', cause: systemError('ECONNRESET') }).timeout).toBe(false)
  })
})

describe('toAddressError', () => {
  it('keeps an error that has its address', () => {
    const error = new AddressError('Gated', A, { phase: 'gate' })

    expect(toAddressError(B, error, { durationMs: 5 })).toBe(error)
  })

  it('takes the phase and the code from an error that knows them', () => {
    const thrown = Object.assign(new CodedError('UpgradeTimeout', 'no answer to the handshake'), { phase: 'encrypt' })

    expect(toAddressError(A, thrown, { durationMs: 5 })).toMatchObject({
      address: A,
      code: 'UpgradeTimeout',
      phase: 'encrypt',
      durationMs: 5,
      reason: 'no answer to the handshake',
      cause: thrown
    })
  })

  it('takes no phase that is none', () => {
    expect(toAddressError(A, Object.assign(new Error('odd'), { phase: 'moon' }), {}).phase).toBe('connect')
    expect(toAddressError(A, Object.assign(new Error('odd'), { phase: 'mux' }), {})).toMatchObject({ phase: 'mux', code: 'UpgradeFailed' })
  })

  it('has anything else fail to connect', () => {
    expect(toAddressError(A, systemError('ECONNREFUSED'))).toMatchObject({ phase: 'connect', code: 'ConnectFailed' })
    expect(toAddressError(A, 'a text', { durationMs: 3 })).toMatchObject({ phase: 'connect', code: 'ConnectFailed', reason: 'a text', cause: 'a text', durationMs: 3 })
    expect(toAddressError(A, new Error('limit'), { phase: 'limit' })).toMatchObject({ phase: 'limit', code: 'ConnectFailed' })
  })

  it('knows errors of libp2p plugins and of the system', () => {
    expect(toAddressError(A, new UnexpectedPeerError('it was another'))).toMatchObject({ code: 'UnexpectedPeer', phase: 'encrypt', reason: 'it was another' })
    expect(toAddressError(A, systemError('ENOTFOUND'))).toMatchObject({ code: 'ResolveFailed', phase: 'resolve', reason: 'there is no host of this name' })
    expect(toAddressError(A, new DOMException('The operation timed out', 'TimeoutError'))).toMatchObject({ code: 'DialTimeout', phase: 'connect' })
  })

  it('understands what a real socket says', async () => {
    const socket = connect(1, '127.0.0.1')
    const { promise, resolve } = Promise.withResolvers<Error>()

    socket.once('error', resolve)

    expect(toAddressError(A, await promise).reason).toBe('connection refused: nothing listens there')
  })
})

describe('DialError', () => {
  it('leads to its cause, to itself and to the errors of addresses, however deep', () => {
    const deep = new Error('write', { cause: systemError('EPERM') })
    const error = new DialError('AllDialsFailed', PEER, [
      new AddressError('NoTransport', B, { phase: 'gate' }),
      new AddressError('ConnectFailed', A, { phase: 'connect', cause: deep })
    ], { cause: new CodedError('Gated', 'gater disallows connection to peer') })

    expect(hasCause(error, 'Gated')).toBe(true)
    expect(hasCause(error, (candidate) => candidate === error)).toBe(true)
    expect(hasCause(error, 'AllDialsFailed')).toBe(true)
    expect(hasCause(error, 'NoTransport')).toBe(true)
    expect(hasCause(error, 'EPERM')).toBe(true)
    expect(hasCause(error, (candidate) => candidate === deep)).toBe(true)
    expect(hasCause(error, 'DialBackoff')).toBe(false)
    expect(hasCause('no error', 'Gated')).toBe(false)
  })

  it('ends its search where causes go round in a circle', () => {
    const error = new Error('round')

    error.cause = new AggregateError([error])

    expect(hasCause(error, 'Gated')).toBe(false)
  })

  it('is an AggregateError with a code', () => {
    const errors = failures(1)
    const error = new DialError('AllDialsFailed', PEER, errors)

    expect(error).toBeInstanceOf(AggregateError)
    expect(isCoded(error, 'AllDialsFailed')).toBe(true)
    expect(error).toMatchObject({ name: 'DialError', peer: PEER, errors, skipped: 0, durationMs: undefined })
  })

  it.each<[ErrorCode, string]>([
    ['AllDialsFailed', 'all dials failed'],
    ['DialBackoff', 'dial backoff'],
    ['DialTimeout', 'dial timed out'],
    ['DialToSelf', 'dial to self attempted'],
    ['Gated', 'gater disallows connection to peer'],
    ['NoAddresses', 'no addresses'],
    ['NoGoodAddresses', 'no good addresses'],
    ['NoTransport', 'no transport for protocol'],
    ['SwarmClosed', 'swarm closed']
  ])('with the code %s says "%s"', (code, text) => {
    const error = new DialError(code, PEER, [])

    expect(error.code).toBe(code)
    expect(error.message.split('\n')[0]).toBe(`failed to dial ${ID}: ${text}`)
    expect(error.message).toMatch(/\n {2}-> ./)
  })

  it('keeps one error an address, of five addresses five', () => {
    const error = new DialError('AllDialsFailed', PEER, failures(5))

    expect(error.errors).toHaveLength(5)
    expect(error.skipped).toBe(0)
    expect(error.message).not.toContain('skipping')
  })

  it('keeps 16 errors and counts the rest', () => {
    const error = new DialError('AllDialsFailed', PEER, failures(20))
    const lines = error.message.split('\n')

    expect(error.errors).toHaveLength(16)
    expect(error.skipped).toBe(4)
    expect(lines).toHaveLength(19)
    expect(lines[0]).toBe(`failed to dial ${ID}: all dials failed (20 addresses)`)
    expect(lines[17]).toBe('    ... skipping 4 errors ...')
    expect(error.toJSON()).toMatchObject({ skipped: 4 })
  })

  it('leaves out refused addresses rather than tried ones', () => {
    const error = new DialError('AllDialsFailed', PEER, [...failures(16, 'gate'), ...failures(1, 'mux')])

    expect(error.errors.map(({ phase }) => phase)).toEqual(['mux', ...Array(15).fill('gate')])
    expect(error.skipped).toBe(1)
  })

  it('tells the whole story, a line an address', () => {
    const now = Date.UTC(2030, 0, 1)
    const error = new DialError('AllDialsFailed', PEER, [
      new AddressError('DialBackoff', multiaddr('/ip4/5.6.7.8/tcp/1'), { phase: 'gate', retryAt: now + 9000, now }),
      new AddressError('ConnectFailed', A, { phase: 'connect', durationMs: 11.6, cause: systemError('ECONNREFUSED') }),
      new AddressError('UpgradeFailed', B, { phase: 'encrypt', durationMs: 800, cause: new Error('EOF') })
    ], { durationMs: 812 })

    expect(error.message).toBe([
      `failed to dial ${ID}: all dials failed (3 addresses, 812 ms)`,
      '  * [/ip4/1.2.3.4/tcp/1234] connect: connection refused: nothing listens there (12 ms)',
      '  * [/ip6/1::1/udp/1234/quic-v1] encrypt: the handshake failed, so the other side may not speak libp2p: EOF (800 ms)',
      '  * [/ip4/5.6.7.8/tcp/1] gate: in backoff, retry in 9 s',
      '  -> check that the peer runs, and that these are its addresses today'
    ].join('\n'))
    expect(error.retryAt).toBe(now + 9000)
  })

  it('takes the address that came furthest for the decisive one', () => {
    const [connected, gated] = [...failures(1), ...failures(1, 'gate')]
    const encrypted = new AddressError('UpgradeFailed', B, { phase: 'encrypt' })

    expect(new DialError('AllDialsFailed', PEER, [...failures(1), encrypted, ...failures(1)]).cause).toBe(encrypted)
    expect(new DialError('AllDialsFailed', PEER, [gated, connected].filter((error) => error != null)).cause).toBe(connected)
    expect(new DialError('AllDialsFailed', PEER, [encrypted, new AddressError('UpgradeFailed', A, { phase: 'encrypt' })]).cause).toBe(encrypted)
    expect(new DialError('NoAddresses', PEER, []).cause).toBeUndefined()
  })

  it('says when to try again: when the first address in backoff may', () => {
    const early = Date.UTC(2030, 0, 1)
    const error = new DialError('DialBackoff', PEER, [
      new AddressError('DialBackoff', A, { phase: 'gate', retryAt: early + 5 }),
      new AddressError('DialBackoff', B, { phase: 'gate', retryAt: early })
    ])

    expect(error.retryAt).toBe(early)
    expect(error.message).toContain('\n  -> wait until 2030-01-01T00:00:00.000Z or pass { force: true }')
    expect(new DialError('DialBackoff', PEER, error.errors, { retryAt: early - 1 }).retryAt).toBe(early - 1)
  })

  it('keeps the time to try again of an address that it leaves out', () => {
    const error = new DialError('AllDialsFailed', PEER, [...failures(16), new AddressError('DialBackoff', A, { phase: 'gate', retryAt: 7 })])

    expect(error.retryAt).toBe(7)
  })

  it('says what to do', () => {
    const advice = (code: ErrorCode, errors: AddressError[] = [], given?: string): string | undefined => {
      return new DialError(code, PEER, errors, { advice: given }).message.split('\n').at(-1)
    }

    expect(advice('NoAddresses')).toBe('  -> add an address with peerStore.patch or dial a multiaddr')
    expect(advice('DialBackoff')).toBe('  -> wait or pass { force: true }')
    expect(advice('NoGoodAddresses', [new AddressError('NoTransport', A, { phase: 'gate' })])).toBe('  -> add a transport for one of these addresses, or dial another address')
    expect(advice('NoGoodAddresses', [new AddressError('NoTransport', A, { phase: 'gate' }), new AddressError('Gated', B, { phase: 'gate' })]))
      .toBe('  -> add an address that can be dialled, or a transport for one of these')
    expect(advice('AllDialsFailed', [], 'ask Bob')).toBe('  -> ask Bob')
  })

  it('names the address where no peer is known', () => {
    expect(new DialError('AllDialsFailed', undefined, failures(1)).message).toMatch(/^failed to dial \/ip4\/1\.2\.3\.4\/tcp\/0: all dials failed \(1 address\)\n/)
    expect(new DialError('AllDialsFailed', undefined, failures(2)).message).toMatch(/^failed to dial a peer of unknown ID: all dials failed \(2 addresses\)\n/)
  })

  it('knows whether time ran out', () => {
    const late = new AddressError('DialTimeout', A, { phase: 'connect' })
    const refused = new AddressError('Gated', B, { phase: 'gate' })

    expect(new DialError('DialTimeout', PEER, []).timeout).toBe(true)
    expect(new DialError('AllDialsFailed', PEER, [late, refused]).timeout).toBe(true)
    expect(new DialError('AllDialsFailed', PEER, [late, ...failures(1)]).timeout).toBe(false)
    expect(new DialError('NoGoodAddresses', PEER, [refused]).timeout).toBe(false)
  })

  it('becomes JSON without causes and stacks', () => {
    const error = new DialError('AllDialsFailed', PEER, [new AddressError('ConnectFailed', A, { phase: 'connect', durationMs: 3, retryAt: 9, cause: systemError('ECONNREFUSED') })], { durationMs: 4 })

    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'DialError',
      code: 'AllDialsFailed',
      message: error.message,
      peer: ID,
      durationMs: 4,
      retryAt: 9,
      skipped: 0,
      errors: [{
        address: '/ip4/1.2.3.4/tcp/1234',
        code: 'ConnectFailed',
        phase: 'connect',
        reason: 'connection refused: nothing listens there',
        durationMs: 3,
        retryAt: 9
      }]
    })
  })

  it('takes any number of errors and stays small', () => {
    const [one] = failures(1)
    const error = new DialError('AllDialsFailed', PEER, Array(200_000).fill(one))

    expect(error.skipped).toBe(199_984)
    expect(JSON.stringify(error).length).toBeLessThan(8000)
  })
})
