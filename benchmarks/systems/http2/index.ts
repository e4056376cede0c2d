import { once } from 'node:events'
import { connect, createSecureServer, createServer } from 'node:http2'
import { createAuthority } from '../../../test/support/certificates.ts'
import { echoOnce, Requester, requestsDuringBulk, sink } from '../byte-pipe.ts'
import { PipeClient } from '../pipe-client.ts'
import { SocketPipe } from '../socket-pipe.ts'
import { listen } from '../sockets.ts'
import { inParallel } from '../work.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'
import type { PipeSource } from '../pipe-client.ts'
import type { Amount, Done, System } from '../system.ts'
import type { ClientHttp2Session, Http2Session, ServerHttp2Stream } from 'node:http2'

/** Of each stream and of all together: the default of 64 KiB is an update every few frames. */
const WINDOW_BYTES = 16 * 1024 * 1024
const MAX_FRAME_BYTES = 64 * 1024
const MAX_STREAMS = 100_000
/** At a time, where many streams are only to be there. */
const PARALLEL_OPENINGS = 16
const OPTIONS = {
  settings: { initialWindowSize: WINDOW_BYTES, maxFrameSize: MAX_FRAME_BYTES, maxConcurrentStreams: MAX_STREAMS, enablePush: false },
  peerMaxConcurrentStreams: MAX_STREAMS,
  maxSessionMemory: 1024 // MB
}

interface Address {
  url: string
  /** Whom to trust, where the connection is secured. */
  ca?: string
}

function serveStream (stream: ServerHttp2Stream, path: string): void {
  stream.on('error', () => {})
  stream.respond()

  if (path === pathOf('sink')) {
    sink(new SocketPipe(stream)).catch(() => {})
  } else {
    stream.on('data', (data) => { stream.write(data) })
    stream.on('end', () => { stream.end() })
  }
}

function pathOf (purpose: Purpose): string {
  return `/${purpose}`
}

function widen (session: Http2Session): void {
  session.on('error', () => {})
  session.setLocalWindowSize(WINDOW_BYTES)
}

async function openSession ({ url, ca }: Address): Promise<ClientHttp2Session> {
  const session = connect(url, { ...OPTIONS, ...ca == null ? {} : { ca, minVersion: 'TLSv1.3', servername: 'localhost' } })

  await once(session, 'connect')
  widen(session)

  return session
}

function openPipe (session: ClientHttp2Session, purpose: Purpose): SocketPipe {
  return new SocketPipe(session.request({ ':method': 'POST', ':path': pathOf(purpose) }, { endStream: false }))
}

class OneSession implements PipeSource {
  readonly streams = 'many'
  readonly address: Address
  readonly session: ClientHttp2Session

  constructor (address: Address, session: ClientHttp2Session) {
    this.address = address
    this.session = session
  }

  async open (purpose: Purpose): Promise<BytePipe> {
    return openPipe(this.session, purpose)
  }

  async close (): Promise<void> {
    this.session.destroy()
  }
}

class Http2Client extends PipeClient<OneSession> {
  readonly #others: ClientHttp2Session[] = []

  /** Not on one stream: each is a request of its own, as HTTP has it. */
  override requests (amount: Amount, outstanding: number): Promise<Done> {
    return this.streams(amount, outstanding)
  }

  streams (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, () => echoOnce(openPipe(this.source.session, 'echo')))
  }

  connections (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, async () => {
      const session = await openSession(this.source.address)

      await echoOnce(openPipe(session, 'echo'))
      session.destroy()
    })
  }

  async requestsDuringBulk (amount: Amount): Promise<Done> {
    return requestsDuringBulk(await this.requester(), openPipe(this.source.session, 'sink'), amount)
  }

  async idleConnections (count: number): Promise<void> {
    while (this.#others.length < count) {
      this.#others.push(await openSession(this.source.address))
    }
  }

  async idleStreams (count: number): Promise<void> {
    await inParallel({ seconds: Infinity, count }, PARALLEL_OPENINGS, async () => {
      await new Requester(openPipe(this.source.session, 'echo')).requests({ seconds: Infinity, count: 1 }, 1)
    })
  }

  override async close (): Promise<void> {
    this.#others.forEach((session) => { session.destroy() })
    await super.close()
  }
}

function http2 (name: string, about: string, isSecure: boolean): System {
  return {
    name,
    about: `${about}; windows of 16 MiB, frames of 64 KiB; a request is a stream`,
    packages: [],

    async serve () {
      const authority = createAuthority()
      const server = isSecure ? createSecureServer({ ...OPTIONS, ...authority.issue('server'), minVersion: 'TLSv1.3' }) : createServer(OPTIONS)

      server.on('session', widen)
      server.on('stream', (stream, headers) => { serveStream(stream, headers[':path'] ?? '') })

      const port = await listen(server)
      const address: Address = isSecure ? { url: `https://127.0.0.1:${port}`, ca: authority.cert } : { url: `http://127.0.0.1:${port}` }

      return { address: JSON.stringify(address), close: async () => { server.close() } }
    },

    async connect (address) {
      const parsed = JSON.parse(address) as Address

      return new Http2Client(new OneSession(parsed, await openSession(parsed)))
    }
  }
}

export const http2Clear = http2('HTTP/2', 'node:http2, no security', false)
export const http2Tls = http2('HTTP/2 TLS', 'node:http2, TLS 1.3', true)
