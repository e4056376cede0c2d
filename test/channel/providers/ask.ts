import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:http2'
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http2'

export interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  text: string
}

export const WEBSOCKET_HEADERS = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
}

/** The answer of an HTTP/1.1 server that refuses to upgrade, or was not asked to. */
export async function ask (url: string, options: RequestOptions = {}): Promise<Answer> {
  const asked = request(url, { agent: false, ...options })

  asked.end()

  const [response] = await once(asked, 'response') as [IncomingMessage]
  let text = ''

  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
  }

  return { status: response.statusCode, headers: response.headers, text }
}

/** The answer of an HTTP/2 server. */
export async function ask2 (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { origin, pathname } = new URL(url)
  const session = connect(origin)

  try {
    const stream = session.request({ ':path': pathname, ...headers })
    const [response] = await once(stream, 'response') as [IncomingHttpHeaders & { ':status': number }]
    let text = ''

    for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk
    }

    return { status: response[':status'], headers: response, text }
  } finally {
    session.close()
    await once(session, 'close')
  }
}
