import { isIP } from 'node:net'
import { HttpError } from './http-error.ts'
import type { IncomingMessage } from 'node:http'

/** What the docker CLI and its relatives call an engine whose connection says where it is. */
const PLACEHOLDERS = new Set(['docker', 'd', 'localhost'])

/**
 * Refuses what a page in a browser sends. Browsers reach the loopback interface too, and whoever reaches the engine
 * controls the machine. Pages are known by `Origin`, or by the name of a site that resolves to this address.
 *
 * @throws HttpError 403
 */
export function refusePages ({ headers }: IncomingMessage, ownHost: string | undefined): void {
  if (headers.origin != null || headers['sec-fetch-site'] != null) {
    throw new HttpError(403, 'PermissionDenied', 'dockerserver does not answer pages in browsers')
  }

  const host = headers.host == null ? undefined : hostName(headers.host)

  if (ownHost != null && host != null && !isOwn(host, ownHost)) {
    throw new HttpError(403, 'PermissionDenied', `wanted a Host header with ${ownHost} or an IP address, received ${headers.host}`)
  }
}

function isOwn (host: string, ownHost: string): boolean {
  return host === '' || isIP(host) !== 0 || host === ownHost.toLowerCase() || PLACEHOLDERS.has(host) || host.endsWith('.localhost')
}

function hostName (header: string): string {
  return header.toLowerCase().replace(/:\d*$/, '').replace(/^\[|\]$/g, '')
}
