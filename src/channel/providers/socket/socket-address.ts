import { CodedError } from '../../../base/index.ts'

/** Where a socket is, as `node:net` takes it. */
export type SocketAddress =
  | { readonly host: string, readonly port: number }
  | { readonly path: string }

const UNIX = 'unix:'

/** So much fits the address of a unix socket everywhere: 104 bytes on macOS, with a zero at the end. */
const MAX_PATH_BYTES = 103

/**
 * What a URL like `tcp://host:port`, `tls://[::1]:port` or `unix:///path` says.
 *
 * @throws CodedError InvalidAddress
 */
export function socketAddress (url: URL): SocketAddress {
  return url.protocol === UNIX ? pathAddress(url) : hostAddress(url)
}

/** As a URL, of a socket that was accepted. */
export function urlOf (scheme: string, { remoteAddress, remotePort }: { remoteAddress?: string | undefined, remotePort?: number | undefined }): string {
  if (remoteAddress == null) {
    return `${scheme}://`
  }

  return `${scheme}://${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
}

function hostAddress (url: URL): SocketAddress {
  const form = `${url.protocol}//host:port`

  if (url.hostname === '' || url.port === '') {
    throw new CodedError('InvalidAddress', `${url.href} must say a host and a port: ${form}`)
  }

  if (url.username !== '' || (url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '') {
    throw new CodedError('InvalidAddress', `${url.href} must say a host and a port, and no more: ${form}`)
  }

  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port) }
}

function pathAddress (url: URL): SocketAddress {
  const path = decodePath(url)

  if (url.host !== '' || !path.startsWith('/') || path.endsWith('/') || url.search !== '' || url.hash !== '') {
    throw new CodedError('InvalidAddress', `${url.href} must say an absolute path: unix:///path/to/socket`)
  }

  const bytes = new TextEncoder().encode(path).byteLength

  if (bytes > MAX_PATH_BYTES) {
    throw new CodedError('InvalidAddress', `the path of a unix socket has at most ${MAX_PATH_BYTES} bytes, ${path} has ${bytes}: use a shorter one`)
  }

  return { path }
}

function decodePath (url: URL): string {
  try {
    return decodeURIComponent(url.pathname)
  } catch (cause) {
    throw new CodedError('InvalidAddress', `the path of ${url.href} is not encoded well`, { cause })
  }
}
