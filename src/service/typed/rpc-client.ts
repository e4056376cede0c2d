import { systemClock, toError, TransientMap, TransientSet } from '../../base/index.ts'
import { REASON_CODE } from '../../channel/index.ts'
import { META } from '../message.ts'
import { isRefusal } from '../refusal.ts'
import { fromErrorArgs, ServiceError } from '../service-error.ts'
import { attachRpc } from './attach-rpc.ts'
import { checkAnswer } from './check-answer.ts'
import { toEndError } from './end-error.ts'
import { Expiry } from './expiry.ts'
import { CALL, CANCEL, FAILURE, RESULT, RPC_LIMITS, violation } from './frames.ts'
import { PendingCall } from './pending-call.ts'
import { discard } from './values.ts'
import type { RpcChannels } from './attach-rpc.ts'
import type { TypedCallOptions } from './client-types.ts'
import type { Contract } from './contract.ts'
import type { PendingCallHost } from './pending-call.ts'
import type { Clock } from '../../base/index.ts'
import type { Reference } from '../service.ts'

export interface TypedClientOptions {
  /** Until the result, of each call that names no other. @default Infinity */
  timeoutMs?: number | undefined
  /** What each call says about itself. */
  meta?: Readonly<Record<string, string>> | undefined
  /** Has what comes checked here too. */
  contract?: Contract | undefined
  /** Calls that are sent and not answered; more wait. The service may allow fewer. @default RPC_LIMITS.maxOpenCalls */
  maxOpenCalls?: number | undefined
  /** @default systemClock */
  clock?: Clock | undefined
}

const NO_OPTIONS: TypedCallOptions = Object.freeze({})

/** An attachment to a typed service, made with the first call. When it is lost, all calls reject, those to come too. */
export class RpcClient implements PendingCallHost {
  readonly #target: Reference
  readonly #timeoutMs: number
  readonly #meta: Readonly<Record<string, string>> | undefined
  readonly #clock: Clock
  readonly #expiry: Expiry
  readonly #abort = new AbortController()
  readonly #contract: Contract | undefined
  #maxOpenCalls: number
  #channels: RpcChannels | undefined
  #isAttaching = false
  /** Why there is nothing to be had any more. */
  #error: Error | undefined
  #lastId = 0
  /** Calls that the service has to answer, given up or not. */
  readonly #open = new TransientMap<number, PendingCall>()
  /** Calls that wait until one of those is answered. */
  readonly #waiting = new TransientSet<PendingCall>()

  constructor (target: Reference, { timeoutMs = Infinity, meta, clock = systemClock, contract, maxOpenCalls = RPC_LIMITS.maxOpenCalls }: TypedClientOptions = {}) {
    this.#target = target
    this.#timeoutMs = timeoutMs
    this.#meta = meta
    this.#clock = clock
    this.#contract = contract
    this.#expiry = new Expiry(clock)
    this.#maxOpenCalls = maxOpenCalls
  }

  /** A promise that can be iterated over too. */
  call (method: string, input: unknown, options: TypedCallOptions = NO_OPTIONS): Promise<unknown> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    const { signal } = options

    if (!(timeoutMs >= 0)) {
      throw new RangeError(`timeoutMs must be a number from 0, received ${String(timeoutMs)}`)
    }

    const call = new PendingCall(this, {
      method,
      input,
      meta: this.#metaOf(options.meta, timeoutMs),
      signal,
      timeoutMs,
      expiresAt: timeoutMs === Infinity ? Infinity : this.#clock.now() + timeoutMs
    })

    if (signal?.aborted === true) {
      call.fail(signal.reason)
    } else if (this.#error != null) {
      call.fail(this.#error)
    } else if (this.#channels != null && this.#open.size < this.#maxOpenCalls) {
      this.#send(call, this.#channels)
    } else {
      this.#wait(call)
    }

    if (timeoutMs !== Infinity && !call.isSettled) {
      this.#expiry.add(call)
    }

    return call.promise
  }

  /** Ends it: calls that are open reject with CallCancelled. */
  close (): void {
    this.#end(new ServiceError('CallCancelled', 'the client was closed'))
  }

  /** For `PendingCall`. */
  onAbort (call: PendingCall, reason: unknown): void {
    this.#giveUp(call, reason, 'CallCancelled')
  }

  /** For `PendingCall`. */
  onExpired (call: PendingCall): void {
    this.#giveUp(call, new ServiceError('DeadlineExceeded', `${call.method} was not answered within ${call.timeoutMs} ms`), 'DeadlineExceeded')
  }

  #metaOf (meta: Readonly<Record<string, string>> | undefined, timeoutMs: number): Readonly<Record<string, string>> | undefined {
    const all = meta == null ? this.#meta : { ...this.#meta, ...meta }

    return timeoutMs === Infinity ? all : { ...all, [META.timeoutMs]: String(Math.ceil(timeoutMs)) }
  }

  #wait (call: PendingCall): void {
    if (this.#waiting.size >= RPC_LIMITS.maxWaitingCalls) {
      call.fail(new ServiceError('ResourceLimit', `${call.method} would be one more than the ${RPC_LIMITS.maxWaitingCalls} calls that may wait in a client`))
      return
    }

    this.#waiting.add(call)

    if (!this.#isAttaching) {
      this.#isAttaching = true
      void this.#run()
    }
  }

  async #run (): Promise<void> {
    try {
      const channels = await attachRpc(this.#target, this.#abort.signal)

      this.#channels = channels
      this.#maxOpenCalls = Math.min(this.#maxOpenCalls, channels.maxOpenCalls)

      if (this.#error != null) {
        this.#leave(channels, this.#error)
        return
      }

      this.#sendWaiting(channels)
      await this.#readResults(channels)
      this.#end(new ServiceError('Unavailable', 'the service has ended the attachment'))
    } catch (thrown) {
      this.#end(toEndError(toError(thrown)))
    }
  }

  async #readResults (channels: RpcChannels): Promise<void> {
    for (;;) {
      let result = channels.results.tryReceive()

      if (result == null) {
        this.#sendWaiting(channels)
        this.#expiry.rest()
        result = await channels.results.receive()
      }

      if (result.done === true) {
        return
      }

      this.#onFrame(result.value)
    }
  }

  #onFrame (frame: unknown): void {
    if (!Array.isArray(frame)) {
      throw violation('a list', frame)
    }

    const call = this.#open.get(frame[1] as number)

    if (call == null) {
      throw violation('a result of a call that is open', frame[1])
    }

    if (frame[0] !== RESULT && frame[0] !== FAILURE) {
      throw violation(`${RESULT} for a result or ${FAILURE} for an error`, frame[0])
    }

    const error = frame[0] === FAILURE ? toServiceError(frame) : undefined

    this.#open.delete(call.id)

    if (call.isSettled) {
      discard(frame[2])
      return
    }

    this.#forget(call)

    if (error == null) {
      this.#succeed(call, frame[2])
    } else {
      call.fail(error)
    }
  }

  #succeed (call: PendingCall, output: unknown): void {
    const checked = this.#contract == null ? output : checkAnswer(this.#contract, call.method, output)

    if (checked instanceof Promise) {
      checked.then((value) => { call.succeed(value) }, (error: unknown) => { call.fail(error) })
    } else {
      call.succeed(checked)
    }
  }

  #sendWaiting (channels: RpcChannels): void {
    for (const call of this.#waiting) {
      if (this.#open.size >= this.#maxOpenCalls) {
        return
      }

      this.#waiting.delete(call)
      this.#send(call, channels)
    }
  }

  #send (call: PendingCall, { calls }: RpcChannels): void {
    const { method, input, meta } = call
    const id = ++this.#lastId
    const frame = meta == null ? [CALL, id, method, input] : [CALL, id, method, input, meta]

    call.id = id
    this.#open.set(id, call)

    try {
      if (calls.trySend(frame)) {
        return
      }
    } catch (error) {
      this.#refused(call, error)
      return
    }

    calls.send(frame).catch((error: unknown) => { this.#refused(call, error) })
  }

  /** The call was not sent: for its own fault, or since there is nobody to send it to. */
  #refused (call: PendingCall, error: unknown): void {
    this.#open.delete(call.id)

    if (!isRefusal(error)) {
      this.#end(toEndError(toError(error)))
    }

    if (!call.isSettled) {
      this.#forget(call)
      call.fail(this.#error ?? error)
    }
  }

  #giveUp (call: PendingCall, reason: unknown, code: string): void {
    this.#forget(call)
    this.#waiting.delete(call)
    call.fail(reason)

    if (call.id !== 0 && this.#channels != null) {
      this.#post(this.#channels, [CANCEL, call.id, code, toError(reason).message.slice(0, 1024)])
    }
  }

  /** What cannot be said any more need not be. */
  #post ({ calls }: RpcChannels, frame: readonly unknown[]): void {
    try {
      if (!calls.trySend(frame)) {
        calls.send(frame).catch(() => {})
      }
    } catch {
      // the channel is over
    }
  }

  #forget (call: PendingCall): void {
    if (call.expiresAt !== Infinity) {
      this.#expiry.delete(call)
    }
  }

  #end (error: Error): void {
    if (this.#error != null) {
      return
    }

    this.#error = error

    for (const call of [...this.#open.values(), ...this.#waiting]) {
      if (!call.isSettled) {
        this.#forget(call)
        call.fail(error)
      }
    }

    this.#open.clear()
    this.#waiting.clear()
    this.#expiry.rest()
    this.#abort.abort(error)

    if (this.#channels != null) {
      this.#leave(this.#channels, error)
    }
  }

  #leave ({ calls, results }: RpcChannels, error: Error): void {
    const code = 'code' in error && error.code === 'ProtocolViolation' ? REASON_CODE.protocolViolation : REASON_CODE.cancelled

    results.cancel({ code, message: error.message })
    void calls.close().catch(() => {})
  }
}

function toServiceError (frame: readonly unknown[]): ServiceError {
  const [, , code, message, data] = frame

  if (typeof code !== 'string' || typeof message !== 'string') {
    throw violation('an error to have a code and a message', code)
  }

  return fromErrorArgs(data === undefined ? [code, message] : [code, message, JSON.stringify(data) ?? 'null'])
}
