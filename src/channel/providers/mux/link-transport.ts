import { chunksOf, CodedError, concat } from '../../../base/index.ts'
import { MessageStreamBase } from '../../../message-stream/index.ts'
import { REASON_CODE } from '../../contract/index.ts'
import { silentLog } from './silent-log.ts'
import type { Clock } from '../../../base/index.ts'
import type { ByteLink, LinkEvents } from '../../contract/index.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * A list no longer than this is written as one piece. Links take bytes, and send the first of a turn at once: of a list that
 * were the twelve bytes of a header, in a message of their own.
 */
const MAX_JOINED_BYTES = 32 * 1024

export interface LinkTransportInit {
  clock: Clock
  isInitiator: boolean
  /** The link has ended; with an error unless both directions did gracefully. Once and last. */
  onGone(error: Error | undefined): void
}

/** A byte link as the muxer sees its connection. Reads all that comes: the streams' windows hold the peer back. */
export class LinkTransport extends MessageStreamBase implements LinkEvents {
  readonly log = silentLog
  inactivityTimeout = Infinity
  readonly #link: ByteLink
  readonly #onGone: (error: Error | undefined) => void
  #isReceiving = true

  constructor (link: ByteLink, { clock, isInitiator, onGone }: LinkTransportInit) {
    super({
      direction: isInitiator ? 'outbound' : 'inbound',
      maxReadBufferLength: Infinity,
      clock
    })
    this.#link = link
    this.#onGone = onGone
  }

  /** The link has its own. */
  get writeBufferLength (): number {
    return 0
  }

  /** Bytes flow from now on; first those that came before. */
  start (rest: Uint8Array): void {
    this.#link.attach(this)

    if (rest.byteLength > 0) {
      this.onData(rest)
    }

    this.#link.resume()
  }

  /** The muxer is done with the link: what comes is thrown away, our direction ends behind what was written. */
  finishWriting (): void {
    this.#isReceiving = false
    this.#link.end()
  }

  send (data: Uint8Array | Uint8ArrayList): boolean {
    const isAsItCame = data instanceof Uint8Array || data.byteLength > MAX_JOINED_BYTES
    let hasRoom = true

    for (const chunk of isAsItCame ? chunksOf(data) : [concat([...data])]) {
      hasRoom = this.#link.write(chunk)
    }

    this.writableNeedsDrain ||= !hasRoom

    return !this.writableNeedsDrain
  }

  async close (): Promise<void> {
    this.finishWriting()
  }

  /** Ends the link at once. */
  abort (error: Error): void {
    if (this.status === 'open') {
      this.fail(error, { isLocal: true })
      this.#link.reset({ code: REASON_CODE.none, message: '' })
      this.#onGone(error)
    }
  }

  onData (bytes: Uint8Array): void {
    if (this.#isReceiving && this.status === 'open') {
      this.receive(bytes)
      this.deliver()
    }
  }

  onEnd (): void {
    if (this.#isReceiving) {
      // streams are not told an end by this: only they end themselves
      this.#lose(new CodedError('ConnectionLost', 'the other side ended the connection without closing the session'))
      this.#link.reset({ code: REASON_CODE.none, message: '' })
    }
  }

  onRoom (): void {
    if (this.status === 'open' && this.writableNeedsDrain) {
      this.tellRoom()
    }
  }

  onClose (error?: Error): void {
    this.#lose(error)
  }

  override onConsumed (): void {}

  #lose (error: Error | undefined): void {
    if (this.status !== 'open') {
      return
    }

    if (error == null) {
      this.finish()
    } else {
      this.fail(error, { isLocal: false })
    }

    this.#onGone(error)
  }
}
