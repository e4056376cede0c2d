import { CodedError, isCoded, systemClock } from '../../base/index.ts'
import { CODECS, msgpack } from '../codec/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { ChannelReceiver, ChannelSender } from '../pipe/index.ts'
import { NestedReceivePort, NestedSendPort, nestedByteStream } from './nested-ends.ts'
import { SessionCore } from './session-core.ts'
import { resolveSessionLimits } from './session-limits.ts'
import type { ByteStream, CallOptions, ChannelOptions, Codec, Receiver, ReceivePort, Sender, Session, SessionEnd, SessionInit, SessionStat, StreamProvider, Wire } from '../contract/index.ts'

/**
 * A session on what a transport gives.
 *
 * @throws RangeError naming a limit; CodedError UnsupportedCodec if the transport cannot carry the codec
 */
export function createSession (provider: StreamProvider, init: SessionInit = {}): Session {
  const codec = init.codec ?? msgpack
  const codecs = new Map<string, Codec>(CODECS)

  for (const own of [codec, ...init.codecs ?? []]) {
    codecs.set(own.name, own)
  }

  const core = new SessionCore({
    provider,
    limits: resolveSessionLimits(init.limits),
    codec,
    codecs,
    clock: init.clock ?? systemClock
  })

  core.start()

  return new ChannelSession(provider, core)
}

/** What users see of a session. */
class ChannelSession implements Session {
  readonly transport: string
  readonly remoteAddress: string
  readonly isInitiator: boolean
  readonly #core: SessionCore

  constructor (provider: StreamProvider, core: SessionCore) {
    this.transport = provider.name
    this.remoteAddress = provider.remoteAddress
    this.isInitiator = provider.isInitiator
    this.#core = core
  }

  get closed (): Promise<SessionEnd> {
    return this.#core.closed
  }

  get signal (): AbortSignal {
    return this.#core.signal
  }

  newSendChannel<T = unknown> (options?: ChannelOptions<T>): Sender<T> {
    const port = this.#core.openChannel()

    try {
      return new ChannelSender<T>(port, options)
    } catch (error) {
      port.abort({ code: REASON_CODE.failed, message: '' })
      throw error
    }
  }

  async waitReceiveChannel<T = unknown> ({ signal, ...options }: CallOptions & ChannelOptions<Wire<T>> = {}): Promise<Receiver<Wire<T>>> {
    const port = await this.#core.nextChannel(signal)

    try {
      return new ChannelReceiver<Wire<T>>(port as ReceivePort<Wire<T>>, options)
    } catch (error) {
      port.cancel({ code: REASON_CODE.failed, message: '' })
      throw error
    }
  }

  createByteStream (): [local: ByteStream, remote: ByteStream] {
    return nestedByteStream(this.#core.unsent)
  }

  createNestedReceiver<T = unknown> (): [local: Receiver<T>, remote: Sender<T>] {
    const port = new NestedSendPort(this.#core.unsent)

    return [new ChannelReceiver<T>(port.local as ReceivePort<T>), new ChannelSender<T>(port)]
  }

  createNestedSender<T = unknown> (): [local: Sender<T>, remote: Receiver<T>] {
    const port = new NestedReceivePort(this.#core.unsent)

    return [new ChannelSender<T>(port.local), new ChannelReceiver<T>(port as ReceivePort<T>)]
  }

  stat (): SessionStat {
    return this.#core.stat()
  }

  close (options?: CallOptions): Promise<void> {
    return this.#core.close(options)
  }

  abort (error: Error = new CodedError('SessionClosed', 'the session was aborted here')): void {
    this.#core.abort(error)
  }

  [Symbol.asyncDispose] (): Promise<void> {
    return this.close()
  }

  [Symbol.asyncIterator] (): AsyncIterableIterator<Receiver<unknown>, void> {
    return new ChannelIterator(this)
  }
}

/** The channels that the other side opens, up to the session's close. Its loss is an error. */
class ChannelIterator implements AsyncIterableIterator<Receiver<unknown>, void> {
  readonly #session: Session
  #isDone = false

  constructor (session: Session) {
    this.#session = session
  }

  async next (): Promise<IteratorResult<Receiver<unknown>, void>> {
    if (this.#isDone) {
      return { done: true, value: undefined }
    }

    try {
      return { done: false, value: await this.#session.waitReceiveChannel() }
    } catch (error) {
      this.#isDone = true

      if (isCoded(error, 'SessionClosed')) {
        return { done: true, value: undefined }
      }

      throw error
    }
  }

  async return (): Promise<IteratorResult<Receiver<unknown>, void>> {
    this.#isDone = true

    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator] (): this {
    return this
  }
}
