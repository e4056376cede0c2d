import type { TlsOptions, TransportOptions } from '../../contract/index.ts'
import type { SecureContextOptions, TlsOptions as TlsServerOptions } from 'node:tls'

type Pem = string | Uint8Array

/** What `node:tls` wants to know of a server; spec-channel 12.2. */
export function tlsServerOptions ({ tls, handshakeTimeoutMs }: TransportOptions): TlsServerOptions {
  return {
    ...tlsContext(tls),
    requestCert: tls.requestCert ?? false,
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(Number.isFinite(handshakeTimeoutMs) ? { handshakeTimeout: Math.ceil(handshakeTimeoutMs) } : {})
  }
}

/** @throws TypeError when a listener with TLS has no certificate to show */
export function assertCertificate (url: URL, { cert, key }: TlsOptions): void {
  if (cert == null || key == null) {
    throw new TypeError(`listening on ${url.href} needs the options tls.cert and tls.key`)
  }
}

/** What `node:tls` wants to know of a client. */
export function tlsClientOptions (tls: TlsOptions): SecureContextOptions & { rejectUnauthorized: boolean, servername?: string } {
  return {
    ...tlsContext(tls),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.servername == null ? {} : { servername: tls.servername })
  }
}

function tlsContext ({ ca, cert, key }: TlsOptions): SecureContextOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(ca == null ? {} : { ca: isList(ca) ? ca.map(toPem) : toPem(ca) }),
    ...(cert == null ? {} : { cert: toPem(cert) }),
    ...(key == null ? {} : { key: toPem(key) })
  }
}

function isList (ca: NonNullable<TlsOptions['ca']>): ca is readonly Pem[] {
  return Array.isArray(ca)
}

function toPem (pem: Pem): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength)
}
