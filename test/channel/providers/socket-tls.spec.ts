import { describe, expect, it } from 'vitest'
import { tcpTransport, tlsTransport } from '../../../src/channel/providers/socket/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { eventually } from '../../support/settle.ts'
import { stranger } from '../../support/tcp-server.ts'
import { until } from '../../support/until.ts'
import { failure } from '../failure.ts'
import { echo, serve } from './socket-server.ts'
import { transportOptions } from './transport-options.ts'
import type { TlsOptions } from '../../../src/channel/contract/index.ts'

const authority = createAuthority()
const somebodyElse = createAuthority('somebody else')
const ca = authority.cert
const server: TlsOptions = authority.issue('server')

// spec-channel 12.2
describe('tls:', () => {
  it.each(['127.0.0.1', '[::1]', 'localhost'])('connects to %s, whose certificate is checked', async (host) => {
    await using there = await serve(tlsTransport, `tls://${host}:0`, server)

    const near = await there.connect({ tls: { ca } })

    expect(await echo(near, there, 'hello')).toBe('hello')
    expect(near.provider).toMatchObject({ name: 'tls', remoteAddress: there.listener.url })
    expect(there.ends[0]?.provider.remoteAddress).toMatch(/^tls:\/\/.+:\d+$/)
    await near.provider.close()
    await until(() => there.ends[0]?.isClosed === true)
    expect(there.ends[0]?.closes).toEqual([undefined])
  })

  it.each([
    ['nobody trusted has signed the certificate', {}, 'as tls.ca'],
    ['somebody else is trusted', { ca: somebodyElse.cert }, 'as tls.ca'],
    ['the certificate is for another name', { ca, servername: 'swarm.example' }, 'tls.servername']
  ])('refuses to connect when %s, and says what to do', async (_, tls, todo) => {
    await using there = await serve(tlsTransport, 'tls://localhost:0', server)

    const error = await failure(there.connect({ tls }))

    expect(error).toMatchObject({ code: 'ConnectFailed' })
    expect((error as Error).message).toContain(todo)
    expect((error as Error).cause).toBeInstanceOf(Error)
    expect(there.ends).toEqual([])
  })

  it('connects all the same when told to', async () => {
    await using there = await serve(tlsTransport, 'tls://localhost:0', server)

    const near = await there.connect({ tls: { rejectUnauthorized: false } })

    expect(await echo(near, there, 'hello')).toBe('hello')
  })

  it('asks for a certificate of the client when told to, and takes one that is vouched for', async () => {
    await using there = await serve(tlsTransport, 'tls://localhost:0', { ...server, ca, requestCert: true })

    const near = await there.connect({ tls: { ca, ...authority.issue('client') } })

    expect(await echo(near, there, 'hello')).toBe('hello')
  })

  it.each([
    ['no certificate', {}, 'the other side asks for a certificate: give one that it trusts as tls.cert'],
    ['one of somebody else', somebodyElse.issue('client'), 'does it take our tls.cert']
  ])('refuses a client with %s, and says what to do', async (_, tls, todo) => {
    await using there = await serve(tlsTransport, 'tls://localhost:0', { ...server, ca, requestCert: true })

    const error = await failure(there.connect({ tls: { ca, ...tls } }))

    expect(error).toMatchObject({ code: 'ConnectFailed', message: expect.stringContaining(todo) })
    expect(there.ends).toEqual([])
  })

  it('hangs up on who speaks no TLS, and says so to who listens to none', async () => {
    await using there = await serve(tlsTransport, 'tls://127.0.0.1:0', server)
    await using plain = await serve(tcpTransport, 'tcp://127.0.0.1:0')

    const errors = [
      await failure(tcpTransport.connect(new URL(there.listener.url.replace('tls', 'tcp')), transportOptions())),
      await failure(tlsTransport.connect(new URL(plain.listener.url.replace('tcp', 'tls')), transportOptions({ tls: { ca } })))
    ]

    expect(errors[0]).toMatchObject({ code: expect.stringMatching(/ConnectFailed|ProtocolViolation/) })
    expect(errors[1]).toMatchObject({ code: 'ConnectFailed', message: expect.stringMatching(/without TLS|hung up/) })
    expect(there.ends).toEqual([])
  })

  it('closing the listener hangs up on who has not shaken hands', async () => {
    await using there = await serve(tlsTransport, 'tls://127.0.0.1:0', server)
    await using client = await stranger(`/ip4/127.0.0.1/tcp/${there.url.port}`)
    const near = await there.connect({ tls: { ca } })
    await eventually(() => there.ends.length === 1)

    await there.listener.close()
    await client.closed

    expect(await echo(near, there, 'still here')).toBe('still here')
  })

  it.each([
    ['no certificate', {}, TypeError],
    ['no key', { cert: server.cert ?? '' }, TypeError]
  ])('does not listen with %s', async (_, tls, kind) => {
    expect(await failure(serve(tlsTransport, 'tls://localhost:0', tls))).toBeInstanceOf(kind)
  })

  it('does not listen with a certificate that is none', async () => {
    expect(await failure(serve(tlsTransport, 'tls://localhost:0', { cert: 'a', key: 'b' }))).toMatchObject({ code: 'ListenFailed' })
  })
})
