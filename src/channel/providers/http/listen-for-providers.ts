import { CodedError } from '../../../base/index.ts'
import { REASON_CODE } from '../../contract/index.ts'
import { createMuxProvider } from '../mux/mux-provider.ts'
import { MAX_HANDSHAKES } from '../socket/listen-sockets.ts'
import { urlOf } from '../socket/socket-address.ts'
import { schemeOf } from './scheme-of.ts'
import type { ByteLink, StreamProvider, TransportListener, TransportOptions } from '../../contract/index.ts'
import type { Socket } from 'node:net'

/** Told of each link that a listener accepts, and of the socket that it came on. */
export type OnLink = (link: ByteLink, socket: Socket) => void

export type ListenForLinks = (url: URL, onLink: OnLink, options: TransportOptions) => Promise<TransportListener>

/**
 * Listens with `listen`, and makes a provider of each link that it accepts. Closing hangs up on those that have not
 * agreed on the protocol yet.
 *
 * @throws as `listen`
 */
export async function listenForProviders (url: URL, listen: ListenForLinks, onProvider: (provider: StreamProvider) => void, options: TransportOptions): Promise<TransportListener> {
  const maker = new ProviderMaker(schemeOf(url), onProvider, options)
  const listener = await listen(url, maker.accept, options)

  return {
    // on a server that is there already it may change
    get url () {
      return listener.url
    },
    closed: listener.closed,
    close: async () => {
      maker.close()
      await listener.close()
    }
  }
}

class ProviderMaker {
  readonly #scheme: string
  readonly #onProvider: (provider: StreamProvider) => void
  readonly #options: TransportOptions
  readonly #closing = new AbortController()
  #handshakes = 0

  constructor (scheme: string, onProvider: (provider: StreamProvider) => void, options: TransportOptions) {
    this.#scheme = scheme
    this.#onProvider = onProvider
    this.#options = options
  }

  readonly accept = (link: ByteLink, socket: Socket): void => {
    if (this.#handshakes >= MAX_HANDSHAKES) {
      link.reset({ code: REASON_CODE.refused, message: 'too many connections at once' })
    } else {
      // who fails has been hung up on, and was told why; there is nobody else to tell
      this.#provide(link, socket).catch(() => {})
    }
  }

  close (): void {
    this.#closing.abort(new CodedError('SessionClosed', 'the listener is closed'))
  }

  async #provide (link: ByteLink, socket: Socket): Promise<void> {
    this.#handshakes++

    try {
      this.#onProvider(await createMuxProvider(link, {
        ...this.#options,
        name: this.#scheme,
        remoteAddress: urlOf(this.#scheme, socket),
        isInitiator: false,
        signal: this.#closing.signal
      }))
    } finally {
      this.#handshakes--
    }
  }
}
