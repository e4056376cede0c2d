import { Acceptor } from './acceptor.ts'
import { StreamTable } from './stream-table.ts'
import { YamuxStream } from './stream.ts'
import type { StreamHost } from './stream-host.ts'
import type { CreateStreamOptions, MessageStreamDirection, StreamOptions } from '@libp2p/interface'

export interface StreamsInit {
  /** Of the connection. */
  direction: MessageStreamDirection
  maxInbound: number
  maxOutbound: number
  maxParked: number
  streamOptions: StreamOptions
  /** Whether somebody takes inbound streams. */
  hasTaker(): boolean
  give(stream: YamuxStream): void
}

/** The streams of one connection, from their opening by either side to their end. */
export class Streams {
  readonly #host: StreamHost
  readonly #options: StreamOptions
  readonly #table: StreamTable
  readonly #acceptor: Acceptor
  #isRefusing = false

  constructor (host: StreamHost, init: StreamsInit) {
    this.#host = host
    this.#options = init.streamOptions
    this.#table = new StreamTable(init)
    this.#acceptor = new Acceptor(init)
  }

  get size (): number {
    return this.#table.size
  }

  get list (): YamuxStream[] {
    return this.#table.list
  }

  /** Inbound streams that nobody has taken yet. */
  get parked (): readonly YamuxStream[] {
    return this.#acceptor.parked
  }

  get (id: number): YamuxStream | undefined {
    return this.#table.get(id)
  }

  /** As `YamuxMuxer.createStream`. */
  async open ({ signal, ...options }: CreateStreamOptions): Promise<YamuxStream> {
    return this.#table.open((streamId) => this.#create(streamId, options), signal)
  }

  /** As `YamuxMuxer.openStream`. */
  openNow (options: StreamOptions): YamuxStream | undefined {
    return this.#table.openNow((streamId) => this.#create(streamId, options))
  }

  /**
   * The peer opens a stream; refused by RST where there is no room.
   *
   * @throws YamuxProtocolError `parity`, `duplicateSyn`, `controlFlood`
   */
  accept (id: number): void {
    if (!this.#table.mayAccept(id) || this.#isRefusing || !this.#acceptor.hasRoom) {
      this.#host.outbox.sendReset(id)
      return
    }

    const stream = new YamuxStream(this.#host, { ...this.#options, streamId: id, direction: 'inbound' })

    this.#host.refreshRtt()
    this.#table.accept(stream)
    this.#acceptor.accept(stream)
  }

  /** Somebody takes inbound streams from now on. */
  giveParked (): void {
    this.#acceptor.giveParked()
  }

  /** The peer knows of one more stream of ours. */
  acknowledge (): void {
    this.#table.acknowledge()
  }

  remove (id: number): void {
    this.#table.remove(id)
    this.#acceptor.remove(id)
  }

  /** We open no more streams; whoever waits for one is told. */
  shut (): void {
    this.#table.shut()
  }

  /** Neither side opens more streams. */
  refuse (): void {
    this.#isRefusing = true
    this.shut()
  }

  #create (streamId: number, options: StreamOptions): YamuxStream {
    const stream = new YamuxStream(this.#host, { ...this.#options, ...options, streamId, direction: 'outbound' })

    this.#host.measureRtt() // before the first bytes can queue
    this.#acceptor.announceSoon(stream)

    return stream
  }
}
