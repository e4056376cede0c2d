import { InvalidParametersError } from '@libp2p/interface'
import { CodedError, toError } from '../../base/index.ts'
import { MiddlewareTable, runMiddleware } from './middleware.ts'
import { Topologies } from './topologies.ts'
import type { PluginHost } from './host.ts'
import type { PluginStream } from './plugin-stream.ts'
import type { SelfRecord } from './self-record.ts'
import type { Views } from './views.ts'
import type { ProtocolEntry, SwarmConnection } from '../connection/index.ts'
import type { SwarmStream } from '../stream/index.ts'
import type { Connection, Logger, Stream, StreamHandler, StreamHandlerOptions, StreamHandlerRecord, StreamMiddleware, Topology } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'

export interface PluginRegistrarInit {
  host: Pick<PluginHost, 'registry' | 'events' | 'logger' | 'reportError'>
  views: Views
  selfRecord: SelfRecord
}

/** js-libp2p's registrar over our registry: both sides see the protocols of the other. */
export class PluginRegistrar implements Registrar {
  readonly #init: PluginRegistrarInit
  readonly #log: Logger
  readonly #records = new WeakMap<ProtocolEntry, StreamHandlerRecord>()
  readonly #middleware = new MiddlewareTable()
  readonly #topologies: Topologies

  constructor (init: PluginRegistrarInit) {
    this.#init = init
    this.#log = init.host.logger.forComponent('swarmd:plugins:registrar')
    this.#topologies = new Topologies(init.host)
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/registrar'
  }

  getProtocols (): string[] {
    return this.#init.host.registry.list().sort()
  }

  /**
   * Resolves when the peer store says that we speak the protocol.
   *
   * @throws CodedError DuplicateHandler unless forced
   */
  async handle (protocol: string, handler: StreamHandler, options: StreamHandlerOptions = {}): Promise<void> {
    if (typeof handler !== 'function') {
      throw new InvalidParametersError(`A stream handler is a function, received ${typeof handler}`)
    }

    const entry: ProtocolEntry = {
      serve: (stream) => this.#serve(protocol, stream, { handler, options }),
      maxInboundStreams: options.maxInboundStreams,
      maxOutboundStreams: options.maxOutboundStreams ?? Infinity,
      limited: options.runOnLimitedConnection === true
    }

    this.#records.set(entry, { handler, options })
    this.#init.host.registry.add(protocol, entry, { force: options.force === true })
    await this.#init.selfRecord.flush()
  }

  async unhandle (protocols: string | string[]): Promise<void> {
    for (const protocol of typeof protocols === 'string' ? [protocols] : protocols) {
      this.#init.host.registry.remove(protocol)
    }

    await this.#init.selfRecord.flush()
  }

  /** @throws CodedError UnhandledProtocol */
  getHandler (protocol: string): StreamHandlerRecord {
    const entry = this.#init.host.registry.get(protocol)

    if (entry == null) {
      throw new CodedError('UnhandledProtocol', `No handler registered for protocol ${protocol}`)
    }

    return this.#records.get(entry) ?? this.#toRecord(entry)
  }

  use (protocol: string, middleware: StreamMiddleware[]): void {
    this.#middleware.use(protocol, middleware)
  }

  unuse (protocol: string): void {
    this.#middleware.unuse(protocol)
  }

  getMiddleware (protocol: string): StreamMiddleware[] {
    return this.#middleware.get(protocol)
  }

  async register (protocol: string, topology: Topology): Promise<string> {
    if (topology == null) {
      throw new InvalidParametersError('A topology is an object, received none')
    }

    return this.#topologies.add(protocol, topology)
  }

  unregister (id: string): void {
    this.#topologies.remove(id)
  }

  getTopologies (protocol: string): Topology[] {
    return this.#topologies.list(protocol)
  }

  /** Runs the middleware of an outbound stream; resolves with what came out. */
  async afterOpen (stream: Stream, connection: Connection): Promise<Stream> {
    const chain = this.#middleware.get(stream.protocol)

    if (chain.length === 0) {
      return stream
    }

    try {
      return (await runMiddleware(stream, connection, chain)).stream
    } catch (thrown) {
      stream.abort(toError(thrown))
      throw thrown
    }
  }

  async #serve (protocol: string, original: SwarmStream, { handler, options }: StreamHandlerRecord): Promise<void> {
    const { views } = this.#init
    const stream = views.stream(original)
    const connection = views.connection(original.connection as SwarmConnection)
    const chain = [...this.#middleware.get(protocol), ...options.middleware ?? []]

    try {
      const passed = await runMiddleware(stream, connection, chain)

      await handler(passed.stream, passed.connection)
    } catch (thrown) {
      this.#onHandlerError(stream, toError(thrown))
    }
  }

  /** Handlers of js-libp2p throw when the peer goes, or ends its direction early: that is daily life. */
  #onHandlerError (stream: PluginStream, error: Error): void {
    const { port } = stream.original
    const isPeersDoing = port.remoteEnded || port.error != null

    stream.abort(error)

    if (isPeersDoing) {
      this.#log('stream handler of %s ended with the stream - %e', stream.protocol, error)
    } else {
      this.#init.host.reportError(`stream handler ${stream.protocol}`, error)
    }
  }

  /** A handler of our own API, as plugins know handlers. */
  #toRecord (entry: ProtocolEntry): StreamHandlerRecord {
    const { maxInboundStreams, maxOutboundStreams, limited } = entry

    return {
      handler: async (stream) => {
        const original = this.#init.views.originalStream(stream)

        if (original == null) {
          throw new InvalidParametersError('This handler takes streams of this swarm only')
        }

        await entry.serve(original)
      },
      options: { ...maxInboundStreams == null ? {} : { maxInboundStreams }, maxOutboundStreams, runOnLimitedConnection: limited }
    }
  }
}
