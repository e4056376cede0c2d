import { HEADER } from '../../contract/index.ts'
import { MAX_UINT31 } from './constants.ts'
import type { SpdyStream } from './spdy-stream.ts'

/** The streams of one connection: those that are open, and those of ours that wait until fewer are. */
export class StreamTable {
  readonly #maxOpenStreams: number
  readonly #parity: number
  readonly #open = new Map<number, SpdyStream>()
  readonly #waiting = new Set<SpdyStream>()
  /** By their number (spec-channel 2.3), of which Go libchan makes the same on both sides. */
  readonly #oursByRef = new Map<string, SpdyStream>()
  readonly #theirsByRef = new Map<string, SpdyStream>()
  #nextId: number
  #ours = 0
  /** Of ours, those that have a place; they get their ID when they are announced. */
  readonly #placed = new Set<SpdyStream>()
  /** The last that the other side opened, or 0. */
  lastInboundId = 0

  /** The initiator has odd stream IDs; spec-channel 11.1. */
  constructor (isInitiator: boolean, maxOpenStreams: number) {
    this.#maxOpenStreams = maxOpenStreams
    this.#nextId = isInitiator ? 1 : 2
    this.#parity = this.#nextId % 2
  }

  get openCount (): number {
    return this.#placed.size
  }

  get waitingCount (): number {
    return this.#waiting.size
  }

  get inboundCount (): number {
    return this.#open.size - this.#ours
  }

  /** Whether the other side may open one more. */
  get canAccept (): boolean {
    return this.inboundCount < this.#maxOpenStreams
  }

  /** Whether another stream of ours can be had, if only to wait. */
  get canOpen (): boolean {
    const hasRoom = this.#placed.size < this.#maxOpenStreams || this.#waiting.size < this.#maxOpenStreams

    return hasRoom && this.#hasIds
  }

  /** IDs are not used again. What is placed or waits may all have to get one yet. */
  get #hasIds (): boolean {
    return this.#nextId + 2 * (this.#placed.size + this.#waiting.size) <= MAX_UINT31
  }

  get (streamId: number): SpdyStream | undefined {
    return this.#open.get(streamId)
  }

  /** Whether a stream with this ID was ever opened. */
  isKnown (streamId: number): boolean {
    return streamId % 2 === this.#parity ? streamId < this.#nextId : streamId <= this.lastInboundId
  }

  /** Whether the other side may open a stream with this ID. */
  isNext (streamId: number): boolean {
    return streamId % 2 !== this.#parity && streamId > this.lastInboundId
  }

  /** Whether the stream can be announced now; otherwise it waits. */
  place (stream: SpdyStream): boolean {
    const hasPlace = this.#placed.size < this.#maxOpenStreams

    this.#oursByRef.set(stream.headers[HEADER.ref] ?? '', stream)

    if (hasPlace) {
      this.#placed.add(stream)
    } else {
      this.#waiting.add(stream)
    }

    return hasPlace
  }

  /** The ID of a stream of ours that has a place. */
  name (stream: SpdyStream): number {
    const id = this.#nextId

    this.#nextId += 2
    this.#ours++
    this.#open.set(id, stream)

    return id
  }

  accept (stream: SpdyStream): void {
    this.#open.set(stream.id, stream)
    this.#theirsByRef.set(stream.headers[HEADER.ref] ?? '', stream)
  }

  /** Streams of which one has the messages that refer to this one. */
  carriersOf ({ headers }: SpdyStream): SpdyStream[] {
    const ref = headers[HEADER.parent] ?? '0'

    if (ref === '0') {
      return []
    }

    return [this.#oursByRef.get(ref), this.#theirsByRef.get(ref)].filter((stream) => stream != null)
  }

  /** The stream of ours that takes the place of one that has ended, if one waits. */
  remove (stream: SpdyStream): SpdyStream | undefined {
    this.#waiting.delete(stream)
    forget(this.#oursByRef, stream)
    forget(this.#theirsByRef, stream)

    const wasOpen = this.#open.delete(stream.id)

    if (!this.#placed.delete(stream)) {
      return undefined
    }

    if (wasOpen) {
      this.#ours--
    }

    const next = this.#waiting.values().next().value

    if (next != null) {
      this.#waiting.delete(next)
      this.#placed.add(next)
    }

    return next
  }

  /** All of them, those that wait too. */
  all (): SpdyStream[] {
    return [...new Set([...this.#open.values(), ...this.#placed, ...this.#waiting])]
  }

  /** Whether something that was written on an open stream has not left. */
  get isUnsent (): boolean {
    return [...this.#open.values()].some((stream) => stream.isUnsent)
  }
}

function forget (byRef: Map<string, SpdyStream>, stream: SpdyStream): void {
  const ref = stream.headers[HEADER.ref] ?? ''

  if (byRef.get(ref) === stream) {
    byRef.delete(ref)
  }
}
