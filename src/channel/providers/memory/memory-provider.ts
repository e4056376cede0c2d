import { CodedError, TransientMap, TransientSet } from '../../../base/index.ts'
import { REASON_CODE, SESSION_DEFAULTS } from '../../contract/index.ts'
import { MemoryLink } from './memory-link.ts'
import type { CallOptions, ProviderEvents, StreamHeaders, StreamProvider } from '../../contract/index.ts'

/** What may lie unread at one end of a stream before its writer is held back. */
const BUFFER_BYTES = 256 * 1024

export interface MemoryInit {
  /** Streams that each side may have opened at a time; as many more wait. */
  maxOpenStreams?: number | undefined
  /** What may lie unread in one direction of a stream, in bytes. */
  bufferBytes?: number | undefined
  /** What stands behind `memory:` in the addresses. */
  name?: string | undefined
  /** To imitate other transports. `records` unless given. */
  framing?: 'records' | 'values' | undefined
  /** To imitate older peers. 1 unless given. */
  peerVersion?: number | undefined
}

interface Settings {
  readonly maxOpenStreams: number
  readonly bufferBytes: number
  readonly remoteAddress: string
  readonly framing: 'records' | 'values'
  readonly peerVersion: number
}

/** Two ends within one process, the first of which is the initiator; spec-channel 12.6. */
export function memoryProviders (init: MemoryInit = {}): [StreamProvider, StreamProvider] {
  const settings: Settings = {
    maxOpenStreams: init.maxOpenStreams ?? SESSION_DEFAULTS.maxOpenStreams,
    bufferBytes: init.bufferBytes ?? BUFFER_BYTES,
    remoteAddress: `memory:${init.name ?? ''}`,
    framing: init.framing ?? 'records',
    peerVersion: init.peerVersion ?? 1
  }
  const initiator = new MemoryProvider(settings, true)
  const acceptor = new MemoryProvider(settings, false)

  MemoryProvider.join(initiator, acceptor)

  return [initiator, acceptor]
}

class MemoryProvider implements StreamProvider {
  readonly name = 'memory'
  readonly remoteAddress: string
  readonly isInitiator: boolean
  readonly framing: 'records' | 'values'
  readonly peerVersion: number
  readonly #maxOpenStreams: number
  readonly #bufferBytes: number
  #other: MemoryProvider | undefined
  #events: ProviderEvents | undefined
  /** Streams of both sides that have not ended. */
  readonly #links = new TransientSet<MemoryLink>()
  /** Streams that we opened and the other side was told of. */
  readonly #open = new TransientSet<MemoryLink>()
  /** Streams that we opened and that wait for one of those to end, with the ends that the other side gets. */
  readonly #waiting = new TransientMap<MemoryLink, MemoryLink>()
  /** Streams of the other side that wait to be told. */
  #arrived: MemoryLink[] = []
  #end: { readonly error: Error | undefined } | undefined

  constructor (settings: Settings, isInitiator: boolean) {
    this.remoteAddress = settings.remoteAddress
    this.framing = settings.framing
    this.peerVersion = settings.peerVersion
    this.isInitiator = isInitiator
    this.#maxOpenStreams = settings.maxOpenStreams
    this.#bufferBytes = settings.bufferBytes
  }

  static join (a: MemoryProvider, b: MemoryProvider): void {
    a.#other = b
    b.#other = a
  }

  start (events: ProviderEvents): void {
    this.#events = events

    if (this.#arrived.length > 0) {
      queueMicrotask(this.#tellArrived)
    }

    if (this.#end != null) {
      queueMicrotask(this.#tellEnd)
    }
  }

  open (headers: StreamHeaders): MemoryLink {
    const other = this.#other

    if (this.#end != null || other == null) {
      throw this.#end?.error ?? new CodedError('SessionClosed', 'no stream can be opened: the session is closed')
    }

    if (this.#open.size >= this.#maxOpenStreams && this.#waiting.size >= this.#maxOpenStreams) {
      throw new CodedError('ResourceLimit', `no stream can be opened: ${this.#open.size} of at most ${this.#maxOpenStreams} are open and ${this.#waiting.size} wait`)
    }

    const ours = this.#createLink(headers)
    const theirs = other.#createLink(headers)

    MemoryLink.join(ours, theirs)

    if (this.#open.size < this.#maxOpenStreams) {
      this.#announce(ours, theirs)
    } else {
      this.#waiting.set(ours, theirs)
    }

    return ours
  }

  async close ({ signal }: CallOptions = {}): Promise<void> {
    if (signal?.aborted === true) {
      this.abort(new CodedError('SessionClosed', 'the session was closed in a hurry', { cause: signal.reason }))
      throw signal.reason
    }

    const closed = new CodedError('SessionClosed', 'the session was closed')

    this.finish(closed, undefined)
    this.#other?.finish(closed, undefined)
  }

  abort (error: Error): void {
    const lost = new CodedError('ConnectionLost', 'the other side aborted the session')

    this.finish(error, error)
    this.#other?.finish(lost, lost)
  }

  #createLink (headers: StreamHeaders): MemoryLink {
    const link = new MemoryLink({ headers, bufferBytes: this.#bufferBytes, onGone: this.#forget })

    this.#links.add(link)

    return link
  }

  readonly #forget = (link: MemoryLink): void => {
    this.#links.delete(link)
    this.#waiting.delete(link)

    if (!this.#open.delete(link) || this.#end != null) {
      return
    }

    const next = this.#waiting.first()

    if (next != null) {
      this.#waiting.delete(next[0])
      this.#announce(...next)
    }
  }

  #announce (ours: MemoryLink, theirs: MemoryLink): void {
    this.#open.add(ours)
    this.#other?.accept(theirs)
  }

  accept (link: MemoryLink): void {
    this.#arrived.push(link)

    if (this.#arrived.length === 1 && this.#events != null) {
      queueMicrotask(this.#tellArrived)
    }
  }

  readonly #tellArrived = (): void => {
    const arrived = this.#arrived

    this.#arrived = []

    for (const link of arrived) {
      try {
        this.#events?.onStream(link)
      } catch (error) {
        link.reset({ code: REASON_CODE.refused, message: error instanceof Error ? error.message : '' })
      }
    }
  }

  finish (streamError: Error, error: Error | undefined): void {
    if (this.#end != null) {
      return
    }

    this.#end = { error }

    for (const link of this.#links) {
      link.fail(streamError)
    }

    // the links told their owners in microtasks that were made before this one
    if (this.#events != null) {
      queueMicrotask(this.#tellEnd)
    }
  }

  readonly #tellEnd = (): void => {
    this.#events?.onClose(this.#end?.error)
  }
}
