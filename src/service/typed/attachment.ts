import { systemClock, toError, TransientMap } from '../../base/index.ts'
import { REASON_CODE } from '../../channel/index.ts'
import { LOCAL } from '../caller.ts'
import { META } from '../message.ts'
import { ServiceError, toErrorArgs } from '../service-error.ts'
import { CallRunner } from './call-runner.ts'
import { Expiry } from './expiry.ts'
import { CALL, CANCEL, isId, isMeta, RPC_LIMITS, violation } from './frames.ts'
import { Load } from './load.ts'
import { OpenCall } from './open-call.ts'
import { ResultWriter } from './result-writer.ts'
import { discard } from './values.ts'
import type { CallAnswers } from './call-runner.ts'
import type { MethodEntry, MethodTable } from './method-table.ts'
import type { CallHost } from './open-call.ts'
import type { Clock } from '../../base/index.ts'
import type { Receiver, Sender } from '../../channel/index.ts'
import type { Caller } from '../caller.ts'

export interface AttachmentOptions {
  /** Calls of one client that go on at a time; the next wait with the client. @default RPC_LIMITS.maxOpenCalls */
  maxOpenCalls?: number | undefined
  /** What a handler threw that has no code: most likely a fault of its own. The caller gets its message, and never its stack. */
  onError? (error: Error, context: { readonly method: string, readonly caller: Caller }): void
}

export interface AttachmentInit {
  readonly methods: MethodTable
  readonly caller?: Caller | undefined
  readonly clock?: Clock | undefined
  readonly options?: AttachmentOptions | undefined
}

/** Names of methods that an error lists. */
const MAX_NAMES_SHOWN = 16

/**
 * One client of a typed service: calls come in on one channel, results go out on another; spec-service 7. Each
 * call is answered once, also when its caller gave it up.
 */
export class Attachment implements CallHost, CallAnswers {
  readonly caller: Caller
  readonly clock: Clock
  readonly #init: AttachmentInit
  readonly #maxOpenCalls: number
  readonly #calls: Receiver<unknown>
  readonly #results: Sender<unknown>
  readonly #writer: ResultWriter
  readonly #runner: CallRunner
  readonly #expiry: Expiry
  /** Handlers that have not ended, whether somebody waits or not, and results that have not left. */
  readonly #load = new Load()
  readonly #open = new TransientMap<number, OpenCall>()
  #isOver = false

  constructor (calls: Receiver<unknown>, results: Sender<unknown>, init: AttachmentInit) {
    this.caller = init.caller ?? LOCAL
    this.clock = init.clock ?? systemClock
    this.#init = init
    this.#maxOpenCalls = init.options?.maxOpenCalls ?? RPC_LIMITS.maxOpenCalls
    this.#calls = calls
    this.#results = results
    this.#writer = new ResultWriter(results, this.#load)
    this.#runner = new CallRunner(this)
    this.#expiry = new Expiry(this.clock, { background: true })
  }

  /** Answers calls until the client leaves. Never rejects. */
  async run (): Promise<void> {
    void this.#results.closed.then((end) => {
      if (end.how === 'cancelled' || end.how === 'lost') {
        this.#end('error' in end ? end.error : new ServiceError('CallCancelled', `the client has left: ${end.reason.message}`))
      }
    })

    try {
      await this.#readCalls()
      await this.#load.fewerThan(1)
      await this.#results.close()
    } catch (thrown) {
      this.#end(toError(thrown))
    } finally {
      this.#expiry.rest()
    }
  }

  /** For `OpenCall`. */
  onExpired (call: OpenCall, error: Error): void {
    this.fail(call, error)
  }

  /** For `CallRunner`. */
  succeed (call: OpenCall, output: unknown): void {
    this.#answered(call)
    this.#writer.succeed(call.id, call.method.name, output)
  }

  /** For `CallRunner`. */
  fail (call: OpenCall, error: Error): void {
    if (call.isAnswered) {
      return
    }

    this.#answered(call)
    this.#writer.fail(call.id, error)

    if (toErrorArgs(error)[0] === 'ServiceFailed') {
      this.#init.options?.onError?.(error, { method: call.method.name, caller: this.caller })
    }
  }

  /** For `CallRunner`. */
  ended (): void {
    this.#load.end()
  }

  async #readCalls (): Promise<void> {
    for (;;) {
      if (this.#load.count >= this.#maxOpenCalls) {
        await this.#load.fewerThan(this.#maxOpenCalls)
      }

      const { done, value } = this.#calls.tryReceive() ?? await this.#calls.receive()

      if (done === true) {
        return
      }

      this.#onFrame(value)
    }
  }

  /** @throws CodedError ProtocolViolation, which ends the attachment */
  #onFrame (frame: unknown): void {
    if (!Array.isArray(frame)) {
      throw violation('a list', frame)
    }

    const id: unknown = frame[1]

    if (!isId(id)) {
      throw violation('the id of a call to be a whole number from 1', id)
    }

    if (frame[0] === CALL) {
      this.#onCall(id, frame)
    } else if (frame[0] === CANCEL) {
      this.#onCancel(id, frame[2], frame[3])
    } else {
      throw violation(`${CALL} for a call or ${CANCEL} for its end`, frame[0])
    }
  }

  #onCall (id: number, frame: readonly unknown[]): void {
    const [, , name, input, meta] = frame

    if (typeof name !== 'string') {
      throw violation('the name of a method', name)
    }

    if (this.#open.has(id)) {
      throw violation('an id that no open call has', id)
    }

    const method = this.#init.methods.get(name)

    if (method == null) {
      discard(input)
      this.#writer.fail(id, this.#unknown(name))
    } else if (meta != null && !isMeta(meta)) {
      discard(input)
      this.#writer.fail(id, new ServiceError('InvalidArgument', `${name} wants meta to be at most ${RPC_LIMITS.maxMetaEntries} strings by name, and ${META.timeoutMs} a number from 0`))
    } else {
      this.#run(this.#toCall(id, method, meta ?? undefined), input)
    }
  }

  #toCall (id: number, method: MethodEntry, meta: Readonly<Record<string, string>> | undefined): OpenCall {
    const timeoutMs = meta?.[META.timeoutMs]

    return new OpenCall(this, id, method, meta, timeoutMs == null ? Infinity : this.clock.now() + Number(timeoutMs))
  }

  #run (call: OpenCall, input: unknown): void {
    this.#open.set(call.id, call)
    this.#load.begin()

    if (call.expiresAt !== Infinity) {
      this.#expiry.add(call)
    }

    this.#runner.run(call, input)
  }

  #onCancel (id: number, code: unknown, message: unknown): void {
    const call = this.#open.get(id)

    // without one it has crossed with the answer
    if (call != null) {
      const error = new ServiceError(code === 'DeadlineExceeded' ? code : 'CallCancelled', typeof message === 'string' ? message : `the caller of ${call.method.name} gave up`)

      this.fail(call, error)
      call.cancel(error)
    }
  }

  #answered (call: OpenCall): void {
    call.isAnswered = true
    this.#open.delete(call.id)

    if (call.expiresAt !== Infinity) {
      this.#expiry.delete(call)
    }
  }

  #unknown (name: string): ServiceError {
    const names = [...this.#init.methods.keys()]
    const shown = names.slice(0, MAX_NAMES_SHOWN).join(', ')

    return new ServiceError('NotImplemented', `there is no method ${JSON.stringify(name.slice(0, 128))}; there are ${shown}${names.length > MAX_NAMES_SHOWN ? ', ...' : ''}`)
  }

  #end (error: Error): void {
    if (this.#isOver) {
      return
    }

    const reason = isViolation(error) ? { code: REASON_CODE.protocolViolation, message: error.message } : error

    this.#isOver = true
    this.#calls.cancel(reason)
    this.#results.abort(reason)

    for (const call of this.#open.values()) {
      this.#answered(call)
      call.cancel(error)
    }

    this.#load.release()
  }
}

function isViolation (error: Error): boolean {
  return 'code' in error && error.code === 'ProtocolViolation'
}
