import { PluginConnection } from './plugin-connection.ts'
import { PluginStream } from './plugin-stream.ts'
import type { Clock } from '../../base/index.ts'
import type { SwarmConnection } from '../connection/index.ts'
import type { SwarmStream } from '../stream/index.ts'
import type { Connection, Stream } from '@libp2p/interface'

export interface ViewsInit {
  clock: Clock
  /** Runs the middleware of a protocol over a stream that was just opened. */
  afterOpen(stream: Stream, connection: Connection): Promise<Stream>
}

/**
 * How plugins see our connections and streams: one view each, made when first asked for and always
 * the same, so that plugins may compare them and keep them in sets.
 */
export class Views {
  readonly #init: ViewsInit
  readonly #connections = new WeakMap<SwarmConnection, PluginConnection>()
  readonly #streams = new WeakMap<SwarmStream, PluginStream>()

  constructor (init: ViewsInit) {
    this.#init = init
  }

  connection (original: SwarmConnection): PluginConnection {
    let view = this.#connections.get(original)

    if (view == null) {
      view = new PluginConnection(original, {
        ...this.#init,
        stream: (stream) => this.stream(stream)
      })
      this.#connections.set(original, view)
    }

    return view
  }

  stream (original: SwarmStream): PluginStream {
    let view = this.#streams.get(original)

    if (view == null) {
      view = new PluginStream(original, this.#init.clock)
      this.#streams.set(original, view)
    }

    return view
  }

  /** What a view was made of; undefined for what is no view of ours. */
  original (view: Connection): SwarmConnection | undefined {
    return view instanceof PluginConnection ? view.original : undefined
  }

  originalStream (view: Stream): SwarmStream | undefined {
    return view instanceof PluginStream ? view.original : undefined
  }
}
