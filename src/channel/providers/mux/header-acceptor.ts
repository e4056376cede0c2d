import { after } from '../../../base/index.ts'
import { ChannelError, REASON_CODE } from '../../contract/index.ts'
import { HeaderBlockReader } from './header-block.ts'
import type { MuxStream } from './mux-stream.ts'
import type { Clock, Timer } from '../../../base/index.ts'
import type { ChannelReason, LinkEvents, ProviderStream, StreamHeaders } from '../../contract/index.ts'

/** The headers of a stream are there by then; spec-channel 3.3. */
export const HEADER_TIMEOUT_MS = 10_000

export interface HeaderAcceptorInit {
  clock: Clock
  /** A stream whose headers are complete. Throwing refuses it. */
  onStream(stream: ProviderStream): void
}

/**
 * Takes streams on which the other side says headers first; spec-channel 3.2. How many wait for theirs is bounded by
 * how many the other side may open.
 */
export class HeaderAcceptor implements Disposable {
  readonly #init: HeaderAcceptorInit
  /** In the order of their deadlines. */
  readonly #expected = new Set<ExpectedHeaders>()
  /** One for all of them. */
  #timer: Timer | undefined

  constructor (init: HeaderAcceptorInit) {
    this.#init = init
  }

  accept (stream: MuxStream): void {
    const expected = new ExpectedHeaders(stream, this.#init.clock.now() + HEADER_TIMEOUT_MS, (headers) => {
      this.#expected.delete(expected)

      if (headers != null) {
        this.#give(stream)
      }
    })

    this.#expected.add(expected)
    this.#arm()
    stream.attach(expected)
    stream.resume()
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#expected.clear()
  }

  #give (stream: ProviderStream): void {
    try {
      this.#init.onStream(stream)
    } catch (thrown) {
      stream.reset(refusal(thrown))
    }
  }

  /** Nearly always the headers come along with the stream: so the timer is left to fire rather than set anew for each. */
  #arm (): void {
    const first = this.#expected.values().next().value

    if (this.#timer == null && first != null) {
      this.#timer = after(this.#init.clock, first.deadline - this.#init.clock.now(), () => { this.#expire() }, { background: true })
    }
  }

  #expire (): void {
    const now = this.#init.clock.now()

    this.#timer = undefined

    for (const expected of this.#expected) {
      if (expected.deadline > now) {
        break
      }

      this.#expected.delete(expected)
      expected.stream.reset({ code: REASON_CODE.protocolViolation, message: `the headers did not come within ${HEADER_TIMEOUT_MS} ms` })
    }

    this.#arm()
  }
}

/** A stream whose headers have not come yet. */
class ExpectedHeaders implements LinkEvents {
  readonly stream: MuxStream
  readonly deadline: number
  readonly #onOver: (headers: StreamHeaders | undefined) => void
  readonly #reader = new HeaderBlockReader()

  /** `onOver` is given the headers, or nothing when they will not come. */
  constructor (stream: MuxStream, deadline: number, onOver: (headers: StreamHeaders | undefined) => void) {
    this.stream = stream
    this.deadline = deadline
    this.#onOver = onOver
  }

  onData (bytes: Uint8Array): void {
    try {
      const block = this.#reader.read(bytes)

      if (block != null) {
        this.stream.pause()
        this.stream.begun(block.headers, block.rest)
        this.#onOver(block.headers)
      }
    } catch (thrown) {
      this.#refuse(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

  onEnd (): void {
    this.#refuse('the stream ended before its headers')
  }

  onRoom (): void {}

  onClose (): void {
    this.#onOver(undefined)
  }

  #refuse (message: string): void {
    this.#onOver(undefined)
    this.stream.reset({ code: REASON_CODE.protocolViolation, message })
  }
}

/** What a stream is reset with whose taker threw. */
function refusal (thrown: unknown): ChannelReason {
  if (thrown instanceof ChannelError && thrown.reason != null) {
    return thrown.reason
  }

  return { code: REASON_CODE.refused, message: thrown instanceof Error ? thrown.message : String(thrown) }
}
