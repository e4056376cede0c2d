import { after } from '../../../base/index.ts'
import { ChannelError, REASON_CODE } from '../../contract/index.ts'
import { HeadedStream } from './headed-stream.ts'
import { HeaderBlockReader } from './header-block.ts'
import type { Clock, Timer } from '../../../base/index.ts'
import type { ByteLink, ChannelReason, LinkEvents, ProviderStream } from '../../contract/index.ts'

/** The headers of a stream are there by then; spec-channel 3.3. */
export const HEADER_TIMEOUT_MS = 10_000

export interface HeaderAcceptorInit {
  clock: Clock
  /** A stream whose headers are complete, and the link that it was made of. Throwing refuses it. */
  onStream(stream: ProviderStream, link: ByteLink): void
}

interface Expected {
  readonly link: ByteLink
  readonly deadline: number
}

/**
 * Takes links on which the other side says headers first, and makes streams of them; spec-channel 3.2. How many
 * wait for theirs is bounded by how many the other side may open.
 */
export class HeaderAcceptor implements Disposable {
  readonly #init: HeaderAcceptorInit
  /** In the order of their deadlines. */
  readonly #expected = new Set<Expected>()
  /** One for all of them. */
  #timer: Timer | undefined

  constructor (init: HeaderAcceptorInit) {
    this.#init = init
  }

  accept (link: ByteLink): void {
    const expected = { link, deadline: this.#init.clock.now() + HEADER_TIMEOUT_MS }

    this.#expected.add(expected)
    this.#arm()
    link.attach(this.#reading(expected))
    link.resume()
  }

  [Symbol.dispose] (): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#expected.clear()
  }

  #reading (expected: Expected): LinkEvents {
    const { link } = expected
    const reader = new HeaderBlockReader()
    const refuse = (message: string): void => {
      this.#expected.delete(expected)
      link.reset({ code: REASON_CODE.protocolViolation, message })
    }

    return {
      onData: (bytes) => {
        try {
          const block = reader.read(bytes)

          if (block != null) {
            this.#expected.delete(expected)
            link.pause()
            this.#give(new HeadedStream(link, block.headers, block.rest), link)
          }
        } catch (thrown) {
          refuse(thrown instanceof Error ? thrown.message : String(thrown))
        }
      },
      onEnd: () => { refuse('the stream ended before its headers') },
      onRoom () {},
      onClose: () => { this.#expected.delete(expected) }
    }
  }

  #give (stream: ProviderStream, link: ByteLink): void {
    try {
      this.#init.onStream(stream, link)
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
      expected.link.reset({ code: REASON_CODE.protocolViolation, message: `the headers did not come within ${HEADER_TIMEOUT_MS} ms` })
    }

    this.#arm()
  }
}

/** What a stream is reset with whose taker threw. */
function refusal (thrown: unknown): ChannelReason {
  if (thrown instanceof ChannelError && thrown.reason != null) {
    return thrown.reason
  }

  return { code: REASON_CODE.refused, message: thrown instanceof Error ? thrown.message : String(thrown) }
}
