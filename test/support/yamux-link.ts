import { StreamAbortEvent, StreamCloseEvent, StreamMessageEvent, StreamResetEvent } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'
import { TypedEventEmitter } from 'main-event'
import { Uint8ArrayList } from 'uint8arraylist'
import type { Logger, MessageStream, MessageStreamDirection, MessageStreamEvents, MessageStreamStatus, MessageStreamTimeline } from '@libp2p/interface'

export interface LinkOptions {
  /** Bytes on the way at which `send` returns false; `drain` follows when all have arrived. */
  highWaterBytes?: number
  /** Cuts what arrives into pieces of at most so many bytes. */
  pieceBytes?: number
}

/** One end of a connection in memory, as a muxer sees it. What is sent arrives in a later turn of the event loop. */
export class LinkEnd extends TypedEventEmitter<MessageStreamEvents> implements MessageStream {
  readonly direction: MessageStreamDirection
  readonly log: Logger
  readonly timeline: MessageStreamTimeline = { open: 0 }
  status: MessageStreamStatus = 'open'
  inactivityTimeout = Infinity
  maxReadBufferLength = Infinity
  writableNeedsDrain = false
  readBufferLength = 0
  readableEnded = false
  /** Every `send`, in one piece each. */
  readonly sent: Uint8Array[] = []
  /** While true nothing arrives at the other end, and nothing drains. */
  isStalled = false
  /** Whether `sent` is kept. */
  isRecording = true
  peer: LinkEnd | undefined
  abortedWith: Error | undefined
  readonly #options: LinkOptions
  #onTheWay: Uint8Array[] = []
  #bytesOnTheWay = 0
  #isScheduled = false

  constructor (direction: MessageStreamDirection, options: LinkOptions = {}) {
    super()
    this.direction = direction
    this.log = defaultLogger().forComponent(`test:${direction}`)
    this.#options = options
  }

  get writeBufferLength (): number {
    return this.#bytesOnTheWay
  }

  send (data: Uint8Array | Uint8ArrayList): boolean {
    if (this.status !== 'open') {
      throw new Error(`the link is ${this.status}`)
    }

    const bytes = data.subarray()

    if (this.isRecording) {
      this.sent.push(bytes)
    }

    this.#onTheWay.push(bytes)
    this.#bytesOnTheWay += bytes.byteLength
    this.#schedule()
    this.writableNeedsDrain = this.#bytesOnTheWay >= (this.#options.highWaterBytes ?? Infinity)

    return !this.writableNeedsDrain
  }

  /** Lets what was held back arrive. */
  unstall (): void {
    this.isStalled = false
    this.#schedule()
  }

  /** Bytes arrive here, in this very turn. */
  receive (bytes: Uint8Array): void {
    const { pieceBytes = Infinity } = this.#options

    for (let from = 0; from < bytes.byteLength && this.status === 'open'; from += pieceBytes) {
      this.dispatchEvent(new StreamMessageEvent(new Uint8ArrayList(bytes.subarray(from, from + pieceBytes))))
    }
  }

  async close (): Promise<void> {
    await new Promise<void>((resolve) => { setImmediate(resolve) })
    this.end()
    this.peer?.end()
  }

  abort (error: Error): void {
    if (this.status === 'open') {
      this.status = 'aborted'
      this.abortedWith = error
      this.dispatchEvent(new StreamAbortEvent(error))
      this.peer?.reset()
    }
  }

  /** The connection ends without a word. */
  end (): void {
    if (this.status === 'open') {
      this.status = 'closed'
      this.dispatchEvent(new StreamCloseEvent())
    }
  }

  reset (): void {
    if (this.status === 'open') {
      this.status = 'reset'
      this.dispatchEvent(new StreamResetEvent(new Error('connection reset')))
    }
  }

  pause (): void {}
  resume (): void {}
  push (): void {}
  unshift (): void {}
  async onDrain (): Promise<void> {}

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array> {}

  #schedule (): void {
    if (!this.#isScheduled && !this.isStalled && this.#onTheWay.length > 0) {
      this.#isScheduled = true
      setImmediate(() => {
        this.#isScheduled = false
        this.#arrive()
      })
    }
  }

  #arrive (): void {
    if (this.isStalled) {
      return
    }

    const arriving = this.#onTheWay

    this.#onTheWay = []
    this.#bytesOnTheWay = 0

    for (const bytes of arriving) {
      this.peer?.receive(bytes)
    }

    if (this.writableNeedsDrain && this.status === 'open') {
      this.writableNeedsDrain = false
      this.dispatchEvent(new Event('drain'))
    }
  }
}

/** Two ends: of who dialled, and of who listened. */
export function link (options: LinkOptions = {}): [LinkEnd, LinkEnd] {
  const dialled = new LinkEnd('outbound', options)
  const listened = new LinkEnd('inbound', options)

  dialled.peer = listened
  listened.peer = dialled

  return [dialled, listened]
}
