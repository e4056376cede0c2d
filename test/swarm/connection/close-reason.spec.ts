import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { closeError, farewellError, reasonFromTransport, reasonFromWire, wireCode } from '../../../src/swarm/connection/close-reason.ts'
import { localAddressOf } from '../../../src/swarm/connection/local-address.ts'
import type { CloseReason } from '../../../src/swarm/contract/index.ts'
import type { MultiaddrConnection } from '@libp2p/interface'

describe('a close reason', () => {
  // the codes are those of go-libp2p core/network/conn.go, and of yamux
  it.each<[CloseReason['code'], number, CloseReason['code']]>([
    ['closed', 0, 'closed'],
    ['aborted', 2, 'aborted'],
    ['lost', 2, 'aborted'],
    ['keepAlive', 2, 'aborted'],
    ['supplanted', 0x1004, 'supplanted'],
    ['trimmed', 0x1005, 'trimmed'],
    ['gated', 0x1007, 'gated'],
    ['limited', 0x1001, 'limited'],
    ['protocol', 0x1003, 'protocol'],
    ['shutdown', 0x1006, 'shutdown']
  ])('%s is %i on the wire, and %s there', (code, onTheWire, there) => {
    expect(wireCode(code)).toBe(onTheWire)
    expect(reasonFromWire(onTheWire)).toEqual({ code: there, by: 'remote' })
  })

  it.each<[number, CloseReason['code']]>([[1, 'protocol'], [0x1000, 'protocol'], [0x1002, 'limited'], [77, 'aborted']])('%i on the wire is %s', (onTheWire, code) => {
    expect(reasonFromWire(onTheWire)).toEqual({ code, by: 'remote' })
  })

  it('becomes the error of later calls', () => {
    const error = new Error('beneath')

    expect(closeError({ code: 'shutdown', by: 'remote' })).toMatchObject({ code: 'ConnectionClosed', message: 'the connection was closed by the peer: the swarm closed' })
    expect(closeError({ code: 'trimmed', by: 'local', error })).toMatchObject({ code: 'ConnectionClosed', message: 'the connection was closed on this side: there were too many connections', cause: error })
    expect(closeError({ code: 'keepAlive', by: 'remote' })).toMatchObject({ code: 'ConnectionLost', message: 'the connection was lost: the peer no longer answered' })
  })

  it('becomes the farewell of a muxer, ours or that of npm', () => {
    expect(farewellError({ code: 'trimmed', by: 'local' })).toMatchObject({ code: 'ConnectionClosed', reason: 0x1005, goAwayCode: 0x1005 })
  })

  it.each<[string, Error | undefined, CloseReason['code'], CloseReason['by']]>([
    ['no error at all', undefined, 'lost', 'remote'],
    ['an error of the system', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'lost', 'remote'],
    ['the loss of what it runs over', new CodedError('ConnectionLost', 'gone'), 'lost', 'remote'],
    ['the reset of what it runs over', new CodedError('StreamReset', 'gone'), 'lost', 'remote'],
    ['an error of ours', new CodedError('StreamAborted', 'enough'), 'aborted', 'local'],
    ['a broken rule, as our yamux says it', Object.assign(new Error('version 9'), { goAwayCode: 1 }), 'protocol', 'local'],
    ['a broken rule, as the yamux of npm says it', Object.assign(new Error('version 9'), { reason: 1 }), 'protocol', 'local']
  ])('follows from %s', (_what, error, code, by) => {
    expect(reasonFromTransport(error)).toEqual(error == null ? { code, by } : { code, by, error })
  })
})

describe('the address', () => {
  it.each([
    [{ localAddress: '127.0.0.1', localPort: 1 }, '/ip4/127.0.0.1/tcp/1'],
    [{ localAddress: '::ffff:10.0.0.1', localPort: 1 }, '/ip4/10.0.0.1/tcp/1'],
    [{ localAddress: '::1', localPort: 1 }, '/ip6/::1/tcp/1'],
    [{ localAddress: 'fe80::1%eth0', localPort: 1 }, '/ip6/fe80::1/tcp/1'],
    [{}, undefined],
    [undefined, undefined]
  ])('of our end is read from the socket: %o', (socket, address) => {
    expect(localAddressOf({ socket } as unknown as MultiaddrConnection)).toBe(address)
  })
})
