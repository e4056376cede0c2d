import { ChannelError, describeReason } from '../channel/index.ts'
import type { LinkEvents, ProviderStream, StreamHeaders } from '../channel/index.ts'

/** What is left of a stream that was reset before it was taken up: its headers and the reason. */
export class ResetStream implements ProviderStream {
  readonly headers: StreamHeaders
  readonly #code: number
  #hasEnded = false

  constructor (headers: StreamHeaders, code: number) {
    this.headers = headers
    this.#code = code
  }

  attach (events: LinkEvents): void {
    queueMicrotask(() => {
      if (!this.#hasEnded) {
        const reason = { code: this.#code, message: '' }

        this.#hasEnded = true
        events.onClose(new ChannelError('StreamReset', `the other side reset the stream: ${describeReason(reason)}`, { reason }))
      }
    })
  }

  write (): boolean {
    return true
  }

  pause (): void {}
  resume (): void {}
  end (): void {}
  reset (): void {}
}
