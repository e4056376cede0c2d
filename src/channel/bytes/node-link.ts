import { CodedError } from '../../base/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { failedBeneath, moved, resetElsewhere, resetHere } from './byte-errors.ts'
import { ChunkReader } from './chunk-bytes.ts'
import { ignoreErrors, keepHalfOpen, resetSocket } from './node-stream.ts'
import type { NodeSides, NodeStream } from './node-stream.ts'
import type { ByteLink, ChannelReason, LinkEvents } from '../contract/index.ts'

/** Streams that have a link; a second one would take bytes from the first. */
const taken = new WeakSet<NodeStream>()

/** Whether somebody has the bytes of this stream already. */
export function isTaken (stream: NodeStream): boolean {
  return taken.has(stream)
}

/** A link over a stream of Node. It does not listen before it is first used. */
export class NodeLink implements ByteLink {
  readonly #stream: NodeStream
  readonly #sides: NodeSides
  readonly #what: string
  readonly #chunks: ChunkReader
  #events: LinkEvents | undefined
  #isStarted = false
  #isPaused = true
  /** Whether nothing more comes; the end may have to wait until it can be told. */
  #isReadOut: boolean
  #hasToldEnd = false
  #mustEnd: boolean
  #isFinished: boolean
  #isClosed = false

  constructor (stream: NodeStream, sides: NodeSides) {
    this.#stream = stream
    this.#sides = sides
    this.#what = `the ${stream.constructor.name}`
    this.#chunks = new ChunkReader(this.#what)
    this.#isReadOut = !sides.isReadable
    this.#mustEnd = this.#isFinished = !sides.isWritable
  }

  attach (events: LinkEvents): void {
    this.#events = events
  }

  pause (): void {
    this.#isPaused = true

    if (this.#isStarted && !this.#isReadOut && !this.#isClosed) {
      this.#stream.pause?.()
    }
  }

  resume (): void {
    this.#isPaused = false
    this.#start()

    if (this.#isReadOut) {
      this.#tellEnd()
    } else if (!this.#isClosed) {
      this.#stream.resume?.()
    }
  }

  write (bytes: Uint8Array): boolean {
    this.#start()

    if (this.#mustEnd || this.#isClosed) {
      return true
    }

    return this.#stream.write?.(bytes) ?? true
  }

  end (): void {
    this.#start()

    if (this.#mustEnd || this.#isClosed) {
      return
    }

    this.#mustEnd = true

    if (this.#sides.isStdio) {
      // it stays open for others; what was written before has left when this has
      this.#stream.write?.('', this.#onFinish)
    } else {
      this.#stream.end?.()
    }
  }

  reset (reason: ChannelReason): void {
    this.#start()

    // whoever reads no longer has nothing to complain of
    const isUnwanted = reason.code === REASON_CODE.cancelled && !this.#sides.isWritable

    this.#fail(resetHere(reason), isUnwanted ? undefined : resetElsewhere(reason))
  }

  #start (): void {
    if (this.#isStarted) {
      return
    }

    this.#isStarted = true

    if (taken.has(this.#stream)) {
      this.#isClosed = true
      this.#events?.onClose(moved())
      return
    }

    if (!this.#sides.isStdio) {
      taken.add(this.#stream)
    }

    this.#listen('on')
    this.#catchUp()
  }

  #listen (method: 'on' | 'off'): void {
    const { isReadable, isWritable } = this.#sides

    this.#stream[method]('error', this.#onError)
    this.#stream[method]('close', this.#onClose)

    if (isReadable) {
      this.#stream.pause?.() // a first listener for data would let it flow
      this.#stream[method]('data', this.#onData)
      this.#stream[method]('end', this.#onEnd)
    }

    if (isWritable) {
      this.#stream[method]('drain', this.#onDrain)
      this.#stream[method]('finish', this.#onFinish)
    }
  }

  /** It may have ended before it came to us. */
  #catchUp (): void {
    const { readableEnded, writableEnded, destroyed, errored } = this.#stream

    this.#isReadOut ||= readableEnded === true

    const isCut = destroyed === true && !this.#isReadOut
    const isUseless = this.#sides.isWritable && (destroyed === true || writableEnded === true)

    if (errored != null) {
      this.#onError(errored)
    } else if (isCut || isUseless) {
      this.#onError(new CodedError('StreamClosed', `${this.#what} had ended, or was destroyed, before it was sent`))
    } else {
      keepHalfOpen(this.#stream)
    }
  }

  readonly #onData = (chunk: unknown): void => {
    try {
      this.#push(this.#chunks.toBytes(chunk))
    } catch (error) {
      this.#onError(error)
    }
  }

  readonly #onEnd = (): void => {
    this.#push(this.#chunks.end())
    this.#isReadOut = true
    this.#tellEnd()
  }

  readonly #onDrain = (): void => { this.#events?.onRoom() }

  readonly #onFinish = (): void => {
    this.#isFinished = true
    this.#checkClosed()
  }

  readonly #onError = (thrown: unknown): void => { this.#fail(failedBeneath(this.#what, thrown), undefined) }

  readonly #onClose = (): void => {
    if (!this.#isReadOut || !this.#isFinished) {
      this.#onError(new Error('it was closed before its end'))
    }
  }

  #push (bytes: Uint8Array): void {
    if (bytes.byteLength > 0) {
      this.#events?.onData(bytes)
    }
  }

  #tellEnd (): void {
    if (!this.#isPaused && !this.#hasToldEnd && !this.#isClosed) {
      this.#hasToldEnd = true
      this.#events?.onEnd()
      this.#checkClosed()
    }
  }

  #checkClosed (): void {
    if (this.#isFinished && this.#hasToldEnd && !this.#isClosed) {
      this.#isClosed = true
      this.#leave()
      this.#events?.onClose()
    }
  }

  #fail (error: Error, beneath: Error | undefined): void {
    if (this.#isClosed) {
      return
    }

    this.#isClosed = true
    this.#leave()

    if (this.#sides.isStdio) {
      ignoreErrors(this.#stream)
    } else {
      resetSocket(this.#stream)
      this.#stream.destroy?.(beneath)
    }

    this.#events?.onClose(error)
  }

  /** What goes wrong from now on concerns nobody, and must not end the process. */
  #leave (): void {
    if (!this.#sides.isStdio) {
      ignoreErrors(this.#stream)
    }

    this.#listen('off')
  }
}
