import { once } from 'node:events'
import { connect, TLSSocket } from 'node:tls'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { describe, expect, it } from 'vitest'
import { tls } from '../../src/tls/index.ts'
import { turns } from '../support/settle.ts'
import { until } from '../support/until.ts'
import { closeOf, connected, receive } from '../tcp/fixtures.ts'
import { certificate, MPLEX, muxerMap, party, rawEnds, secured, YAMUX } from './fixtures.ts'
import type { RawEnds, TestCertificate } from './fixtures.ts'
import type { Metrics, Upgrader } from '@libp2p/interface'
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls'

/** A server of TLS that is not ours, and accepts anybody. */
function rawServer ({ socket }: RawEnds, { cert, key }: TestCertificate, options: TLSSocketOptions = {}): TLSSocket {
  const server = new TLSSocket(socket, { isServer: true, cert, key, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['libp2p'], ...options })

  return server.on('error', () => {})
}

/** A client of TLS that is not ours. */
function rawClient ({ socket }: RawEnds, options: ConnectionOptions = {}): TLSSocket {
  const client = connect({ socket, rejectUnauthorized: false, ALPNProtocols: ['libp2p'], ...options })

  return client.on('error', () => {})
}

describe('a handshake of TLS', () => {
  it('tells both who the other is', async () => {
    await using ends = await connected()
    const [client, server] = [await party(), await party()]
    const [outbound, inbound] = await secured(ends, client, server)

    expect(outbound.remotePeer.equals(server.peerId)).toBe(true)
    expect(inbound.remotePeer.equals(client.peerId)).toBe(true)
    expect(outbound.remotePeer.publicKey?.equals(server.privateKey.publicKey)).toBe(true)
  })

  it.each(['Ed25519', 'secp256k1', 'RSA'] as const)('works with host keys of type %s', async (type) => {
    await using ends = await connected()
    const privateKey = type === 'RSA' ? await generateKeyPair(type, 2048) : await generateKeyPair(type)
    const [client, server] = [await party({ privateKey }), await party()]
    const [, inbound] = await secured(ends, client, server)

    expect(inbound.remotePeer.toString()).toBe(client.peerId.toString())
  })

  it('is of version 1.3, names no server, and offers what it should; tls 1.2, 1.3, 3.2', async () => {
    await using ends = await rawEnds()
    const offered: unknown[] = []
    const server = rawServer(ends, await certificate({ hostKey: await generateKeyPair('Ed25519') }), {
      ALPNProtocols: undefined,
      ALPNCallback: ({ servername, protocols }) => {
        offered.push(servername, ...protocols)

        return 'libp2p'
      }
    })
    const { encrypter } = await party({ muxers: [YAMUX, MPLEX] })
    const done = once(server, 'secure')

    await encrypter.secureOutbound(ends.stream)
    await done

    expect(server.getProtocol()).toBe('TLSv1.3')
    expect(offered).toEqual([false, YAMUX, MPLEX, 'libp2p'])
  })

  it('is refused to those who speak TLS 1.2 only', async () => {
    await using ends = await rawEnds()
    const { encrypter } = await party()

    rawClient(ends, { maxVersion: 'TLSv1.2' })

    await expect(encrypter.secureInbound(ends.stream)).rejects.toMatchObject({ code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' })
    expect(ends.stream.status).not.toBe('open')
  })

  it('fails with the unexpected peer, at whichever side expects', async () => {
    const [client, server, other] = [await party(), await party(), await party()]

    for (const [mine, theirs] of [[other, client], [server, other]] as const) {
      await using ends = await connected()
      const [outbound, inbound] = await Promise.allSettled([
        client.encrypter.secureOutbound(ends.dialled, { remotePeer: mine.peerId }),
        server.encrypter.secureInbound(ends.accepted, { remotePeer: theirs.peerId })
      ])
      const failed = mine === other ? outbound : inbound

      expect(failed).toMatchObject({ status: 'rejected', reason: { name: 'UnexpectedPeerError' } })
      expect((mine === other ? ends.dialled : ends.accepted).status).toBe('aborted')
    }
  })

  it('fails with the signal when the peer is mute, and resets the carrier', async () => {
    const { encrypter } = await party()

    for (const side of ['secureOutbound', 'secureInbound'] as const) {
      await using ends = await connected()
      const controller = new AbortController()
      const closed = closeOf(ends.accepted)
      const handshake = encrypter[side](ends.dialled, { signal: controller.signal })

      // it is under way: the client has said hello, and the server, who has its certificate by now, waits for one
      await (side === 'secureOutbound' ? until(() => ends.accepted.readBufferLength > 0) : turns(10))
      controller.abort(new Error('no word from there'))

      await expect(handshake).rejects.toThrow('no word from there')
      expect(await closed).toMatchObject({ error: { code: 'ECONNRESET' } })
      expect(ends.dialled.status).toBe('aborted')
    }
  })

  it('asks for multiplexers only when it begins: there may be no upgrader before that', async () => {
    await using ends = await connected()
    const privateKey = await generateKeyPair('Ed25519')
    const components = { privateKey, logger: defaultLogger(), upgrader: undefined as unknown as Pick<Upgrader, 'getStreamMuxers'> }
    const encrypter = tls()(components)
    const server = await party({ muxers: [YAMUX] })

    components.upgrader = { getStreamMuxers: () => muxerMap([YAMUX]) }

    const [outbound] = await Promise.all([encrypter.secureOutbound(ends.dialled), server.encrypter.secureInbound(ends.accepted)])

    expect(outbound.streamMuxer?.protocol).toBe(YAMUX)
  })

  it('is counted', async () => {
    await using ends = await connected()
    const counted: string[] = []
    const metrics = { registerCounterGroup: (name: string) => ({ increment: (values: object) => { counted.push(`${name} ${Object.keys(values).join()}`) } }) }
    const components = { privateKey: await generateKeyPair('Ed25519'), logger: defaultLogger(), upgrader: { getStreamMuxers: () => muxerMap([]) }, metrics: metrics as unknown as Metrics }
    const encrypter = tls()(components)

    await Promise.all([encrypter.secureOutbound(ends.dialled), encrypter.secureInbound(ends.accepted)])
    await encrypter.secureOutbound(ends.dialled).catch(() => {})
    await encrypter.secureInbound(ends.dialled, { signal: AbortSignal.abort() }).catch(() => {})

    expect(counted.toSorted()).toEqual([
      'libp2p_tls_client_events_total error',
      'libp2p_tls_client_events_total secure',
      'libp2p_tls_server_events_total abort',
      'libp2p_tls_server_events_total secure'
    ])
  })

  it('does not begin with a signal that has aborted', async () => {
    await using ends = await connected()
    const { encrypter } = await party()

    await expect(encrypter.secureOutbound(ends.dialled, { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late')
  })

  it('fails with what OpenSSL says of a peer that speaks something else', async () => {
    for (const side of ['secureOutbound', 'secureInbound'] as const) {
      await using ends = await rawEnds()
      const { encrypter } = await party()
      const handshake = encrypter[side](ends.stream)

      ends.socket.write('GET / HTTP/1.1\r\n\r\n')

      await expect(handshake).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SSL_/) as string })
    }
  })

  it('fails when the peer hangs up', async () => {
    for (const side of ['secureOutbound', 'secureInbound'] as const) {
      for (const end of ['end', 'resetAndDestroy'] as const) {
        await using ends = await rawEnds()
        const { encrypter } = await party()
        const handshake = encrypter[side](ends.stream)

        ends.socket[end]()

        await expect(handshake).rejects.toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|ConnectionLost)$/) as string })
        expect(ends.stream.status).not.toBe('open')
      }
    }
  })

  it('fails over a carrier that has ended', async () => {
    await using ends = await connected()
    const { encrypter } = await party()

    await ends.dialled.close()

    await expect(encrypter.secureOutbound(ends.dialled)).rejects.toBeInstanceOf(Error)
  })
})

describe('a server of TLS', () => {
  it('refuses a client without a certificate; tls 5.1', async () => {
    await using ends = await rawEnds()
    const { encrypter } = await party()

    rawClient(ends)

    await expect(encrypter.secureInbound(ends.stream)).rejects.toThrow('the peer sent no certificate')
  })

  it('refuses a client with two; tls 5.1', async () => {
    await using ends = await rawEnds()
    const hostKey = await generateKeyPair('Ed25519')
    const [first, second] = [await certificate({ hostKey }), await certificate({ hostKey })]
    const { encrypter } = await party()

    rawClient(ends, { key: first.key, cert: first.cert + second.cert })

    await expect(encrypter.secureInbound(ends.stream)).rejects.toThrow('the peer sent more than one certificate')
  })

  it('refuses a client whose multiplexers it does not know, and who has nothing else; tls 3.3', async () => {
    await using ends = await rawEnds()
    const { encrypter } = await party({ muxers: [YAMUX] })
    const client = rawClient(ends, { ALPNProtocols: ['/qmux/0.0.0'] })
    const alert = once(client, 'error') // the one that follows is that of the reset

    await expect(encrypter.secureInbound(ends.stream)).rejects.toMatchObject({ code: 'ERR_SSL_NO_APPLICATION_PROTOCOL' })
    expect(await alert).toHaveLength(1)
  })

  it('gives nothing away that a client sent before it was judged; tls 5.8', async () => {
    await using ends = await rawEnds()
    const { encrypter } = await party()
    const client = rawClient(ends, await certificate({ hostKey: await generateKeyPair('Ed25519') }))

    client.write('early')

    const { connection } = await encrypter.secureInbound(ends.stream)

    expect((await receive(connection, 5)).toString()).toBe('early')
    connection.abort(new Error('done'))
  })
})

describe('a client of TLS', () => {
  it.each<[string, Parameters<typeof certificate>[0]['notAfter'], string]>([
    ['that has expired', '20210101000000Z', 'it has expired at 2021-01-01'],
    ['that is valid', undefined, '']
  ])('judges a certificate %s; tls 5.3', async (_, notAfter, message) => {
    await using ends = await rawEnds()
    const hostKey = await generateKeyPair('Ed25519')
    const { encrypter } = await party()

    rawServer(ends, await certificate({ hostKey, ...notAfter == null ? {} : { notAfter } }))

    const verdict = await encrypter.secureOutbound(ends.stream).then(() => 'valid', (error: Error) => error.message)

    expect(verdict).toContain(message === '' ? 'valid' : message)
  })

  it('refuses a server with two; tls 5.1', async () => {
    await using ends = await rawEnds()
    const hostKey = await generateKeyPair('Ed25519')
    const [first, second] = [await certificate({ hostKey }), await certificate({ hostKey })]
    const { encrypter } = await party()

    rawServer(ends, { ...first, cert: first.cert + second.cert })

    await expect(encrypter.secureOutbound(ends.stream)).rejects.toThrow('the peer sent more than one certificate')
  })
})

describe('the multiplexer', () => {
  it.each<[string, string[], string[], string | undefined]>([
    ['the first of the client that the server has', [YAMUX, MPLEX], [MPLEX, YAMUX], YAMUX],
    ['the second, if the server has not the first', [YAMUX, MPLEX], [MPLEX], MPLEX],
    ['none, if they share none', [YAMUX], [MPLEX], undefined],
    ['none, if one has none', [], [YAMUX], undefined]
  ])('is %s; tls 3.3', async (_, clients, servers, expected) => {
    await using ends = await connected()
    const [outbound, inbound] = await secured(ends, await party({ muxers: clients }), await party({ muxers: servers }))

    expect([outbound.streamMuxer?.protocol, inbound.streamMuxer?.protocol]).toEqual([expected, expected])
  })

  it('is none if either side does not want to agree on one; tls 3.5', async () => {
    for (const [mine, theirs] of [[true, false], [false, true]] as const) {
      await using ends = await connected()
      const [client, server] = [await party({ muxers: [YAMUX] }), await party({ muxers: [YAMUX] })]
      const [outbound, inbound] = await Promise.all([
        client.encrypter.secureOutbound(ends.dialled, { skipStreamMuxerNegotiation: mine }),
        server.encrypter.secureInbound(ends.accepted, { skipStreamMuxerNegotiation: theirs })
      ])

      expect([outbound.streamMuxer, inbound.streamMuxer]).toEqual([undefined, undefined])
    }
  })

  it('is none without ALPN; tls 3.4', async () => {
    await using ends = await rawEnds()
    const { encrypter } = await party({ muxers: [YAMUX] })

    rawClient(ends, { ...await certificate({ hostKey: await generateKeyPair('Ed25519') }), ALPNProtocols: undefined })

    expect((await encrypter.secureInbound(ends.stream)).streamMuxer).toBeUndefined()
  })
})

describe('a handshake over a stream in memory', () => {
  it('fails as it does over a socket', async () => {
    const [client, server, other] = [await party(), await party(), await party()]
    const [dialled, accepted] = multiaddrConnectionPair()
    const inbound = server.encrypter.secureInbound(accepted)

    inbound.catch(() => {})

    await expect(client.encrypter.secureOutbound(dialled, { remotePeer: other.peerId })).rejects.toMatchObject({ name: 'UnexpectedPeerError' })
    expect(dialled.status).toBe('aborted')

    const [mute] = multiaddrConnectionPair()
    const controller = new AbortController()
    const handshake = client.encrypter.secureOutbound(mute, { signal: controller.signal })

    controller.abort(new Error('no word from there'))

    await expect(handshake).rejects.toThrow('no word from there')
    expect(mute.status).toBe('aborted')
  })
})
