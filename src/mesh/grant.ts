import { isCoded, toError } from '../base/index.ts'
import { pipe, REASON_CODE } from '../channel/index.ts'
import { discardBytes, discardValue, errorMessage, isFrame, isRefusal, reference, RPC, serve, ServiceError, toMessage, unsent, verbName, VERBS } from '../service/index.ts'
import { cancelWith, GrantedValues } from './granted-values.ts'
import type { Clock, Permits } from '../base/index.ts'
import type { ByteStreamLike, ChannelEnd, Receiver, Sender } from '../channel/index.ts'
import type { Call, Caller, Frame, Message, Reference, Service } from '../service/index.ts'

export interface GrantInit {
  /** For errors. */
  readonly service: string
  readonly caller: Caller
  readonly clock: Clock
  /** What this peer may hold, of all services. */
  readonly references: Permits
  /** The service, or an object that it gave out, has answered a request with PermissionDenied. */
  onRefused(verb: string): void
  /** Nothing is left of what was given out. */
  onIdle(): void
}

/**
 * What one peer was given of one service, so that it can be taken away again: the references to the service, to the objects
 * that it answered with, to theirs, all their answers, and the bytes in these and in requests go through here.
 */
export class Grant {
  readonly #init: GrantInit
  readonly #controller = new AbortController()
  /** Ends each reference and each channel of answers that is open. */
  readonly #ends = new Set<(reason: Error) => void>()

  readonly #values: GrantedValues

  constructor (init: GrantInit) {
    this.#init = init
    this.#values = new GrantedValues({
      signal: this.#controller.signal,
      references: init.references,
      service: init.service,
      track: (end) => this.#track(end)
    })
  }

  /**
   * A reference for the peer: what is sent on it is sent on to `target`, which ends as it ends.
   *
   * @throws ServiceError ResourceLimit when the peer holds too many; `target` is closed then
   */
  give (target: Service | Reference): Reference {
    const { caller, clock, references, service } = this.#init
    const inner = reference(target, { caller, clock })
    const permit = this.#controller.signal.aborted ? undefined : references.tryAcquire()

    if (permit == null) {
      inner.close().catch(() => {}) // nobody waits for that
      this.#controller.signal.throwIfAborted()
      throw new ServiceError('ResourceLimit', `peer ${String(caller.peer)} holds ${references.used} references, which is the most (maxReferencesPerPeer); it gets no other of ${service}`)
    }

    const [receiver, sender] = pipe<Message>()
    const forget = this.#track((reason) => { receiver.cancel(refusedBecause(reason)) })
    const guarded: Service = {
      handle: async (call) => this.pass(call, inner),
      close: async (end) => {
        permit[Symbol.dispose]()
        forget()
        await finish(inner, end)
      }
    }

    void serve(guarded, receiver, { caller, clock })

    return sender
  }

  /**
   * Has another object handle a message, perhaps with other args. Its answers go to the peer, and references in them by `give`.
   *
   * @throws ServiceError Unavailable when the object has ended; why it was taken away
   */
  async pass (call: Call, target: Reference, args: readonly string[] = call.args): Promise<void> {
    await this.during(async () => this.#pass(call, target, args))
  }

  async #pass (call: Call, target: Reference, args: readonly string[]): Promise<void> {
    const { signal } = this.#controller
    const { ret: wanted, att, ...request } = call.toMessage()
    const [answers, inner] = pipe<Message>()
    const message: Message = { ...request, args, ...(wanted == null ? {} : { ret: inner }), ...this.#bytes(att) }

    try {
      await target.send(message, { signal })
    } catch (cause) {
      answers.cancel()
      discard(message, toError(cause))
      signal.throwIfAborted()
      throw new ServiceError('Unavailable', `${this.#init.service} takes no ${verbName(call.verb)}: what was to answer has ended`, { cause })
    }

    const ret = call.takeRet()

    if (ret != null) {
      void this.#relay(answers, ret, verbName(call.verb))
    }
  }

  /** While `use` runs the grant is not idle, whatever it will give. */
  async during (use: () => Promise<void>): Promise<void> {
    const forget = this.#track(() => {})

    try {
      await use()
    } finally {
      forget()
    }
  }

  /** Ends all that was given. The peer is told why. */
  revoke (reason: ServiceError): void {
    this.#controller.abort(reason)

    for (const end of [...this.#ends]) {
      end(reason)
    }
  }

  /** Never rejects. */
  async #relay (answers: Receiver<Message>, ret: Sender<Message>, verb: string): Promise<void> {
    const stop = (reason: Error): void => {
      answers.cancel(refusedBecause(reason))
      ret.abort(refusedBecause(reason))
    }
    const forget = this.#track(stop)

    void ret.closed.then((end) => { cancelWith(answers, end) })

    try {
      for await (const answer of answers) {
        await this.#answer(ret, this.#toPeer(answer, verb))
      }

      await ret.close()
    } catch (thrown) {
      answers.cancel(toError(thrown))
      ret.abort(toError(thrown))
    } finally {
      forget()
    }
  }

  /** What one message refuses to be sent for, the peer is told instead. */
  async #answer (ret: Sender<Message>, answer: Message): Promise<void> {
    try {
      await ret.send(answer)
    } catch (thrown) {
      if (isFrame(answer)) {
        discardValue(answer)
      } else {
        discard(answer, toError(thrown))
      }

      if (!isRefusal(thrown)) {
        throw thrown
      }

      await ret.send(isFrame(answer) ? toFailure(answer, thrown) : errorMessage(thrown))
    }
  }

  #toPeer (received: Message, verb: string): Message {
    if (isFrame(received)) {
      return this.#resultToPeer(received, verb)
    }

    let bytes: Pick<Message, 'att'> = {}

    try {
      const { ret, att, ...answer } = toMessage(received)

      if (answer.verb === VERBS.error && answer.args[0] === 'PermissionDenied') {
        this.#init.onRefused(verb)
      }

      bytes = this.#bytes(att)

      return { ...answer, ...bytes, ...(ret == null ? {} : { ret: answer.verb === VERBS.ack && answer.args[0] === RPC ? this.#values.receiveFor(ret) : this.give(ret) }) }
    } catch (thrown) {
      discard(bytes, toError(thrown))

      if (isCoded(thrown, 'ResourceLimit')) {
        this.#init.onRefused(verb)
      }

      return errorMessage(thrown)
    }
  }

  /** Of a typed service: spec-service 7. */
  #resultToPeer (result: Message & Frame, verb: string): Message {
    try {
      return this.#values.toPeer(result)
    } catch (thrown) {
      if (isCoded(thrown, 'ResourceLimit')) {
        this.#init.onRefused(verb)
      }

      return toFailure(result, thrown)
    }
  }

  #bytes (att: ByteStreamLike | undefined): Pick<Message, 'att'> {
    return att == null ? {} : { att: this.#values.toPeer(att) }
  }

  /** What is given too late ends at once. */
  #track (end: (reason: Error) => void): () => void {
    const { signal } = this.#controller

    if (signal.aborted) {
      end(toError(signal.reason))
      return () => {}
    }

    this.#ends.add(end)

    return () => {
      if (this.#ends.delete(end) && this.#ends.size === 0) {
        this.#init.onIdle()
      }
    }
  }
}

function toFailure (result: Frame, thrown: unknown): Message {
  return unsent(result, thrown) as unknown as Message
}

/** Lets go of what nobody will get: all of it was made here for this message alone. */
function discard ({ ret, att }: Pick<Message, 'ret' | 'att'>, reason: Error): void {
  ret?.abort(reason)
  discardBytes(att, reason)
}

function refusedBecause ({ message }: Error): { code: number, message: string } {
  return { code: REASON_CODE.refused, message }
}

/** An end is passed on as what it is: what was sent last may be the last bytes, or not. */
async function finish (target: Reference, end: ChannelEnd): Promise<void> {
  if (end.how === 'lost') {
    target.abort(end.error)
  } else if (end.how === 'aborted' || end.how === 'cancelled') {
    target.abort(end.reason)
  } else {
    await target.close()
  }
}
