import { once } from 'node:events'
import { createServer } from 'node:http'
import { build } from 'esbuild'
import { listen, pipe } from '../../src/channel/index.ts'
import type { ByteStream, Listener, Receiver, Sender, Session } from '../../src/channel/index.ts'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

const ENTRY = new URL('page.ts', import.meta.url).pathname

export interface Bundle {
  code: string
  /** Files that are in it, from the folder of the package. */
  inputs: string[]
}

/** The page's script, as a browser gets it. */
export async function bundlePage (): Promise<Bundle> {
  const { outputFiles: [file], metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022', // `using` is not in all browsers yet
    write: false,
    metafile: true,
    logLevel: 'silent'
  })

  return { code: file?.text ?? '', inputs: Object.keys(metafile.inputs) }
}

interface Request {
  do: 'answer' | 'echo' | 'hold' | 'abort' | 'report' | 'hangUp' | 'close'
  text: string
  answer: Sender<unknown>
  report: Sender<unknown>
  stream: ByteStream
}

/** A site: a page, a route, and channels on the same server. */
export class WebSite implements AsyncDisposable {
  readonly #server: Server
  readonly #listener: Listener
  readonly #sockets: Set<Socket>

  constructor (server: Server, listener: Listener, sockets: Set<Socket>) {
    this.#server = server
    this.#listener = listener
    this.#sockets = sockets
  }

  static async open ({ code }: Bundle): Promise<WebSite> {
    const sockets = new Set<Socket>()
    const server = createServer((request, response) => { answer(request.url, response, code) })

    server.on('connection', (socket) => { sockets.add(socket) })

    const listener = await listen('ws://localhost/channels', async (session) => serve(session, sockets), { server })

    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    return new WebSite(server, listener, sockets)
  }

  get pageUrl (): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Where channels are served. */
  get channelsUrl (): string {
    return this.#listener.url
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#listener.close()
    this.#sockets.forEach((socket) => { socket.destroy() })
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function answer (url: string | undefined, response: ServerResponse, code: string): void {
  if (url === '/page.js') {
    response.setHeader('content-type', 'text/javascript').end(code)
  } else {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>channels</title><script type="module" src="/page.js"></script>')
  }
}

async function serve (session: Session, sockets: Set<Socket>): Promise<void> {
  for await (const channel of session) {
    for await (const request of channel as Receiver<Request>) {
      handle(request, session, sockets).catch((error: Error) => { session.abort(error) })
    }
  }
}

async function handle (request: Request, session: Session, sockets: Set<Socket>): Promise<void> {
  switch (request.do) {
    case 'answer':
      return answerWith(request)
    case 'echo':
      return echo(request.stream)
    case 'hold':
      return
    case 'abort':
      request.answer.abort({ code: 300, message: 'quota used up' })
      return
    case 'report':
      return reportCancel(request)
    case 'hangUp':
      sockets.forEach((socket) => { socket.resetAndDestroy() })
      return
    case 'close':
      return session.close()
    default:
      throw new TypeError(`no request ${String(request.do)}`)
  }
}

async function answerWith ({ text, answer }: Request): Promise<void> {
  const [more, numbers] = pipe<number>()

  await answer.send({ text: text.toUpperCase(), more })

  for (const number of [1, 2, 3]) {
    await numbers.send(number)
  }

  await numbers.close()
  await answer.close()
}

async function echo (stream: ByteStream): Promise<void> {
  for await (const bytes of stream) {
    await stream.write(bytes)
  }

  await stream.closeWrite()
}

async function reportCancel ({ answer, report }: Request): Promise<void> {
  await answer.send('once')

  const end = await answer.closed

  await report.send(end.how === 'cancelled' ? { how: end.how, ...end.reason } : { how: end.how })
  await report.close()
}
