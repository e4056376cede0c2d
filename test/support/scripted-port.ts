import type { NegotiationPort } from '../../src/swarm/stream/index.ts'

/** A port whose peer says what the test tells it to say, in the pieces in which the test says it. */
export class ScriptedPort implements NegotiationPort {
  /** What was sent, a message of the transport each. */
  readonly sent: Uint8Array[] = []
  readonly #incoming: Array<Uint8Array | null> = []
  #wake: (() => void) | undefined

  get buffered (): number {
    return this.#incoming.reduce((sum, chunk) => sum + (chunk?.byteLength ?? 0), 0)
  }

  get sentText (): string[] {
    return this.sent.map((bytes) => new TextDecoder().decode(bytes))
  }

  /** The peer says this; null is its end. */
  say (...chunks: Array<Uint8Array | null>): this {
    this.#incoming.push(...chunks)
    this.#wake?.()

    return this
  }

  async read (signal?: AbortSignal): Promise<Uint8Array | null> {
    while (this.#incoming.length === 0) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()

      this.#wake = resolve
      signal?.addEventListener('abort', () => { reject(signal.reason) }, { once: true })
      await promise
    }

    return this.#incoming.shift() ?? null
  }

  unread (bytes: Uint8Array): void {
    if (bytes.byteLength > 0) {
      this.#incoming.unshift(bytes)
    }
  }

  sendNow (bytes: Uint8Array): void {
    this.sent.push(bytes)
  }
}
