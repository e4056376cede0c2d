/* Servers and clients, in clear or over TLS with certificates on both sides. */
import { Server, ServerCredentials, credentials } from '@grpc/grpc-js'
import { createAuthority } from '../../../test/support/certificates.ts'
import { IMPLEMENTATION, PipesConstructor, SERVICE } from './service.ts'
import type { ServerEnd } from '../system.ts'
import type { PipesClient } from './service.ts'
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js'

interface Address {
  target: string
  tls?: { authority: string, cert: string, key: string }
}

/** As its README says: what observes and retries is off, and the window is large where there is an option for it. */
const OPTIONS: ChannelOptions = {
  'grpc.ssl_target_name_override': 'localhost',
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_channelz': 0,
  'grpc.enable_retries': 0,
  'grpc-node.flow_control_window': 8 * 1024 * 1024
}
const READY_WITHIN_MS = 10_000

export async function serve (isSecure: boolean): Promise<ServerEnd> {
  const server = new Server({ 'grpc.enable_channelz': 0 })
  const authority = createAuthority()
  const { cert, key } = authority.issue('server')
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }
  const secure = isSecure ? ServerCredentials.createSsl(Buffer.from(authority.cert), [pair], true) : ServerCredentials.createInsecure()

  server.addService(SERVICE, IMPLEMENTATION)

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', secure, (err, port) => { err == null ? resolve(port) : reject(err) })
  })
  const address: Address = { target: `127.0.0.1:${port}` }

  if (isSecure) {
    address.tls = { authority: authority.cert, ...authority.issue('client') }
  }

  return { address: JSON.stringify(address), close: async () => { server.forceShutdown() } }
}

/** Makes clients of one server. */
export class Dialer {
  readonly #target: string
  readonly #credentials: ChannelCredentials

  constructor (address: string) {
    const { target, tls } = JSON.parse(address) as Address

    this.#target = target
    this.#credentials = tls == null
      ? credentials.createInsecure()
      : credentials.createSsl(Buffer.from(tls.authority), Buffer.from(tls.key), Buffer.from(tls.cert))
  }

  /** A client whose connection is its own, and is up. */
  async dial (): Promise<PipesClient> {
    const client = new PipesConstructor(this.#target, this.#credentials, OPTIONS) as unknown as PipesClient

    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + READY_WITHIN_MS, (err) => { err == null ? resolve() : reject(err) })
    })

    return client
  }
}
