import { Permits, systemClock, toError } from '../base/index.ts'
import { pipe } from '../channel/index.ts'
import { Call } from './call.ts'
import { LOCAL } from './caller.ts'
import { discardBytes } from './discard.ts'
import { tellError } from './last-word.ts'
import { toMessage } from './message.ts'
import { readAny } from './read-messages.ts'
import { ServiceError } from './service-error.ts'
import { isReference, toService } from './service.ts'
import { verbName } from './verb.ts'
import type { Caller } from './caller.ts'
import type { Message } from './message.ts'
import type { Handler, Reference, Service, ServiceLike } from './service.ts'
import type { Clock, Permit } from '../base/index.ts'
import type { ChannelEnd, Receiver } from '../channel/index.ts'

export const SERVE_DEFAULTS = Object.freeze({ maxConcurrentCalls: 256 })

export interface ServeOptions {
  /** Who sends, where a message does not say so itself. @default LOCAL */
  caller?: Caller | undefined
  /** Requests of one reference that are handled at a time; the next one waits in its channel. @default 256 */
  maxConcurrentCalls?: number | undefined
  /** What went wrong with nobody to tell: a message without `ret`, an object that fails to close. */
  onError?(error: Error, context: { readonly verb?: string | undefined, readonly caller: Caller }): void
  /** @default systemClock */
  clock?: Clock | undefined
}

/**
 * A new reference to an object of this process. When it is closed, or the session that it was sent over ends,
 * the object's `close` is called, as soon as each of its calls has been given a first answer. A reference is returned as it is.
 */
export function reference (object: ServiceLike, options: ServeOptions = {}): Reference {
  if (isReference(object)) {
    return object
  }

  const [receiver, sender] = pipe<Message>()

  void serve(object, receiver, options)

  return sender
}

/**
 * Handles what arrives on a channel, until it ends. Messages begin to be handled in the order in which they
 * were sent; one that wants no answer is done with before the next begins, and requests go on side by side.
 * Resolves when all have been answered in full, and never rejects: what a handler throws is its answer, and the next message
 * is handled all the same.
 */
export async function serve (object: Service | Handler, receiver: Receiver<Message>, options: ServeOptions = {}): Promise<ChannelEnd> {
  const service = toService(object)
  const permits = new Permits(options.maxConcurrentCalls ?? SERVE_DEFAULTS.maxConcurrentCalls)
  const begun = new Set<Promise<void>>()
  const running = new Set<Promise<void>>()

  try {
    for await (const received of readAny(receiver)) {
      await handleOne(service, received, { options, permits, begun, running })
    }
  } catch {
    // how the channel ended is told by `closed`
  }

  const end = await receiver.closed

  // not their ends: what is attached or watched may go on for as long as the object does
  await Promise.all(begun)
  await closeService(service, end, options)
  await Promise.all(running)

  return end
}

interface Serving {
  readonly options: ServeOptions
  readonly permits: Permits
  /** Calls without a first answer. */
  readonly begun: Set<Promise<void>>
  readonly running: Set<Promise<void>>
}

/** Resolves when the next message may begin. */
async function handleOne (service: Service, received: unknown, { options, permits, begun, running }: Serving): Promise<void> {
  const call = toCall(received, options)

  if (call == null) {
    return
  }

  if (!call.isOpen) {
    await runOneWay(service, call, options)

    return
  }

  const permit = permits.tryAcquire() ?? await permits.acquire()
  const beginning = call.begun.finally(() => { begun.delete(beginning) })

  const run = runRequest(service, call, permit).finally(() => { running.delete(run) })

  begun.add(beginning)
  running.add(run)
}

function toCall (received: unknown, { caller = LOCAL, clock = systemClock, onError }: ServeOptions): Call | undefined {
  try {
    return new Call(toMessage(received), { caller, clock })
  } catch (thrown) {
    const { ret, att } = Object(received) as Partial<Message>

    tellError(ret, thrown, clock)
    discardBytes(att, toError(thrown))
    onError?.(toError(thrown), { caller })

    return undefined
  }
}

async function runOneWay (service: Service, call: Call, { onError }: ServeOptions): Promise<void> {
  try {
    await service.handle(call)
  } catch (thrown) {
    call.dropBytes(toError(thrown))
    onError?.(toError(thrown), { verb: verbName(call.verb), caller: call.caller })
  }
}

async function runRequest (service: Service, call: Call, permit: Permit): Promise<void> {
  try {
    await service.handle(call)

    if (call.isOpen) {
      await call.fail(new ServiceError('NoAnswer', `${verbName(call.verb)} was handled, but not answered`))
    }
  } catch (thrown) {
    call.dropBytes(toError(thrown))
    await call.fail(thrown)
  } finally {
    permit[Symbol.dispose]()
  }
}

async function closeService (service: Service, end: ChannelEnd, { onError, caller = LOCAL }: ServeOptions): Promise<void> {
  try {
    await service.close?.(end)
  } catch (thrown) {
    onError?.(toError(thrown), { caller })
  }
}
