import { connectHttp2 } from '../../../src/channel/providers/http2/connect-http2.ts'
import { listenHttp2 } from '../../../src/channel/providers/http2/listen-http2.ts'
import { connectWebSocket } from '../../../src/channel/providers/websocket/connect-websocket.ts'
import { listenWebSocket } from '../../../src/channel/providers/websocket/listen-websocket.ts'
import { transportOptions } from './transport-options.ts'
import type { ByteLink, TransportListener, TransportOptions } from '../../../src/channel/contract/index.ts'
import type { Socket } from 'node:net'

export interface Arrival {
  link: ByteLink
  socket: Socket
}

type Options = Partial<TransportOptions & { signal: AbortSignal }>

function isWebSocket (url: string): boolean {
  return url.startsWith('ws')
}

/** A listener for byte pipes of either kind, as its URL says, and what arrives there. */
export class LinkScene implements AsyncDisposable {
  readonly arrivals: Arrival[] = []
  readonly #dialled: ByteLink[] = []
  readonly #waiting: Array<(arrival: Arrival) => void> = []
  #listener: TransportListener | undefined

  static async listen (url: string, options: Options = {}): Promise<LinkScene> {
    const scene = new LinkScene()
    const listen = isWebSocket(url) ? listenWebSocket : listenHttp2

    scene.#listener = await listen(new URL(url), (link, socket) => {
      const arrival = { link, socket }

      scene.arrivals.push(arrival)
      scene.#waiting.shift()?.(arrival)
    }, transportOptions(options))

    return scene
  }

  get listener (): TransportListener {
    if (this.#listener == null) {
      throw new Error('the scene does not listen')
    }

    return this.#listener
  }

  get url (): string {
    return this.listener.url
  }

  /** Where strangers speak HTTP: the URL with a scheme that they know, and another path. */
  webUrl (path = new URL(this.url).pathname): string {
    return new URL(path, this.url.replace(/^(?:ws|http2)/, 'http').replace(/^(?:wss|https2)/, 'https')).href
  }

  /** The next link that arrives. */
  async next (): Promise<Arrival> {
    return new Promise((resolve) => { this.#waiting.push(resolve) })
  }

  async dial (options: Options = {}, url = this.url): Promise<ByteLink> {
    const connect = isWebSocket(url) ? connectWebSocket : connectHttp2

    const link = await connect(new URL(url), transportOptions(options))

    this.#dialled.push(link)

    return link
  }

  /** Two links that are joined, and the socket of the server. */
  async connect (options: Options = {}): Promise<{ client: ByteLink, server: ByteLink, socket: Socket }> {
    const arrival = this.next()
    const client = await this.dial(options)
    const { link: server, socket } = await arrival

    return { client, server, socket }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const link of [...this.#dialled, ...this.arrivals.map(({ link }) => link)]) {
      link.reset({ code: 0, message: '' })
    }

    await this.listener.close()
  }
}
