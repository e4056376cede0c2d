import { toError } from '../../base/index.ts'
import { isRefusal } from '../refusal.ts'
import { toErrorArgs } from '../service-error.ts'
import { FAILURE, RESULT } from './frames.ts'
import { discard } from './values.ts'
import type { Load } from './load.ts'
import type { Sender } from '../../channel/index.ts'

/** Writes results. One that has to wait for room counts as a call that goes on, so that there are not too many. */
export class ResultWriter {
  readonly #results: Sender<unknown>
  readonly #load: Load

  constructor (results: Sender<unknown>, load: Load) {
    this.#results = results
    this.#load = load
  }

  succeed (id: number, name: string, output: unknown): void {
    this.#post([RESULT, id, output], (error) => {
      discard(output)

      if (isRefusal(error)) {
        this.#post([FAILURE, id, 'ServiceFailed', `what ${name} gave cannot be sent: ${toError(error).message}`])
      }
    })
  }

  fail (id: number, error: Error): void {
    const [code, message, data] = toErrorArgs(error)

    this.#post(data == null ? [FAILURE, id, code, message] : [FAILURE, id, code, message, parse(data)])
  }

  /** Where the channel is over nobody is to be told: that ends the attachment, elsewhere. */
  #post (frame: readonly unknown[], onRefused: (error: unknown) => void = () => {}): void {
    let isTaken = false

    try {
      isTaken = this.#results.trySend(frame)
    } catch (error) {
      onRefused(error)
      return
    }

    if (!isTaken) {
      this.#load.begin()
      this.#results.send(frame).catch(onRefused).finally(() => { this.#load.end() })
    }
  }
}

function parse (json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined // it was cut
  }
}
