import { DEFAULT_WINDOW_BYTES, MAX_UINT31, STREAM_WINDOW_BYTES } from './constants.ts'

/** A stream that waits for credit. */
export interface Starving {
  onCredit(): void
}

/**
 * What we may send. A peer whose first frame is SETTINGS with a window grants credit; any other is Go libchan,
 * which grants none and takes all. Until something came the smallest window of SPDY holds; spec-channel 11.4.
 */
export class SendCredit {
  #mode: 'unknown' | 'windows' | 'unlimited' = 'unknown'
  /** Of each stream, before what it was granted and what it sent. */
  streamWindow = DEFAULT_WINDOW_BYTES
  #session = DEFAULT_WINDOW_BYTES
  /** What all streams have sent. */
  spent = 0
  readonly #starving = new Set<Starving>()

  get isUnknown (): boolean {
    return this.#mode === 'unknown'
  }

  get hasWindows (): boolean {
    return this.#mode === 'windows'
  }

  /** What all streams together may send now. */
  get available (): number {
    return this.#mode === 'unlimited' ? Infinity : this.#session
  }

  /** What a stream may send that was granted `granted` bytes and has sent `sent`. */
  availableTo (granted: number, sent: number): number {
    return this.#mode === 'unlimited' ? Infinity : Math.min(this.#session, this.streamWindow + granted - sent)
  }

  spend (bytes: number): void {
    this.#session -= bytes
    this.spent += bytes
  }

  /** The peer has no windows. */
  lift (): void {
    this.#mode = 'unlimited'
    this.#feed()
  }

  /** The peer has windows, and streams begin with this one. */
  setWindow (bytes: number): void {
    this.#mode = 'windows'
    this.streamWindow = bytes
    this.#feed()
  }

  /** Whether the sum is one that SPDY knows. */
  grant (bytes: number): boolean {
    this.#session += bytes
    this.#feed()

    return bytes > 0 && this.#session <= MAX_UINT31
  }

  /** Tells `stream` when there is more for all, or for each. */
  await (stream: Starving): void {
    this.#starving.add(stream)
  }

  forget (stream: Starving): void {
    this.#starving.delete(stream)
  }

  #feed (): void {
    for (const stream of [...this.#starving]) {
      this.#starving.delete(stream)
      stream.onCredit()
    }
  }
}

/** What the other side may send on one stream: as much as we keep of it, and again as much as was read. */
export class ReceiveWindow {
  #left = STREAM_WINDOW_BYTES
  #consumed = 0

  /** Whether the bytes were allowed. */
  receive (bytes: number): boolean {
    this.#left -= bytes

    return this.#left >= 0
  }

  /** What to grant now: nothing until it is worth a frame. */
  consume (bytes: number): number {
    this.#consumed += bytes

    if (this.#consumed < STREAM_WINDOW_BYTES / 2) {
      return 0
    }

    const granted = this.#consumed

    this.#left += granted
    this.#consumed = 0

    return granted
  }
}
