import { ServiceError } from '../service-error.ts'
import { isReceiver } from './values.ts'
import type { Receiver } from '../../channel/index.ts'

/** For `for await (const x of client.watch())`: put on the promise of each call, as nobody knows before what it will give. */
export function iterateAnswer (this: Promise<unknown>): AsyncIterator<unknown, void> {
  return new AnswerIterator(this)
}

class AnswerIterator implements AsyncIterableIterator<unknown, void> {
  readonly #answer: Promise<unknown>
  #receiver: Receiver<unknown> | undefined

  constructor (answer: Promise<unknown>) {
    this.#answer = answer
  }

  async next (): Promise<IteratorResult<unknown, void>> {
    this.#receiver ??= toReceiver(await this.#answer)

    return this.#receiver.receive()
  }

  /** The loop was left: the service is told. */
  async return (): Promise<IteratorResult<unknown, void>> {
    const receiver = this.#receiver ?? toReceiver(await this.#answer)

    receiver.cancel()

    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator] (): this {
    return this
  }
}

function toReceiver (output: unknown): Receiver<unknown> {
  if (!isReceiver(output)) {
    throw new ServiceError('FailedPrecondition', 'wanted a method that gives a sequence, to iterate over, received one value: await it')
  }

  return output
}
