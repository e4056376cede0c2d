import { MuxerClosedError, TooManyOutboundProtocolStreamsError } from '@libp2p/interface'
import { CodedError, Permits, TransientMap } from '../base/index.ts'
import { MAX_ACK_BACKLOG, MAX_UINT32 } from './constants.ts'
import { YamuxProtocolError } from './errors.ts'
import type { YamuxStream } from './stream.ts'
import type { MessageStreamDirection } from '@libp2p/interface'

export interface StreamTableInit {
  /** Of the connection: who dialled has the odd IDs. */
  direction: MessageStreamDirection
  maxInbound: number
  maxOutbound: number
}

/** The streams of one connection by ID, who may open more of them, and under which ID; yamux 2. */
export class StreamTable {
  readonly #streams = new TransientMap<number, YamuxStream>()
  readonly #init: StreamTableInit
  readonly #backlog = new Permits(MAX_ACK_BACKLOG)
  #isShut = false
  /** For those that wait. */
  #shut: AbortController | undefined
  #list: YamuxStream[] | undefined
  #nextId: number
  #inbound = 0
  #outbound = 0

  constructor (init: StreamTableInit) {
    this.#init = init
    this.#nextId = init.direction === 'outbound' ? 1 : 2
  }

  get size (): number {
    return this.#streams.size
  }

  get list (): YamuxStream[] {
    this.#list ??= [...this.#streams.values()]

    return this.#list
  }

  get (id: number): YamuxStream | undefined {
    return this.#streams.get(id)
  }

  /**
   * Waits until one more stream may be opened, and opens it.
   *
   * @throws MuxerClosedError, TooManyOutboundProtocolStreamsError, CodedError ResourceLimit, or the
   * signal's reason
   */
  async open (make: (id: number) => YamuxStream, signal?: AbortSignal): Promise<YamuxStream> {
    signal?.throwIfAborted()
    this.#assertMayOpen()
    this.#outbound++

    try {
      if (!this.#backlog.tryTake()) {
        await this.#waitForBacklog(signal)
      }

      return this.#add(make)
    } catch (thrown) {
      this.#outbound--
      throw thrown
    }
  }

  /** As `open`, but undefined where that waits. */
  openNow (make: (id: number) => YamuxStream): YamuxStream | undefined {
    this.#assertMayOpen()

    if (!this.#backlog.tryTake()) {
      return undefined
    }

    const stream = this.#add(make)

    this.#outbound++

    return stream
  }

  /**
   * Whether the peer may open a stream under this ID.
   *
   * @throws YamuxProtocolError `parity`, `duplicateSyn`
   */
  mayAccept (id: number): boolean {
    if (id % 2 === this.#nextId % 2) {
      throw new YamuxProtocolError('parity', `a stream of the ${this.#init.direction === 'outbound' ? 'listener' : 'dialler'} must have an ${id % 2 === 0 ? 'odd' : 'even'} ID, received ${id}`)
    }

    if (this.#streams.has(id)) {
      throw new YamuxProtocolError('duplicateSyn', `a stream can be opened once, received SYN for stream ${id}, which is open`)
    }

    return this.#inbound < this.#init.maxInbound
  }

  accept (stream: YamuxStream): void {
    this.#inbound++
    this.#streams.set(stream.streamId, stream)
    this.#list = undefined
  }

  /** The peer knows of one more stream of ours, or that has ended. */
  acknowledge (): void {
    this.#backlog.giveBack()
  }

  remove (id: number): void {
    const stream = this.#streams.get(id)

    if (stream == null) {
      return
    }

    this.#streams.delete(id)
    this.#list = undefined
    stream.onAcknowledged()

    if (stream.direction === 'inbound') {
      this.#inbound--
    } else {
      this.#outbound--
    }
  }

  /** No more streams are opened; whoever waits for one is told. */
  shut (): void {
    this.#isShut = true
    this.#shut?.abort(shutError())
  }

  #assertMayOpen (): void {
    const { maxOutbound } = this.#init

    this.#assertOpen()

    if (this.#outbound >= maxOutbound) {
      throw new TooManyOutboundProtocolStreamsError(`at most ${maxOutbound} streams may be opened on one connection, there are ${this.#outbound}`)
    }
  }

  #assertOpen (): void {
    if (this.#isShut) {
      throw shutError()
    }
  }

  async #waitForBacklog (signal: AbortSignal | undefined): Promise<void> {
    this.#shut ??= new AbortController()
    await this.#backlog.take(signal == null ? this.#shut.signal : AbortSignal.any([signal, this.#shut.signal]))
  }

  /** Of the backlog one has been taken for it. */
  #add (make: (id: number) => YamuxStream): YamuxStream {
    const id = this.#nextId

    try {
      this.#assertOpen()

      if (id > MAX_UINT32) {
        throw new CodedError('ResourceLimit', 'the connection has used up its stream IDs: open another one')
      }

      const stream = make(id)

      this.#nextId += 2
      this.#streams.set(id, stream)
      this.#list = undefined

      return stream
    } catch (thrown) {
      this.#backlog.giveBack()
      throw thrown
    }
  }
}

function shutError (): MuxerClosedError {
  return new MuxerClosedError('the connection opens no more streams: it is closing or closed')
}
