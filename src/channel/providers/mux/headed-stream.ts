import { encodeHeaderBlock } from './header-block.ts'
import type { ByteLink, ChannelReason, LinkEvents, ProviderStream, StreamHeaders } from '../../contract/index.ts'

/** A stream that we open over any link: the headers leave before whatever is written; spec-channel 3.2. */
export function openHeaded (link: ByteLink, headers: StreamHeaders): ProviderStream {
  link.write(encodeHeaderBlock(headers))

  return new HeadedStream(link, headers)
}

/**
 * A link whose headers are known, and `rest`: what came with them. Until somebody attaches, what the link tells
 * is kept here.
 */
export class HeadedStream implements ProviderStream, LinkEvents {
  readonly headers: StreamHeaders
  readonly #link: ByteLink
  #rest: Uint8Array | undefined
  #events: LinkEvents | undefined
  #isPaused = true
  #end: { readonly error: Error | undefined } | undefined

  constructor (link: ByteLink, headers: StreamHeaders, rest?: Uint8Array) {
    this.headers = headers
    this.#link = link
    this.#rest = rest == null || rest.byteLength === 0 ? undefined : rest

    link.attach(this)
  }

  attach (events: LinkEvents): void {
    this.#events = events

    if (this.#rest == null && this.#end == null) {
      this.#link.attach(events)
    }

    this.#flowSoon()
  }

  pause (): void {
    this.#isPaused = true
    this.#link.pause()
  }

  resume (): void {
    this.#isPaused = false
    this.#flowSoon()
  }

  write (bytes: Uint8Array): boolean {
    return this.#link.write(bytes)
  }

  end (): void {
    this.#link.end()
  }

  reset (reason: ChannelReason): void {
    this.#rest = undefined
    this.#link.reset(reason)
  }

  /** Never called: the link is paused until somebody attached. */
  onData (): void {}

  /** Never called either. */
  onEnd (): void {}

  onRoom (): void {
    this.#events?.onRoom()
  }

  onClose (error?: Error): void {
    this.#end = { error }
    this.#flowSoon()
  }

  #flowSoon (): void {
    if (this.#events == null) {
      return
    }

    if (this.#rest == null && this.#end == null) {
      this.#resumeLink()
    } else {
      queueMicrotask(() => { this.#deliver() })
    }
  }

  /** The rest first, then what the link itself has. */
  #deliver (): void {
    const events = this.#events
    const rest = this.#rest

    if (events != null && rest != null && !this.#isPaused) {
      this.#rest = undefined

      if (this.#end == null) {
        this.#link.attach(events)
      }

      events.onData(rest)
    }

    if (this.#rest == null) {
      this.#tellEnd()
      this.#resumeLink()
    }
  }

  #resumeLink (): void {
    if (!this.#isPaused) {
      this.#link.resume()
    }
  }

  #tellEnd (): void {
    const end = this.#end

    if (end != null) {
      this.#end = undefined
      this.#events?.onClose(end.error)
    }
  }
}
