/** Lines that wait for whoever listens; more are dropped, and counted. */
export const MAX_WAITING_LINES = 256

/** Says lines without ever making anybody wait: who listens slowly, or not at all, misses some. */
export class Chatter {
  readonly #say: (line: string) => Promise<void>
  readonly #waiting: string[] = []
  #dropped = 0
  #isSaying = false
  #said: Promise<void> = Promise.resolve()

  /** `say` resolves when the line was heard; when it rejects, nobody listens. */
  constructor (say: (line: string) => Promise<void>) {
    this.#say = say
  }

  say (line: string): void {
    if (this.#waiting.length >= MAX_WAITING_LINES) {
      this.#dropped++
      return
    }

    this.#waiting.push(line)

    if (!this.#isSaying) {
      this.#isSaying = true
      this.#said = this.#sayAll()
    }
  }

  /** Resolves when all has been said, or nobody wants to hear it. */
  async flush (): Promise<void> {
    await this.#said
  }

  async #sayAll (): Promise<void> {
    try {
      for (let line = this.#next(); line != null; line = this.#next()) {
        await this.#say(line)
      }
    } catch {
      this.#waiting.length = this.#dropped = 0
    } finally {
      this.#isSaying = false
    }
  }

  #next (): string | undefined {
    const line = this.#waiting.shift()
    const dropped = this.#dropped

    if (line != null || dropped === 0) {
      return line
    }

    this.#dropped = 0

    return `${dropped} more, not shown: they came faster than they were read`
  }
}
