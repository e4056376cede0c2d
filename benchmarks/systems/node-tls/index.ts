import { once } from 'node:events'
import { connect, createSecureContext, createServer } from 'node:tls'
import { createAuthority } from '../../../test/support/certificates.ts'
import { echoOverNew, listen, serveSocket, SOCKET_OPTIONS, SocketClient } from '../sockets.ts'
import { inParallel } from '../work.ts'
import type { Certificate } from '../../../test/support/certificates.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'
import type { ConnectionOptions, TLSSocket } from 'node:tls'

interface TlsInit {
  name: string
  about: string
  ciphers: string
  /** Whether the server asks who the client is, as the peers of a swarm do of each other. */
  isMutual?: boolean
}

/** Whatever a client needs. */
interface Address {
  port: number
  ca: string
  client: Certificate
}

/** Makes connections with one secure context, as Node's documentation advises, and remembers what resumes the latest session. */
class TlsDialer {
  #session: Buffer | undefined
  readonly #options: ConnectionOptions

  constructor ({ port, ca, client }: Address, { isMutual = false, ciphers }: TlsInit) {
    const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ciphers, ca, ...isMutual ? client : {} })

    this.#options = { ...SOCKET_OPTIONS, secureContext, host: '127.0.0.1', servername: 'localhost', port }
  }

  async dial (): Promise<TLSSocket> {
    return this.#dial()
  }

  /** @throws Error when the server does not know the session any more */
  async resume (): Promise<TLSSocket> {
    if (this.#session == null) {
      const first = await this.#dial()

      await once(first, 'session')
      first.destroy()
    }

    const socket = await this.#dial(this.#session)

    if (!socket.isSessionReused()) {
      throw new Error('the session was not resumed')
    }

    return socket
  }

  async #dial (session?: Buffer): Promise<TLSSocket> {
    const socket = connect({ ...this.#options, ...session == null ? {} : { session } })

    socket.on('session', (latest) => { this.#session = latest })
    await once(socket, 'secureConnect')

    return socket
  }
}

class TlsClient extends SocketClient {
  readonly #dialer: TlsDialer

  constructor (dialer: TlsDialer) {
    super(() => dialer.dial())
    this.#dialer = dialer
  }

  resumptions (amount: Amount, parallel: number): Promise<Done> {
    return inParallel(amount, parallel, () => echoOverNew(() => this.#dialer.resume()))
  }
}

/** Once there is a connection, a certificate makes no difference. */
function onlyConnections (client: TlsClient): ClientEnd {
  return {
    connections: (amount, parallel) => client.connections(amount, parallel),
    resumptions: (amount, parallel) => client.resumptions(amount, parallel),
    idleConnections: (count) => client.idleConnections(count),
    close: () => client.close()
  }
}

function tls (init: TlsInit): System {
  const { name, about, ciphers, isMutual = false } = init

  return {
    name,
    about: `${about}, certificates with P-256, noDelay, corked within a tick; a connection is a stream`,
    packages: [],

    async serve () {
      const authority = createAuthority()
      const server = createServer({
        ...SOCKET_OPTIONS,
        ...authority.issue('server'),
        ca: authority.cert,
        minVersion: 'TLSv1.3',
        ciphers,
        requestCert: isMutual,
        rejectUnauthorized: isMutual,
        sessionIdContext: 'benchmarks'
      }, serveSocket)
      const address: Address = { port: await listen(server), ca: authority.cert, client: authority.issue('client') }

      return { address: JSON.stringify(address), close: async () => { server.close() } }
    },

    async connect (address) {
      const client = new TlsClient(new TlsDialer(JSON.parse(address) as Address, init))

      return isMutual ? onlyConnections(client) : client
    }
  }
}

export const tlsAes = tls({ name: 'node:tls', about: 'TLS 1.3 with AES-256-GCM', ciphers: 'TLS_AES_256_GCM_SHA384' })
export const tlsChaCha20 = tls({ name: 'node:tls ChaCha20', about: 'TLS 1.3 with ChaCha20-Poly1305, as Noise has it', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' })
export const tlsMutual = tls({ name: 'node:tls mutual', about: 'TLS 1.3 with AES-256-GCM, where both ends have certificates', ciphers: 'TLS_AES_256_GCM_SHA384', isMutual: true })
