import type { Clock, Timer } from '../base/index.ts'

/** Tells when nothing has happened for a while. Costs one timer a period, however much happens. */
export class IdleTimer implements Disposable {
  readonly #clock: Clock
  readonly #onIdle: (silentMs: number) => void
  #timeoutMs = Infinity
  #lastTouch: number
  #timer: Timer | undefined

  constructor (clock: Clock, onIdle: (silentMs: number) => void) {
    this.#clock = clock
    this.#onIdle = onIdle
    this.#lastTouch = clock.now()
  }

  get timeoutMs (): number {
    return this.#timeoutMs
  }

  /** 0 and `Infinity` are never. */
  set timeoutMs (ms: number) {
    this.#timeoutMs = ms
    this.touch()
    this.#arm()
  }

  touch (): void {
    this.#lastTouch = this.#clock.now()
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #arm (): void {
    this[Symbol.dispose]()

    if (this.#timeoutMs > 0 && this.#timeoutMs !== Infinity) {
      this.#timer = this.#clock.at(this.#lastTouch + this.#timeoutMs, () => { this.#check() }, { background: true })
    }
  }

  #check (): void {
    const silentMs = this.#clock.now() - this.#lastTouch

    if (silentMs >= this.#timeoutMs) {
      this[Symbol.dispose]()
      this.#onIdle(silentMs)
    } else {
      this.#arm()
    }
  }
}
