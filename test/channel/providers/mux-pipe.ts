import { CodedError } from '../../../src/base/index.ts'
import { ChannelError, describeReason } from '../../../src/channel/contract/index.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../../../src/channel/contract/index.ts'

export interface LinkPairOptions {
  /** Bytes on the way at which `write` returns false; `onRoom` follows when all have arrived. */
  highWaterBytes?: number
  /** Cuts what arrives into pieces of at most so many bytes. */
  pieceBytes?: number
}

/** One end of a byte pipe in memory. What is written arrives in a later turn of the event loop. */
export class PipeLink implements ByteLink {
  /** All that was written here. */
  readonly written: Uint8Array[] = []
  /** While true nothing that was written here arrives at the other end. */
  isStalled = false
  /** Whether `written` is kept. */
  isRecording = true
  resetWith: ChannelReason | undefined
  isClosed = false
  /** Whether the other side has seen our end. */
  hasEnded = false
  peer: PipeLink | undefined
  /** Bytes on the way at which `write` returns false. */
  highWaterBytes: number
  readonly #options: LinkPairOptions
  #events: LinkEvents | undefined
  #isPaused = true
  #inbox: Uint8Array[] = []
  #onTheWay = 0
  #needsRoom = false
  #isEnding = false
  #isScheduled = false
  #remoteEnd: 'none' | 'come' | 'told' = 'none'

  constructor (options: LinkPairOptions) {
    this.#options = options
    this.highWaterBytes = options.highWaterBytes ?? Infinity
  }

  attach (events: LinkEvents): void {
    this.#events = events
    this.schedule()
  }

  pause (): void {
    this.#isPaused = true
  }

  resume (): void {
    this.#isPaused = false
    this.schedule()
  }

  write (bytes: Uint8Array): boolean {
    if (this.#isEnding || this.isClosed) {
      return true
    }

    if (this.isRecording) {
      this.written.push(bytes)
    }

    this.#onTheWay += bytes.byteLength
    this.peer?.take(bytes)
    this.#needsRoom = this.#onTheWay >= this.highWaterBytes

    return !this.#needsRoom
  }

  end (): void {
    this.#isEnding = true
    this.peer?.schedule()
    this.schedule()
  }

  reset (reason: ChannelReason): void {
    if (!this.isClosed) {
      this.resetWith = reason
      this.#close(new ChannelError('StreamAborted', describeReason(reason), { reason }))
      this.peer?.lose(new CodedError('ConnectionLost', 'the pipe was reset'))
    }
  }

  /** The pipe breaks, as this end sees it. */
  lose (error: Error = new CodedError('ConnectionLost', 'the pipe broke')): void {
    this.#close(error)
  }

  /** Lets what was held back arrive. */
  unstall (): void {
    this.isStalled = false
    this.peer?.schedule()
  }

  get text (): string {
    return Buffer.concat(this.written).toString('latin1')
  }

  take (bytes: Uint8Array): void {
    this.#inbox.push(bytes)
    this.schedule()
  }

  schedule (): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true
      setImmediate(() => {
        this.#isScheduled = false
        this.#arrive()
      })
    }
  }

  #arrive (): void {
    while (!this.#isPaused && !this.isClosed && this.#events != null && this.#inbox.length > 0 && this.peer?.isStalled === false) {
      this.#deliver(this.#inbox.shift() as Uint8Array)
    }

    const peer = this.peer
    const isOver = peer?.isEnding === true && this.#inbox.length === 0 && !peer.isStalled

    if (isOver && !this.#isPaused && this.#events != null && !this.isClosed && this.#remoteEnd === 'none') {
      this.#remoteEnd = 'told'
      peer.hasEnded = true
      peer.schedule()
      this.#events.onEnd()
    }

    if (this.#remoteEnd === 'told' && this.hasEnded) {
      this.#close(undefined)
    }
  }

  get isEnding (): boolean {
    return this.#isEnding
  }

  #deliver (bytes: Uint8Array): void {
    const { pieceBytes = Infinity } = this.#options

    for (let from = 0; from < bytes.byteLength; from += pieceBytes) {
      const piece = bytes.subarray(from, from + pieceBytes)

      if (this.#isPaused) {
        this.#inbox.unshift(bytes.subarray(from))
        break
      }

      this.peer?.arrived(piece.byteLength)
      this.#events?.onData(piece)
    }
  }

  arrived (bytes: number): void {
    this.#onTheWay -= bytes

    if (this.#needsRoom && this.#onTheWay === 0) {
      this.#needsRoom = false
      setImmediate(() => { this.#events?.onRoom() })
    }
  }

  #close (error: Error | undefined): void {
    if (!this.isClosed) {
      this.isClosed = true
      queueMicrotask(() => { this.#events?.onClose(error) })
    }
  }
}

/** Two ends of one pipe. */
export function linkPair (options: LinkPairOptions = {}): [PipeLink, PipeLink] {
  const near = new PipeLink(options)
  const far = new PipeLink(options)

  near.peer = far
  far.peer = near

  return [near, far]
}
