import { printable } from '../style.ts'
import type { Facts, Output } from '../output.ts'

/** The names of the nodes are put in a column of this width. */
const NAME_COLUMN = 15

/** Tells the story of the demo: numbered steps, and under each what was said and done. */
export class Transcript {
  readonly #output: Output
  #step = 0
  #title = ''

  constructor (output: Output) {
    this.#output = output
  }

  /** What is going on, for the message of a failure. */
  get step (): string {
    return this.#step === 0 ? 'starting' : `step ${this.#step}, "${this.#title}"`
  }

  async begin (text: string): Promise<void> {
    await this.#output.result('demo', {}, this.#output.style.bold(text))
  }

  /** A headline, and a sentence or two on what to look for. */
  async next (title: string, ...explanation: string[]): Promise<void> {
    const { style } = this.#output

    this.#step++
    this.#title = title
    await this.#output.result('step', { step: this.#step, title }, [
      '',
      style.bold(`${this.#step}. ${title}`),
      ...explanation.map((line) => style.dim(`   ${line}`))
    ].join('\n'))
  }

  /** What one node did, or said to another. */
  async say (who: string, event: string, facts: Facts, ...lines: string[]): Promise<void> {
    const text = lines.flatMap((line) => line.split('\n')).map((line, index) => `   ${(index === 0 ? who : '').padEnd(NAME_COLUMN)} ${printable(line)}`)

    await this.#output.result(event, { step: this.#step, who, ...facts }, text.map((line) => line.trimEnd()).join('\n'))
  }

  /** As `say`, for a failure that belongs to the story. The text keeps its own shape. */
  async fail (who: string, event: string, facts: Facts, headline: string, text: string): Promise<void> {
    const { style } = this.#output

    await this.say(who, event, facts, headline)

    if (!this.#output.json) {
      const quoted = text.split('\n').map((line) => `     ${style.bad('|')} ${printable(line)}`)

      await this.#output.plain(quoted.join('\n'))
    }
  }

  async end (facts: Facts, text: string): Promise<void> {
    await this.#output.result('done', facts, `\n${this.#output.style.good(text)}`)
  }
}

/** Enough of a peer ID to tell three of them apart. */
export function shortPeer (peer: string): string {
  return `${peer.slice(0, 8)}…${peer.slice(-6)}`
}
