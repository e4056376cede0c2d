import { toError } from '../../base/index.ts'
import { adoptByteStream, pipe } from '../../channel/index.ts'
import { ServiceError } from '../service-error.ts'
import { feedSequence } from './feed-sequence.ts'
import { RPC_LIMITS } from './frames.ts'
import { check } from './schema.ts'
import { discard, isBytes, isReceiver, isSequence } from './values.ts'
import type { OpenCall } from './open-call.ts'
import type { Checked, Problem } from './schema.ts'
import type { ByteStreamLike, Receiver } from '../../channel/index.ts'

export interface CallAnswers {
  succeed (call: OpenCall, output: unknown): void
  /** Also of a call that has an answer: then nobody is told but those who look after the service. */
  fail (call: OpenCall, error: Error): void
  /** The handler, and all that belongs to it, has ended. */
  ended (): void
}

/** Takes a call from its input to its output: check, handle, check. Makes no promise that the handler does not make. */
export class CallRunner {
  readonly #answers: CallAnswers
  #sequences = 0

  constructor (answers: CallAnswers) {
    this.#answers = answers
  }

  run (call: OpenCall, input: unknown): void {
    const schema = call.method.input
    const checked = schema == null ? { value: input } : check(schema, input)

    if (checked instanceof Promise) {
      void checked.then((it) => { this.#onInput(call, input, it) })
    } else {
      this.#onInput(call, input, checked)
    }
  }

  #onInput (call: OpenCall, received: unknown, { value: input, problem }: Checked & { value?: unknown }): void {
    if (problem != null) {
      discard(received)
      this.#fail(call, problemOf('InvalidArgument', `${call.method.name} does not take this input`, problem))
      return
    }

    if (call.expiresAt <= call.clock.now()) {
      call.expire() // there is no use in doing what nobody waits for
    }

    if (call.isAnswered) {
      discard(input)
      this.#answers.ended()
      return
    }

    this.#invoke(call, input)
  }

  #invoke (call: OpenCall, input: unknown): void {
    const { handler, group } = call.method

    try {
      const output = handler.call(group, input, call)

      if (isThenable(output)) {
        output.then((value) => { this.#onOutput(call, value) }, (thrown: unknown) => { this.#fail(call, thrown) })
      } else {
        this.#onOutput(call, output)
      }
    } catch (thrown) {
      this.#fail(call, thrown)
    }
  }

  #onOutput (call: OpenCall, output: unknown): void {
    if (call.isAnswered) {
      discard(output)
      this.#answers.ended()
    } else if (isSequence(output)) {
      this.#onSequence(call, output)
    } else if (isBytes(output)) {
      this.#onBytes(call, output as ByteStreamLike)
    } else {
      this.#onValue(call, output)
    }
  }

  #onValue (call: OpenCall, output: unknown): void {
    const schema = call.method.output

    if (schema == null) {
      this.#succeed(call, output)
      return
    }

    const checked = check(schema, output)

    if (checked instanceof Promise) {
      void checked.then((it) => { this.#onChecked(call, output, it) })
    } else {
      this.#onChecked(call, output, checked)
    }
  }

  #onChecked (call: OpenCall, output: unknown, { value, problem }: Checked & { value?: unknown }): void {
    if (problem == null) {
      this.#succeed(call, value)
    } else {
      discard(output)
      this.#fail(call, wrongOutput(call, problem))
    }
  }

  #onBytes (call: OpenCall, output: ByteStreamLike): void {
    try {
      // also in memory: callers get the same kind of stream wherever they are
      this.#succeed(call, adoptByteStream(output)?.stream ?? output)
    } catch (thrown) {
      this.#fail(call, thrown)
    }
  }

  #onSequence (call: OpenCall, items: AsyncIterable<unknown>): void {
    if (call.method.output == null && isReceiver(items)) {
      this.#succeed(call, items)
    } else if (this.#sequences >= RPC_LIMITS.maxOpenSequences) {
      discard(items)
      this.#fail(call, new ServiceError('ResourceLimit', `${call.method.name} would be one sequence more than the ${RPC_LIMITS.maxOpenSequences} that a client may have open`))
    } else {
      this.#succeed(call, this.#feed(call, items))
    }
  }

  #feed (call: OpenCall, items: AsyncIterable<unknown>): Receiver<unknown> {
    const { output: schema } = call.method
    const [receiver, sender] = pipe<unknown>()

    this.#sequences++
    feedSequence(items, sender, {
      ...(schema == null ? {} : { toItem: async (item) => toItem(call, await check(schema, item)) }),
      onGone: (reason) => { call.cancel(reason) }
    }).catch(() => {}).finally(() => { this.#sequences-- })

    return receiver
  }

  #succeed (call: OpenCall, output: unknown): void {
    if (call.isAnswered) {
      discard(output)
    } else {
      this.#answers.succeed(call, output)
    }

    this.#answers.ended()
  }

  #fail (call: OpenCall, thrown: unknown): void {
    this.#answers.fail(call, toError(thrown))
    this.#answers.ended()
  }
}

function toItem (call: OpenCall, { value, problem }: Checked & { value?: unknown }): unknown {
  if (problem != null) {
    throw wrongOutput(call, problem)
  }

  return value
}

function wrongOutput (call: OpenCall, problem: Problem): ServiceError {
  return problemOf('ServiceFailed', `${call.method.name} gave what its schema does not allow`, problem)
}

function problemOf (code: 'InvalidArgument' | 'ServiceFailed', what: string, { text, issues }: Problem): ServiceError {
  return new ServiceError(code, `${what}: ${text}`, { data: { issues } })
}

function isThenable (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value != null && 'then' in value && typeof value.then === 'function'
}
