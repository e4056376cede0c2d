import { StreamAbortEvent, StreamCloseEvent, StreamMessageEvent, StreamResetEvent } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'
import { TypedEventEmitter } from 'main-event'
import type { MessageStream, MessageStreamEvents, MessageStreamReadStatus, MessageStreamStatus, MessageStreamTimeline, MessageStreamWriteStatus } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** A raw stream whose muxer does what the test tells it to do, faults included. */
export class ScriptedRaw extends TypedEventEmitter<MessageStreamEvents> implements MessageStream {
  readonly direction = 'outbound'
  readonly log = defaultLogger().forComponent('test:scripted')
  readonly timeline: MessageStreamTimeline = { open: 0 }
  readonly sent: Uint8Array[] = []
  status: MessageStreamStatus = 'open'
  readStatus: MessageStreamReadStatus = 'readable'
  remoteWriteStatus: MessageStreamWriteStatus = 'writable'
  inactivityTimeout = Infinity
  maxReadBufferLength = 4
  writableNeedsDrain = false
  readableEnded = false
  writeBufferLength = 0
  abortedWith: Error | undefined
  /** What `close` does; by default it resolves at once. */
  onCloseWrite: () => Promise<void> = async () => {}
  /** What `send` does after it has taken the bytes. */
  onSend: () => void = () => {}
  /** What `abort` does after it has taken the error. */
  onAbort: () => void = () => {}
  readonly #held: Uint8Array[] = []

  get readBufferLength (): number {
    return this.#held.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  get sentText (): string[] {
    return this.sent.map((bytes) => new TextDecoder().decode(bytes))
  }

  /** The peer sends this. While paused it is held. */
  say (...texts: string[]): this {
    for (const text of texts) {
      this.#held.push(new TextEncoder().encode(text))
    }

    this.#deliver()

    return this
  }

  /** The peer ends its direction. */
  sayEnd (): this {
    this.remoteWriteStatus = 'closed'
    this.dispatchEvent(new Event('remoteCloseWrite'))

    return this
  }

  /** It closes, as if the transport had gone when there is no error. */
  sayClosed (error?: Error, { local = false } = {}): this {
    this.status = 'closed'

    if (error == null) {
      this.dispatchEvent(new StreamCloseEvent(local))
    } else {
      this.dispatchEvent(local ? new StreamAbortEvent(error) : new StreamResetEvent(error))
    }

    return this
  }

  send (data: Uint8Array | Uint8ArrayList): boolean {
    this.sent.push(data.subarray())
    this.onSend()

    return !this.writableNeedsDrain
  }

  /** There is room again. */
  drain (): void {
    this.writableNeedsDrain = false
    this.dispatchEvent(new Event('drain'))
  }

  async close (): Promise<void> {
    await this.onCloseWrite()
  }

  abort (error: Error): void {
    this.abortedWith ??= error
    this.onAbort()
  }

  pause (): void {
    this.readStatus = 'paused'
  }

  resume (): void {
    this.readStatus = 'readable'
    this.#deliver()
  }

  push (): void {}

  unshift (data: Uint8Array | Uint8ArrayList): void {
    this.#held.unshift(data.subarray())
  }

  async onDrain (): Promise<void> {}

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array> {}

  #deliver (): void {
    while (this.#held.length > 0 && this.readStatus === 'readable' && this.listenerCount('message') > 0) {
      const [bytes = new Uint8Array(0)] = this.#held.splice(0, 1)

      this.dispatchEvent(new StreamMessageEvent(bytes))
    }
  }
}
