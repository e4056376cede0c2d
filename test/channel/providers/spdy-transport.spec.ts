import { once } from 'node:events'
import { connect as connectTcp, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { spdyTransport } from '../../../src/channel/providers/spdy/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { ProviderEnd } from './mux-pair.ts'
import { LinkRecorder } from './mux-recorder.ts'
import { transportOptions } from './transport-options.ts'
import type { ProviderStream, StreamProvider, TlsOptions } from '../../../src/channel/contract/index.ts'

interface Scene extends AsyncDisposable {
  near: ProviderEnd
  far: ProviderEnd
  url: string
}

async function connected (scheme: string, nearTls: TlsOptions = {}, farTls: TlsOptions = {}): Promise<Scene> {
  const { promise: accepted, resolve } = Promise.withResolvers<StreamProvider>()
  const listener = await spdyTransport.listen(new URL(`${scheme}://127.0.0.1:0`), resolve, transportOptions({ tls: farTls }))

  try {
    const near = new ProviderEnd(await spdyTransport.connect(new URL(listener.url), transportOptions({ tls: nearTls })))
    const far = new ProviderEnd(await accepted)

    return {
      near,
      far,
      url: listener.url,
      [Symbol.asyncDispose]: async () => {
        await Promise.all([near.provider.close(), far.provider.close()])
        await listener.close()
      }
    }
  } catch (thrown) {
    await listener.close()
    throw thrown
  }
}

function certified (): { near: TlsOptions, far: TlsOptions } {
  const authority = createAuthority()

  return { near: { ca: authority.cert, servername: 'localhost' }, far: authority.issue('localhost') }
}

describe('spdyTransport', () => {
  it.each(['spdy', 'spdys'])('joins two sides over %s, and names them', async (scheme) => {
    const tls = scheme === 'spdys' ? certified() : { near: {}, far: {} }
    await using scene = await connected(scheme, tls.near, tls.far)
    const { near, far } = scene

    const ours = new LinkRecorder(near.provider.open({ 'libchan-ref': '1' }))
    far.take = (stream: ProviderStream) => {
      stream.write(Buffer.from('welcome'))
      stream.end()
    }
    await ours.ended

    expect(ours.text).toBe('welcome')
    expect([near.provider.name, near.provider.remoteAddress, near.provider.isInitiator]).toEqual([scheme, scene.url, true])
    expect([far.provider.name, far.provider.isInitiator]).toEqual([scheme, false])
    expect(far.provider.remoteAddress).toMatch(new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+$`))
  })

  it('closes over sockets, and both sides learn of it', async () => {
    await using scene = await connected('spdy')

    await scene.near.provider.close()
    await scene.far.provider.close()

    expect([scene.near.closes, scene.far.closes]).toEqual([[undefined], [undefined]])
  })

  it('does not trust whom nobody vouches for', async () => {
    const { far } = certified()

    await expect(connected('spdys', { servername: 'localhost' }, far)).rejects.toMatchObject({ code: 'ConnectFailed' })
  })

  it('says that nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')

    await expect(spdyTransport.connect(new URL(`spdy://127.0.0.1:${port}`), transportOptions())).rejects.toMatchObject({ code: 'ConnectFailed' })
  })

  it('tells when somebody else answers, as soon as that shows', async () => {
    const server = createServer((socket) => { socket.on('error', () => {}).resume().end('HTTP/1.1 400 Bad Request\r\n\r\n') }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }

    const end = new ProviderEnd(await spdyTransport.connect(new URL(`spdy://127.0.0.1:${port}`), transportOptions()))
    const stream = new LinkRecorder(end.provider.open({ 'libchan-ref': '1' }))
    const error = await stream.closed
    server.close()
    await once(server, 'close')

    expect(error).toMatchObject({ code: 'ProtocolViolation', message: expect.stringContaining('SPDY/3.1') })
  })

  it('tells a stranger that it does not speak SPDY', async () => {
    const { promise: accepted, resolve } = Promise.withResolvers<StreamProvider>()
    const listener = await spdyTransport.listen(new URL('spdy://127.0.0.1:0'), resolve, transportOptions())
    const socket = connectTcp(Number(new URL(listener.url).port), '127.0.0.1')
    const pieces: Buffer[] = []
    socket.on('data', (piece: Buffer) => { pieces.push(piece) })

    socket.write('GET / HTTP/1.1\r\n\r\n')
    const end = new ProviderEnd(await accepted)
    await once(socket, 'close')
    await listener.close()

    expect(Buffer.concat(pieces).toString('hex')).toMatch(/80030007000000080000000000000001$/)
    expect(end.closes[0]).toMatchObject({ code: 'ProtocolViolation' })
  })

  it('wants a host and a port', async () => {
    await expect(spdyTransport.connect(new URL('spdy://localhost'), transportOptions())).rejects.toMatchObject({ code: 'InvalidAddress' })
  })
})
