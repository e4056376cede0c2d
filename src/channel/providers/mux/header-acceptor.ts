import { SharedTimeout } from '../../../base/index.ts'
import { ChannelError, REASON_CODE } from '../../contract/index.ts'
import { HeaderBlockReader } from './header-block.ts'
import type { MuxStream } from './mux-stream.ts'
import type { Clock, Pending } from '../../../base/index.ts'
import type { ChannelReason, LinkEvents, ProviderStream } from '../../contract/index.ts'

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
  readonly #timeout: SharedTimeout

  constructor (init: HeaderAcceptorInit) {
    this.#init = init
    this.#timeout = new SharedTimeout(init.clock, HEADER_TIMEOUT_MS, { background: true })
  }

  accept (stream: MuxStream): void {
    const expected = new ExpectedHeaders(stream, (hasCome) => {
      this.#timeout.delete(expected)

      if (hasCome) {
        this.#give(stream)
      }
    })

    this.#timeout.add(expected)
    stream.attach(expected)
    stream.resume()
  }

  [Symbol.dispose] (): void {
    this.#timeout[Symbol.dispose]()
  }

  #give (stream: ProviderStream): void {
    try {
      this.#init.onStream(stream)
    } catch (thrown) {
      stream.reset(refusal(thrown))
    }
  }
}

/** A stream whose headers have not come yet. */
class ExpectedHeaders implements LinkEvents, Pending {
  readonly #stream: MuxStream
  readonly #onOver: (hasCome: boolean) => void
  readonly #reader = new HeaderBlockReader()

  /** `onOver` is told whether the headers have come or will not. */
  constructor (stream: MuxStream, onOver: (hasCome: boolean) => void) {
    this.#stream = stream
    this.#onOver = onOver
  }

  onData (bytes: Uint8Array): void {
    try {
      const block = this.#reader.read(bytes)

      if (block != null) {
        this.#stream.pause()
        this.#stream.begun(block.headers, block.rest)
        this.#onOver(true)
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
    this.#onOver(false)
  }

  onTimeout (): void {
    this.#refuse(`the headers did not come within ${HEADER_TIMEOUT_MS} ms`)
  }

  #refuse (message: string): void {
    this.#onOver(false)
    this.#stream.reset({ code: REASON_CODE.protocolViolation, message })
  }
}

/** What a stream is reset with whose taker threw. */
function refusal (thrown: unknown): ChannelReason {
  if (thrown instanceof ChannelError && thrown.reason != null) {
    return thrown.reason
  }

  return { code: REASON_CODE.refused, message: thrown instanceof Error ? thrown.message : String(thrown) }
}
