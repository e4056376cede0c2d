import { toError } from '../../base/index.ts'
import { copy, pipe } from '../../channel/index.ts'
import { errorMessage, ServiceError } from '../../service/index.ts'
import type { Receiver, Sender } from '../../channel/index.ts'
import type { Message } from '../../service/index.ts'

/** What several sources say, as one: at the pace of whoever reads, up to the end of the last of them. */
export class MergedStream {
  readonly output: Receiver<Message>
  readonly #out: Sender<Message>
  readonly #sources = new Set<string>()
  #active = 0
  #hasEnded = false

  constructor () {
    const [output, out] = pipe<Message>()

    this.output = output
    this.#out = out
    void out.closed.then(() => { this.#hasEnded = true })
  }

  get hasEnded (): boolean {
    return this.#hasEnded
  }

  /** Whether it hears a source of that name. */
  has (name: string): boolean {
    return this.#sources.has(name)
  }

  /** Adds a source. When it is lost, an error among the messages says so, and the others go on. */
  add (name: string, source: Receiver<Message>): void {
    if (this.#hasEnded) {
      source.cancel()
      return
    }

    this.#sources.add(name)
    this.#active++
    void this.#copy(name, source)
  }

  async #copy (name: string, source: Receiver<Message>): Promise<void> {
    try {
      await copy(this.#out, source)
      this.#sources.delete(name)
    } catch (thrown) {
      this.#sources.delete(name) // before it is told: who comes back meanwhile is heard again
      await this.#tell(name, toError(thrown))
    }

    if (--this.#active === 0 && !this.#hasEnded) {
      this.#hasEnded = true
      await this.#out.close().catch(() => {}) // whoever read it has gone
    }
  }

  async #tell (name: string, error: Error): Promise<void> {
    if (this.#hasEnded) {
      return // whoever read it has gone
    }

    try {
      await this.#out.send(errorMessage(new ServiceError('Unavailable', `lost ${name}: ${error.message}`, { cause: error })))
    } catch {
      // so has whoever read it
    }
  }
}
