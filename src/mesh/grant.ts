import { isCoded, toError } from '../base/index.ts'
import { adoptByteStream, copy, pipe, REASON_CODE, severable } from '../channel/index.ts'
import { errorMessage, reference, RPC, serve, ServiceError, toMessage, verbName, VERBS } from '../service/index.ts'
import type { Clock, Permits } from '../base/index.ts'
import type { ByteStreamLike, ChannelEnd, Receiver, Sender } from '../channel/index.ts'
import type { Call, Caller, Message, Reference, Service } from '../service/index.ts'

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

  constructor (init: GrantInit) {
    this.#init = init
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
      discard(answer, toError(thrown))

      if (!isRefusal(thrown)) {
        throw thrown
      }

      await ret.send(errorMessage(thrown))
    }
  }

  #toPeer (received: Message, verb: string): Message {
    if (Array.isArray(received)) {
      return received // the result of a typed service: spec-service 7
    }

    let bytes: Pick<Message, 'att'> = {}

    try {
      const { ret, att, ...answer } = toMessage(received)

      if (answer.verb === VERBS.error && answer.args[0] === 'PermissionDenied') {
        this.#init.onRefused(verb)
      }

      bytes = this.#bytes(att)

      return { ...answer, ...bytes, ...(ret == null ? {} : { ret: answer.verb === VERBS.ack && answer.args[0] === RPC ? this.#giveCalls(ret) : this.give(ret) }) }
    } catch (thrown) {
      discard(bytes, toError(thrown))

      if (isCoded(thrown, 'ResourceLimit')) {
        this.#init.onRefused(verb)
      }

      return errorMessage(thrown)
    }
  }

  /** Where the calls of a typed service go, which are no messages. */
  #giveCalls (target: Sender<Message>): Sender<Message> {
    const [receiver, sender] = pipe<Message>({ capacity: CALLS_BUFFERED })
    const forget = this.#track((reason) => {
      receiver.cancel(refusedBecause(reason))
      target.abort(refusedBecause(reason))
    })

    void target.closed.then((end) => { cancelWith(receiver, end) })
    copy(target, receiver).then(async () => target.close()).catch((error: unknown) => { target.abort(toError(error)) }).finally(forget)

    return sender
  }

  #bytes (att: ByteStreamLike | undefined): Pick<Message, 'att'> {
    return att == null ? {} : { att: severable(att, this.#controller.signal) }
  }

  #track (end: (reason: Error) => void): () => void {
    this.#ends.add(end)

    return () => {
      this.#ends.delete(end)

      if (this.#ends.size === 0) {
        this.#init.onIdle()
      }
    }
  }
}

/** Calls of typed services that are on their way through here. */
const CALLS_BUFFERED = 64

/** Whether it was this message that could not be sent, and others can. */
function isRefusal (thrown: unknown): boolean {
  return REFUSALS.some((code) => isCoded(thrown, code))
}

const REFUSALS = ['MessageTooLarge', 'MessageTooDeep', 'TooManyReferences', 'UnencodableMessage', 'MessageRejected'] as const

/** Lets go of what nobody will get: all of it was made here for this message alone. */
function discard ({ ret, att }: Pick<Message, 'ret' | 'att'>, reason: Error): void {
  ret?.abort(reason)

  try {
    if (att != null) {
      adoptByteStream(att)?.stream.reset(reason)
    }
  } catch {
    // it has been taken after all
  }
}

function refusedBecause ({ message }: Error): { code: number, message: string } {
  return { code: REASON_CODE.refused, message }
}

function cancelWith (receiver: Receiver<Message>, end: ChannelEnd): void {
  if (end.how === 'aborted' || end.how === 'cancelled') {
    receiver.cancel(end.reason)
  } else if (end.how === 'lost') {
    receiver.cancel(end.error)
  }
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
