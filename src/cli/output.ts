import { styleFor } from './style.ts'
import type { Sink } from './sink.ts'
import type { Style } from './style.ts'

/** What happened, for programs. */
export type Facts = Readonly<Record<string, unknown>>

export interface OutputInit {
  stdout: Sink
  stderr: Sink
  env: Readonly<Record<string, string | undefined>>
  json: boolean
  verbose: boolean
}

/**
 * Says what happens: lines for people, or one JSON object a line for programs, which then begins
 * with the name of the event. Every event has both forms, so that neither knows less.
 */
export class Output {
  readonly json: boolean
  readonly verbose: boolean
  readonly style: Style
  readonly #stdout: Sink
  readonly #stderr: Sink
  #results: Sink

  constructor ({ stdout, stderr, env, json, verbose }: OutputInit) {
    this.json = json
    this.verbose = verbose
    this.#stdout = stdout
    this.#stderr = stderr
    this.#results = stdout
    this.style = styleFor(stdout.isTerminal, env)
  }

  /** From now on stdout belongs to the bytes of a stream: all that is said goes to stderr. */
  giveUpStdout (): void {
    this.#results = this.#stderr
  }

  /** A result: on stdout. `text` may have several lines; without it people are told nothing. */
  async result (event: string, facts: Facts, text?: string): Promise<void> {
    await this.#say(this.#results, event, facts, text)
  }

  /** Something beside the result: on stderr. */
  async note (event: string, facts: Facts, text: string): Promise<void> {
    await this.#say(this.#stderr, event, facts, text)
  }

  /** Something that only `--verbose` shows: on stderr. */
  async detail (event: string, facts: Facts, text: string): Promise<void> {
    if (this.verbose) {
      await this.note(event, facts, text)
    }
  }

  /** Text for people alone: on stdout, whatever the format. */
  async plain (text: string): Promise<void> {
    await this.#stdout.write(`${text}\n`)
  }

  async #say (sink: Sink, event: string, facts: Facts, text: string | undefined): Promise<void> {
    if (this.json) {
      await sink.write(`${JSON.stringify({ event, ...facts })}\n`)
    } else if (text != null) {
      await sink.write(`${text}\n`)
    }
  }
}
