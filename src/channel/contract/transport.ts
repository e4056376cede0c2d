import type { CallOptions } from './channel.ts'
import type { StreamProvider } from './provider.ts'
import type { SessionInit, SessionLimits } from './session.ts'
import type { Clock } from '../../base/index.ts'

/** PEM, or what `node:tls` takes. Ignored by schemes without TLS. */
export interface TlsOptions {
  /** Who is trusted instead of the well-known authorities. */
  ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array>
  cert?: string | Uint8Array
  key?: string | Uint8Array
  /** Name to ask for and to check, if it is not the host of the URL. */
  servername?: string
  /** Whether a listener asks for a certificate and refuses who has none that `ca` vouches for. @default false */
  requestCert?: boolean
  /** Whether a certificate that does not check is refused. @default true */
  rejectUnauthorized?: boolean
}

/** How connections are made and watched. Times in milliseconds. */
export interface ConnectionOptions {
  /** Connecting and agreeing on the protocol take no longer. @default 10000 */
  handshakeTimeoutMs: number
  /** A connection that was silent for so long is asked whether it lives; 0 is never. @default 30000 */
  keepAliveIntervalMs: number
  /** Silence after which it is lost. @default 45000 */
  keepAliveTimeoutMs: number
}

export const CONNECTION_DEFAULTS: Readonly<ConnectionOptions> = Object.freeze({
  handshakeTimeoutMs: 10_000,
  keepAliveIntervalMs: 30_000,
  keepAliveTimeoutMs: 45_000
})

export interface ConnectOptions extends SessionInit, Partial<ConnectionOptions>, CallOptions {
  tls?: TlsOptions | undefined
  /** More headers of the request, for `ws:`, `wss:`, `http2:` and `https2:`; browsers allow none. */
  headers?: Readonly<Record<string, string>> | undefined
}

export interface ListenOptions extends SessionInit, Partial<ConnectionOptions> {
  tls?: TlsOptions | undefined
  /**
   * An HTTP server that is there already, for `ws:`, `wss:`, `http2:` and `https2:`. Of the URL only the path counts then, as in
   * `ws://localhost/channels`, and closing leaves the server open.
   */
  server?: object | undefined
  /**
   * Origins whose pages may connect over `ws:` and `wss:`, as `https://example.org`; `*` is all. Unless given, pages of the
   * very host that they connect to. What is no browser need not say an origin, and always may; RFC 6455 10.2.
   */
  origins?: readonly string[] | undefined
  /** Sessions at a time; more connections are closed at once. @default 1024 */
  maxSessions?: number | undefined
}

export const LISTEN_DEFAULTS = Object.freeze({ maxSessions: 1024 })

/** What `listen` gives. Closing it closes its sessions too. */
export interface Listener extends AsyncDisposable {
  /** Where to connect: as given, with the port that the system chose. */
  readonly url: string
  close(options?: CallOptions): Promise<void>
  /** Resolves when it is closed, with the error if it failed. */
  readonly closed: Promise<Error | undefined>
}

/** The options as a transport gets them: complete. */
export interface TransportOptions extends ConnectionOptions {
  readonly limits: SessionLimits
  readonly clock: Clock
  readonly tls: TlsOptions
  readonly headers: Readonly<Record<string, string>>
  readonly server: object | undefined
  readonly origins?: readonly string[] | undefined
}

export interface TransportListener {
  readonly url: string
  /** Accepts no more. Providers that were given out live on. */
  close(): Promise<void>
  /** Resolves when it is closed, with the error if it failed. */
  readonly closed: Promise<Error | undefined>
}

/** Makes providers for the URLs of its schemes. */
export interface ChannelTransport {
  /** Without colon. */
  readonly schemes: readonly string[]
  /** That of its providers, if it is not `records`. */
  readonly framing?: 'values'

  /** @throws CodedError ConnectFailed with the cause, InvalidAddress, ProtocolViolation; the signal's reason */
  connect(url: URL, options: TransportOptions & { signal: AbortSignal }): Promise<StreamProvider>

  /** @throws CodedError ListenFailed with the cause, InvalidAddress */
  listen(url: URL, onProvider: (provider: StreamProvider) => void, options: TransportOptions): Promise<TransportListener>
}
