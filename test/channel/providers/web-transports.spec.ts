import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connect, listen } from '../../../src/channel/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { tcpServer } from '../../support/tcp-server.ts'
import { until } from '../../support/until.ts'
import type { Listener, ListenOptions, Session } from '../../../src/channel/index.ts'
import type { AddressInfo, Server } from 'node:net'

const WAYS = [['ws'], ['http2']] as const
const SECURE = [['wss'], ['https2']] as const

/** Answers each message `n` with `n + 1`. */
async function serve (session: Session): Promise<void> {
  for await (const channel of session) {
    for await (const message of channel) {
      const { n, answer } = message as { n: number, answer: { send(value: number): Promise<void> } }

      await answer.send(n + 1)
    }
  }
}

async function ask (session: Session, n: number): Promise<unknown> {
  const sender = session.newSendChannel()
  const [answers, answer] = session.createNestedReceiver()

  await sender.send({ n, answer })
  await sender.close()

  return (await answers.receive()).value
}

async function listenAt (scheme: string, options: ListenOptions = {}): Promise<Listener> {
  return listen(`${scheme}://127.0.0.1:0/channels`, serve, options)
}

/** Where a server of the test listens, as a URL of `scheme`. */
async function bind (server: Server, scheme: string): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/channels`
}

describe.each(WAYS)('a session over %s', (scheme) => {
  it('calls and is answered, and says over what and with whom', async () => {
    const sessions: Session[] = []
    await using listener = await listen(`${scheme}://127.0.0.1:0/channels`, (session) => {
      sessions.push(session)

      return serve(session)
    })
    await using session = await connect(listener.url)

    expect(await ask(session, 1)).toBe(2)
    expect([session.transport, session.remoteAddress, session.isInitiator]).toEqual([scheme, listener.url, true])
    expect([sessions[0]?.transport, sessions[0]?.isInitiator]).toEqual([scheme, false])
    expect(sessions[0]?.remoteAddress).toMatch(new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+$`))
  })

  it('sends headers and credentials, and shows the latter to nobody', async () => {
    const server = scheme === 'ws' ? createServer() : createHttp2Server()
    const seen: unknown[] = []

    server.on(scheme === 'ws' ? 'upgrade' : 'session', () => {})
    const url = await bind(server, scheme)
    const listener = await listen(url, serve, { server })
    const emit = server.emit.bind(server)

    server.emit = (event: string, ...args: unknown[]) => {
      if (event === 'upgrade') {
        seen.push((args[0] as { headers: object }).headers)
      } else if (event === 'stream') {
        seen.push(args[1])
      }

      return emit(event, ...args as [])
    }

    const session = await connect(url.replace('//', '//me:secret@'), { headers: { 'X-Tenant': 'a' } })

    expect(await ask(session, 1)).toBe(2)
    expect(seen).toEqual([expect.objectContaining({ 'x-tenant': 'a', authorization: 'Basic bWU6c2VjcmV0' })])
    expect(session.remoteAddress).toBe(url)
    await session.close()
    await listener.close()
    server.close()
    await once(server, 'close')
    await expect(connect(url.replace('//', '//me:secret@'))).rejects.toThrow(/^(?!.*secret)/)
  })

  it('gives up when the server says nothing in time', async () => {
    const clock = new FakeClock()
    await using silent = await tcpServer()
    const [, , host, , port] = silent.address.split('/')
    const accepted = silent.accepted()
    const connecting = connect(`${scheme}://${host}:${port}/`, { clock, handshakeTimeoutMs: 500 })

    connecting.catch(() => {}) // it is looked at below
    await accepted
    await clock.advance(500)

    await expect(connecting).rejects.toMatchObject({ code: 'ConnectFailed', message: expect.stringContaining('no answer within 500 ms') })
    expect(clock.pending).toBe(0)
  })

  it('hangs up on who connects and says nothing of libchan, when the listener closes', async () => {
    const listener = await listenAt(scheme)
    const stranger = await strangerAt(listener.url)

    await Promise.all([listener.close(), stranger.closed])
  })

  it('hangs up on who connects and says nothing of libchan in time', async () => {
    const clock = new FakeClock()
    await using listener = await listenAt(scheme, { clock, handshakeTimeoutMs: 1000 })
    const stranger = await strangerAt(listener.url)

    await until(() => clock.pending > 0)
    await clock.advance(1000)
    await stranger.closed

    // an HTTP/2 connection without streams has as long again
    await clock.advance(1000)
    expect(clock.pending).toBe(0)
  })

  it('keeps no more sessions than the listener wants', async () => {
    await using listener = await listenAt(scheme, { maxSessions: 1 })
    await using first = await connect(listener.url)

    expect(await ask(first, 1)).toBe(2)
    const second = await connect(listener.url)
    const end = await second.closed

    expect(end.by).toBe('loss')
    expect(await ask(first, 2)).toBe(3)
  })

  it('outlives nothing of the listener', async () => {
    const listener = await listenAt(scheme)
    const session = await connect(listener.url)

    expect(await ask(session, 1)).toBe(2)
    await listener.close()

    expect((await session.closed).by).toBe('them')
  })

  it('answers who speaks another protocol', async () => {
    await using listener = await listenAt(scheme)
    const tcpUrl = listener.url.replace(/^\w+/, 'tcp').replace('/channels', '')

    await expect(connect(tcpUrl)).rejects.toMatchObject({ code: expect.stringMatching(/^ProtocolViolation|ConnectFailed$/) })
  })
})

/** Somebody who gets as far as a byte pipe, and leaves it at that. */
async function strangerAt (url: string): Promise<{ closed: Promise<unknown> }> {
  if (url.startsWith('ws')) {
    const stranger = new WebSocket(url, ['libchan.v1'])

    stranger.on('error', () => {})
    await once(stranger, 'open')

    return { closed: once(stranger, 'close') }
  }

  const { connect: connectHttp2 } = await import('node:http2')
  const session = connectHttp2(url.replace('http2', 'http'))
  const stream = session.request({ ':method': 'POST', ':path': '/channels', 'content-type': 'application/libchan' }, { endStream: false })

  stream.on('error', () => {})
  session.on('error', () => {})
  await once(stream, 'response')

  return {
    closed: new Promise((resolve) => {
      stream.on('close', () => { session.close() })
      session.on('close', resolve)
    })
  }
}

describe.each(SECURE)('a session over %s', (scheme) => {
  it('trusts whom its user trusts', async () => {
    const authority = createAuthority()
    await using listener = await listenAt(scheme, { tls: authority.issue('far') })
    await using session = await connect(listener.url, { tls: { ca: authority.cert } })

    expect(await ask(session, 1)).toBe(2)
    expect(session.transport).toBe(scheme)
  })

  it('does not trust others, and says what to do', async () => {
    const authority = createAuthority()
    await using listener = await listenAt(scheme, { tls: authority.issue('far') })

    await expect(connect(listener.url)).rejects.toMatchObject({ code: 'ConnectFailed', message: expect.stringContaining('tls.ca') })
    await expect(connect(listener.url, { tls: { ca: createAuthority('another').cert } })).rejects.toMatchObject({ code: 'ConnectFailed' })
    await expect(connect(listener.url, { tls: { ca: authority.cert, servername: 'elsewhere.example' } })).rejects.toMatchObject({
      code: 'ConnectFailed',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }
    })
  })

  it('refuses clients without the certificate that it asks for', async () => {
    const authority = createAuthority()
    const ca = authority.cert
    await using listener = await listenAt(scheme, { tls: { ...authority.issue('far'), ca, requestCert: true } })

    await expect(connect(listener.url, { tls: { ca } })).rejects.toMatchObject({ code: 'ConnectFailed' })
    await using session = await connect(listener.url, { tls: { ca, ...authority.issue('near') } })

    expect(await ask(session, 1)).toBe(2)
  })

  it('needs a certificate to listen with', async () => {
    await expect(listenAt(scheme)).rejects.toThrow(TypeError)
  })

  it('hangs up on TLS handshakes that go on when the listener closes', async () => {
    const listener = await listenAt(scheme, { tls: createAuthority().issue('far') })
    const socket = connectSocket(Number(new URL(listener.url).port), '127.0.0.1')

    socket.resume()
    await once(socket, 'connect')
    await Promise.all([listener.close(), once(socket, 'close')])
  })

  it('says that the server speaks no TLS', async () => {
    await using plain = await listenAt(scheme === 'wss' ? 'ws' : 'http2')

    await expect(connect(plain.url.replace(/^\w+/, scheme))).rejects.toMatchObject({ code: 'ConnectFailed' })
  })
})

describe('a session over https2', () => {
  it('says that the server speaks TLS, but not HTTP/2', async () => {
    const authority = createAuthority()
    const server = createTlsServer(authority.issue('far'), (socket) => { socket.on('error', () => {}).resume() })
    const url = await bind(server, 'https2')

    await expect(connect(url, { tls: { ca: authority.cert } })).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: expect.stringContaining('does not speak HTTP/2')
    })
    server.close()
    await once(server, 'close')
  })
})
