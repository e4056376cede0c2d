import { CodedError } from '../../../base/index.ts'
import { ChannelError, describeReason } from '../../contract/index.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../../contract/index.ts'
import type { Duplex, Readable, Writable } from 'node:stream'

/**
 * A byte link over streams of Node: a socket, any Duplex, or a Readable and a Writable. They are the link's
 * from here on. From the constructor to the end somebody listens for their errors, so none is thrown at the process.
 */
export class NodeLink implements ByteLink {
  readonly #readable: Readable
  readonly #writable: Writable
  #events: LinkEvents | undefined
  #isPaused = true
  #isCorked = false
  #isEnding = false
  #hasFinished = false
  /** How far the other side's end is: it came, and then it was told. */
  #remoteEnd: 'none' | 'come' | 'told' = 'none'
  #end: { readonly error: Error | undefined } | undefined
  #hasToldEnd = false

  constructor (duplex: Duplex)
  constructor (readable: Readable, writable: Writable)
  constructor (readable: Readable | Duplex, writable: Writable = readable as Duplex) {
    this.#readable = readable
    this.#writable = writable

    readable.pause()
    this.#listen()

    if (readable.destroyed || writable.destroyed) {
      this.#onError(readable.errored ?? writable.errored ?? new Error('it had ended before it was used'))
    } else if (readable.readableEnded) {
      this.#onReadEnd()
    }
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.#flowSoon()
  }

  pause (): void {
    this.#isPaused = true
    this.#readable.pause()
  }

  resume (): void {
    this.#isPaused = false
    this.#flowSoon()
  }

  write (bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#end != null) {
      return true
    }

    if (!this.#isCorked) {
      // what is written within a turn leaves in one call of the system
      this.#isCorked = true
      this.#writable.cork()
      queueMicrotask(this.#uncork)
    }

    return this.#writable.write(bytes)
  }

  end (): void {
    if (!this.#isEnding && this.#end == null) {
      this.#isEnding = true
      this.#writable.end()
    }
  }

  reset (reason: ChannelReason): void {
    if (this.#remoteEnd === 'come') {
      this.#remoteEnd = 'none'
    }

    this.#finish(new ChannelError('StreamAborted', `the connection was reset here: ${describeReason(reason)}`, { reason }))
  }

  #listen (): void {
    this.#readable.on('data', (chunk: Uint8Array | string) => { this.#onData(chunk) })
    this.#readable.on('end', () => { this.#onReadEnd() })
    this.#readable.on('error', (error: Error) => { this.#onError(error) })
    this.#readable.on('close', () => { this.#onReadClose() })
    this.#writable.on('drain', () => { this.#onDrain() })
    this.#writable.on('finish', () => { this.#onFinish() })
    this.#writable.on('close', () => { this.#onWriteClose() })

    if (this.#writable !== this.#readable as object) {
      this.#writable.on('error', (error: Error) => { this.#onError(error) })
    }
  }

  #onData (chunk: Uint8Array | string): void {
    if (typeof chunk === 'string') {
      this.#finish(new CodedError('ProtocolViolation', 'a byte link needs a stream of bytes, received text: call setEncoding on none of its streams'))
    } else if (this.#end == null) {
      this.#events?.onData(chunk)
    }
  }

  #onReadEnd (): void {
    if (this.#remoteEnd === 'none' && this.#end == null) {
      this.#remoteEnd = 'come'
      this.#flowSoon()
    }
  }

  #onDrain (): void {
    if (this.#end == null && !this.#isEnding) {
      this.#events?.onRoom()
    }
  }

  #onFinish (): void {
    this.#hasFinished = true
    this.#checkEnded()
  }

  #onError (error: Error): void {
    this.#finish(new CodedError('ConnectionLost', error.message, { cause: error }))
  }

  #onReadClose (): void {
    if (this.#remoteEnd === 'none' && !this.#readable.readableEnded) {
      this.#onError(new Error('the connection was closed'))
    }
  }

  #onWriteClose (): void {
    if (!this.#hasFinished && !this.#writable.writableFinished) {
      this.#onError(new Error('the connection was closed'))
    }
  }

  readonly #uncork = (): void => {
    this.#isCorked = false
    this.#writable.uncork()
  }

  /** In a microtask: nobody expects to be called back by what they call. */
  #flowSoon (): void {
    if (this.#events != null) {
      queueMicrotask(this.#flow)
    }
  }

  readonly #flow = (): void => {
    if (this.#remoteEnd === 'come' && !this.#isPaused) {
      this.#remoteEnd = 'told'
      this.#events?.onEnd()
    }

    this.#checkEnded()

    if (this.#end != null && !this.#hasToldEnd && this.#remoteEnd !== 'come') {
      this.#hasToldEnd = true
      this.#events?.onClose(this.#end.error)
    } else if (!this.#isPaused && this.#end == null) {
      this.#readable.resume()
    }
  }

  #checkEnded (): void {
    if (this.#hasFinished && this.#remoteEnd === 'told') {
      this.#finish(undefined)
    }
  }

  /** Streams that ended gracefully close themselves: what is behind them may have bytes yet, as a compressor does. */
  #finish (error: Error | undefined): void {
    if (this.#end != null) {
      return
    }

    this.#end = { error }

    if (error != null) {
      this.#readable.destroy()
      this.#writable.destroy()
    }

    this.#flowSoon()
  }
}
