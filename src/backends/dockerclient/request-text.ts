import { ServiceError } from '../../service/index.ts'
import type { ByteStream } from '../../channel/index.ts'

/** What is asked of an engine. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Behind the version, with a slash first. Names in it are escaped: see `segment`. */
  readonly path: string
  /** As it came, without the question mark. */
  readonly query?: string | undefined
  /** JSON, or a tar. */
  readonly body?: string | ByteStream | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal: AbortSignal
}

/** What a request is sent to: the path with the version, and the query. @throws ServiceError InvalidArgument */
export function targetOf ({ path, query = '' }: EngineRequest, version: string): string {
  // what is not escaped would end the request line, or the query
  if (!/^[\x21\x22\x24-\x7e]*$/.test(query)) {
    throw new ServiceError('InvalidArgument', `wanted a query string as in a URL, received ${JSON.stringify(query)}`)
  }

  return `/v${version}${path}${query === '' ? '' : `?${query}`}`
}

/** A name as one segment of a path. @throws ServiceError InvalidArgument for what would be another path */
export function segment (name: string): string {
  if (name === '' || name === '.' || name === '..') {
    throw new ServiceError('InvalidArgument', `wanted the name of something, received ${JSON.stringify(name)}`)
  }

  return encodeURIComponent(name)
}

/** The name of an image, whose slashes stay. @throws ServiceError InvalidArgument */
export function segments (name: string): string {
  return name.split('/').map(segment).join('/')
}

/** Of a request with this body. */
export function bodyHeaders (body: EngineRequest['body']): Record<string, string> {
  if (body == null) {
    return {}
  }

  if (typeof body === 'string') {
    return { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }
  }

  // an engine that refuses says so before it was sent a tar that it does not read
  return { 'Content-Type': 'application/x-tar', 'Transfer-Encoding': 'chunked', Expect: '100-continue' }
}

/** A request for a connection that carries bytes both ways. @throws as `targetOf` */
export function hijackText (request: EngineRequest & { readonly body?: string | undefined }, version: string, host: string): string {
  const { method, body = '' } = request

  return [
    `${method} ${targetOf(request, version)} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: tcp',
    ...body === '' ? [] : ['Content-Type: application/json'],
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body
  ].join('\r\n')
}
