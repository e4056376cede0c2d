import { ByteQueue, chunksOf, CodedError, concat, raceSignal } from '../base/index.ts'
import { attachSink } from '../message-stream/index.ts'
import { LENGTH_BYTES, MAX_HANDSHAKE_MESSAGE_BYTES } from './constants.ts'
import { NoiseError } from './errors.ts'
import type { MessageStream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Reads the messages of a handshake, and keeps what comes behind them. One call of `read` at a time. */
export class HandshakeReader implements Disposable {
  readonly #transport: MessageStream
  readonly #detach: () => void
  readonly #unread = new ByteQueue()
  /** Of the message that is coming, once its length has come. */
  #messageBytes: number | undefined
  #waiter: PromiseWithResolvers<void> | undefined
  #failure: Error | undefined

  constructor (transport: MessageStream) {
    this.#transport = transport
    this.#detach = attachSink(transport, {
      onMessage: (bytes) => { this.#onMessage(bytes) },
      onRemoteEnd: () => { this.#fail(lost('the peer ended its direction')) },
      onClose: (error) => { this.#fail(lost(error == null ? 'it was closed' : error.message, error)) }
    })

    if (transport.status !== 'open') {
      this.#fail(lost(`it was ${transport.status} before the handshake`))
    }
  }

  /**
   * The next message, without its length.
   *
   * @throws NoiseError `handshakeLength`; CodedError ConnectionLost, ResourceLimit; the signal's reason
   */
  async read (signal: AbortSignal | undefined): Promise<Uint8Array> {
    for (;;) {
      const message = this.#take()

      if (message != null) {
        return message
      }

      this.check()
      this.#waiter = Promise.withResolvers()
      await raceSignal(this.#waiter.promise, signal)
    }
  }

  /** @throws what ended the connection, if it has ended */
  check (): void {
    if (this.#failure != null) {
      throw this.#failure
    }
  }

  /** Leaves the transport to somebody else, with the bytes that have come too early. */
  release (): Uint8Array[] {
    const surplus: Uint8Array[] = []

    for (let chunk = this.#unread.shift(); chunk != null; chunk = this.#unread.shift()) {
      surplus.push(chunk)
    }

    this[Symbol.dispose]()

    return surplus
  }

  [Symbol.dispose] (): void {
    this.#detach()
  }

  #take (): Uint8Array | undefined {
    if (this.#messageBytes == null && this.#unread.byteLength >= LENGTH_BYTES) {
      const [high = 0, low = 0] = this.#shift(LENGTH_BYTES)

      this.#messageBytes = checkedLength(high * 256 + low)
    }

    if (this.#messageBytes == null || this.#unread.byteLength < this.#messageBytes) {
      return undefined
    }

    const message = this.#shift(this.#messageBytes)

    this.#messageBytes = undefined

    return message
  }

  /** The next `count` bytes, which are here. */
  #shift (count: number): Uint8Array {
    const parts: Uint8Array[] = []
    let missing = count

    for (let part = this.#unread.shift(); part != null; part = missing > 0 ? this.#unread.shift() : undefined) {
      const taken = part.subarray(0, missing)

      parts.push(taken)
      missing -= taken.byteLength
      this.#unread.unshift(part.subarray(taken.byteLength))
    }

    return concat(parts)
  }

  #onMessage (bytes: Uint8Array | Uint8ArrayList): void {
    for (const piece of chunksOf(bytes)) {
      this.#unread.push(piece)
    }

    if (this.#unread.byteLength > this.#transport.maxReadBufferLength) {
      this.#fail(new CodedError('ResourceLimit', `at most ${this.#transport.maxReadBufferLength} bytes may wait for the end of a handshake, received ${this.#unread.byteLength}`))
    }

    this.#waiter?.resolve()
  }

  #fail (error: Error): void {
    this.#failure ??= error
    this.#waiter?.resolve()
  }
}

function checkedLength (length: number): number {
  if (length > MAX_HANDSHAKE_MESSAGE_BYTES) {
    throw new NoiseError('handshakeLength', `a message of the handshake may have ${MAX_HANDSHAKE_MESSAGE_BYTES} bytes, received the length ${length}: the peer may not speak Noise`)
  }

  return length
}

function lost (why: string, cause?: Error): CodedError {
  return new CodedError('ConnectionLost', `the connection was lost during the handshake: ${why}`, cause == null ? {} : { cause })
}
