import { StreamStateError } from '@libp2p/interface'
import { chunksOf, CodedError, freeBytes, systemClock, toError } from '../base/index.ts'
import { attachSink, MessageStreamBase, Sink } from '../message-stream/index.ts'
import { Decryptor } from './decryptor.ts'
import { Encryptor } from './encryptor.ts'
import type { Ciphers } from './handshake.ts'
import type { AbortOptions, Logger, MessageStream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** A connection whose bytes are encrypted; noise 3 to 5. It ends with its transport, and that with it. */
export class NoiseStream extends MessageStreamBase {
  readonly #transport: MessageStream
  readonly #encryptor: Encryptor
  readonly #decryptor: Decryptor
  readonly #detach: () => void
  /** How often the transport has drained; it may do so within a write. */
  #drains = 0

  /** Owns the transport from now on. `surplus` is what had already arrived behind the handshake. */
  constructor (transport: MessageStream, { send, receive }: Ciphers, surplus: Uint8Array[]) {
    super({
      direction: transport.direction,
      maxReadBufferLength: transport.maxReadBufferLength,
      maxWriteBufferLength: transport.maxWriteBufferLength,
      clock: systemClock
    })
    this.#transport = transport
    this.#encryptor = new Encryptor(send)
    this.#decryptor = new Decryptor(receive, (text) => { this.receive(text) })
    this.writableNeedsDrain = transport.writableNeedsDrain
    this.#detach = attachSink(transport, new Sink({
      onMessage: (bytes) => { this.#take(chunksOf(bytes)) },
      onDrain: () => { this.#onDrain() },
      onIdle: () => { this.tellIdle() },
      onRemoteEnd: () => { this.#onRemoteEnd() },
      onClose: (error, isLocal) => { this.#onClose(error, isLocal) }
    }))
    this.#take(surplus)
  }

  get log (): Logger {
    return this.#transport.log
  }

  /** That of the transport. */
  get inactivityTimeout (): number {
    return this.#transport.inactivityTimeout
  }

  set inactivityTimeout (ms: number) {
    this.#transport.inactivityTimeout = ms
  }

  /** Bytes that wait in the transport: nothing waits here. */
  get writeBufferLength (): number {
    return this.#transport.writeBufferLength
  }

  /**
   * Encrypts bytes and hands them to the transport in one call; false when the next should wait for `drain`.
   *
   * @throws StreamStateError when the writable end is closing or closed; CodedError ResourceLimit, and the
   * stream is aborted, when the nonces are used up; what the transport throws
   */
  send (data: Uint8Array | Uint8ArrayList): boolean {
    if (this.writeStatus !== 'writable') {
      throw new StreamStateError(`cannot write to a stream whose writable end is ${this.writeStatus}`)
    }

    if (data.byteLength === 0) {
      return !this.writableNeedsDrain
    }

    const messages = this.#encrypt(data)
    const drains = this.#drains
    const hasRoom = this.#sendAway(messages) || this.#drains > drains

    // who was told to wait is told when to go on: until then there is no room
    this.writableNeedsDrain ||= !hasRoom && this.status === 'open'

    return hasRoom && !this.writableNeedsDrain
  }

  /** Closes the transport, when all that was written has left it. */
  async close (options?: AbortOptions): Promise<void> {
    if (this.status !== 'open') {
      return
    }

    if (this.writeStatus === 'writable') {
      this.writeStatus = 'closing'
    }

    await this.#transport.close(options)
  }

  /** Aborts the transport, and throws away what is unread. */
  abort (error: Error): void {
    if (this.status !== 'open') {
      return
    }

    this.#detach()

    try {
      this.#transport.abort(error)
    } finally {
      this.fail(error, { isLocal: true })
    }
  }

  override pause (): void {
    super.pause()

    if (this.#isReading) {
      this.#transport.pause()
    }
  }

  override resume (): void {
    super.resume()

    // what was unread is told first, and whoever heard it may have paused again
    if (this.#isReading && this.readStatus === 'readable') {
      this.#transport.resume()
    }
  }

  /** What is unread is bounded by `maxReadBufferLength`, and what is not here by the transport. */
  override onConsumed (): void {}

  protected override sendCloseRead (): void {
    if (this.#isReading) {
      this.#transport.resume() // what still comes is thrown away, and must not fill the transport
    }
  }

  get #isReading (): boolean {
    return this.status === 'open' && this.remoteWriteStatus === 'writable'
  }

  #sendAway (messages: Uint8Array | Uint8ArrayList): boolean {
    const transport = this.#transport

    return transport instanceof MessageStreamBase ? transport.sendAway(messages) : transport.send(messages)
  }

  #encrypt (data: Uint8Array | Uint8ArrayList): Uint8Array | Uint8ArrayList {
    try {
      return this.#encryptor.encrypt(data)
    } catch (thrown) {
      this.abort(toError(thrown))
      throw thrown
    }
  }

  /** All plaintext of one event is delivered as one. */
  #take (chunks: Iterable<Uint8Array>): void {
    const ownsChunks = this.#ownsChunks
    let failure: Error | undefined

    try {
      for (const chunk of chunks) {
        this.#decryptor.decrypt(chunk)

        if (ownsChunks) {
          freeBytes(chunk)
        }
      }
    } catch (thrown) {
      failure = toError(thrown)
    }

    this.#decryptor.flush()
    this.deliver()

    if (failure != null) {
      this.abort(failure)
    } else if (this.readBufferLength > 0) {
      this.keepUnread()
    }
  }

  get #ownsChunks (): boolean {
    return this.#transport instanceof MessageStreamBase && this.#transport.givesMemoryAway
  }

  #onDrain (): void {
    this.#drains++
    this.tellRoom()
  }

  #onRemoteEnd (): void {
    const { partial } = this.#decryptor

    // who closes does not wait for what the peer still sends
    if (partial == null || this.writeStatus !== 'writable') {
      this.endRemote()
    } else {
      this.#onCutOff(partial)
    }
  }

  #onClose (error: Error | undefined, isLocal: boolean): void {
    if (error != null) {
      this.#end(error, isLocal)
      return
    }

    this.#onRemoteEnd()

    if (this.status === 'open') {
      this.#detach()
      this.finish()
    }
  }

  /** A message of which the end is missing: somebody may have cut it off. */
  #onCutOff ({ received, wanted }: { received: number, wanted: number | undefined }): void {
    const error = new CodedError('ConnectionLost', `the connection ended within a message: received ${received} bytes of ${wanted ?? 'unknown length'}`)

    this.#end(error, false)
    this.#transport.abort(error)
  }

  #end (error: Error, isLocal: boolean): void {
    this.#detach()
    this.fail(error, { isLocal })
  }
}
