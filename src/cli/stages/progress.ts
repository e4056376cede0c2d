import { after } from '../../base/index.ts'
import type { Clock, Timer } from '../../base/index.ts'
import type { Sink } from '../sink.ts'

/** Work that is done sooner is shown nothing of. */
export const PROGRESS_AFTER_MS = 2_000

const EVERY_MS = 500

const ERASE_LINE = '\r\u001b[K'

export interface ProgressInit {
  readonly sink: Sink
  readonly clock: Clock
}

/** A line about bytes that pass, on a terminal: how many, how fast, for how long. It gives way to what else is written there. */
export class Progress implements AsyncDisposable {
  readonly #sink: Sink
  readonly #clock: Clock
  readonly #startedAt: number
  #timer: Timer | undefined
  #bytes = 0
  #isShown = false

  constructor ({ sink, clock }: ProgressInit) {
    this.#sink = sink
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#timer = after(clock, PROGRESS_AFTER_MS, () => { this.#show() })
  }

  add (bytes: number): void {
    this.#bytes += bytes
  }

  /** Takes the line away, before something else is written. It comes back by itself. */
  async giveWay (): Promise<void> {
    if (this.#isShown) {
      this.#isShown = false
      await this.#sink.write(ERASE_LINE)
    }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.giveWay()
  }

  #show (): void {
    const elapsedMs = this.#clock.now() - this.#startedAt

    this.#isShown = true
    this.#timer = after(this.#clock, EVERY_MS, () => { this.#show() })
    void this.#sink.write(`${ERASE_LINE}${progressText(this.#bytes, elapsedMs)}`)
  }
}

/** As `12.3 MiB  4.1 MiB/s  0:03`. */
export function progressText (bytes: number, elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000)
  const rate = elapsedMs <= 0 ? 0 : bytes / (elapsedMs / 1000)

  return `${size(bytes)}  ${size(rate)}/s  ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function size (bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))

  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? 'B'}`
}
