import type { OpenStream, PortHost, StreamPort } from './open-stream.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../contract/index.ts'

/** The link of a byte stream, of which the session learns when it is gone. */
export class WatchedLink implements ByteLink, LinkEvents, StreamPort {
  readonly hasUnread = false
  readonly hasEnded = false
  readonly #host: PortHost
  readonly #stream: OpenStream
  #events: LinkEvents | undefined
  #isAttached = false

  constructor (host: PortHost, stream: OpenStream) {
    this.#host = host
    this.#stream = stream
    stream.port = this
  }

  attach (events: LinkEvents): void {
    this.#events = events

    if (!this.#isAttached) {
      this.#isAttached = true
      this.#stream.link.attach(this)
    }
  }

  pause (): void {
    this.#stream.link.pause()
  }

  resume (): void {
    this.#stream.link.resume()
  }

  write (bytes: Uint8Array): boolean {
    return this.#stream.link.write(bytes)
  }

  end (): void {
    this.#stream.link.end()
  }

  reset (reason: ChannelReason): void {
    this.#stream.link.reset(reason)
  }

  onData (bytes: Uint8Array): void {
    this.#events?.onData(bytes)
  }

  onEnd (): void {
    this.#events?.onEnd()
  }

  onRoom (): void {
    this.#events?.onRoom()
  }

  onClose (error?: Error): void {
    this.#host.gone(this.#stream)
    this.#events?.onClose(error)
  }

  sessionCloses (): void {}

  sessionEnds (): void {}
}
