import { toError } from '../base/index.ts'
import { pipe, REASON_CODE, severable, toReason } from '../channel/index.ts'
import { discardValue, isBytes, isReceiver, isSender, ServiceError } from '../service/index.ts'
import type { Permit, Permits } from '../base/index.ts'
import type { ByteStreamLike, ChannelEnd, Receiver, Sender } from '../channel/index.ts'

/** Messages on their way through here; who sends more waits. */
const BUFFERED_MESSAGES = 64

export interface GrantedValuesInit {
  /** Aborts when all is taken away. */
  readonly signal: AbortSignal
  /** What the peer may hold. */
  readonly references: Permits
  /** For errors: what they are of. */
  readonly service: string
  /** Remembers how to end what is open; gives how to forget it. */
  track (end: (reason: Error) => void): () => void
}

/** Which way a value goes. */
type Way = 'to peer' | 'from peer'

interface Live {
  readonly senders: ReadonlySet<Sender<unknown>>
  readonly receivers: ReadonlySet<Receiver<unknown>>
  readonly bytes: ReadonlySet<ByteStreamLike>
}

/**
 * Channels and byte streams that travel in the values of a typed service, in what these channels carry, and so on: they pass
 * through here, so that they end when the service is taken away from the peer. spec-service 8.5.
 */
export class GrantedValues {
  readonly #init: GrantedValuesInit

  constructor (init: GrantedValuesInit) {
    this.#init = init
  }

  /** @throws ServiceError ResourceLimit when the peer would hold too many senders; what is in the value has ended then */
  toPeer<T> (value: T): T {
    return this.#guard(value, 'to peer') as T
  }

  /** Where the peer sends to, in place of `target`. */
  receiveFor<T> (target: Sender<T>): Sender<T> {
    return this.#toSender(target, 'to peer')
  }

  #guard (value: unknown, way: Way): unknown {
    const live = liveIn(value)

    if (live == null) {
      return value
    }

    // all are known to be allowed before the first is taken
    const permits = way === 'to peer' ? this.#acquire(live.senders.size, value) : []
    const guarded = new Map<unknown, unknown>()

    for (const sender of live.senders) {
      guarded.set(sender, this.#toSender(sender, way, permits.pop()))
    }

    for (const receiver of live.receivers) {
      guarded.set(receiver, this.#toReceiver(receiver, way))
    }

    for (const bytes of live.bytes) {
      guarded.set(bytes, this.#sever(bytes))
    }

    return rebuilt(value, guarded)
  }

  #acquire (count: number, value: unknown): Permit[] {
    const { references, service } = this.#init
    const permits: Permit[] = []

    while (permits.length < count) {
      const permit = references.tryAcquire()

      if (permit == null) {
        permits.forEach((taken) => { taken[Symbol.dispose]() })
        discardValue(value)

        throw new ServiceError('ResourceLimit', `the peer would hold more than ${references.used} references, which is the most (maxReferencesPerPeer), with ${count} in one value of ${service}`)
      }

      permits.push(permit)
    }

    return permits
  }

  #sever (bytes: ByteStreamLike): ByteStreamLike {
    const forget = this.#init.track(() => {}) // the signal ends it

    try {
      return severable(bytes, this.#init.signal, forget)
    } catch (thrown) {
      forget()
      throw thrown
    }
  }

  /** What is sent to a sender goes the other way than the sender itself. */
  #toSender<T> (target: Sender<T>, way: Way, permit?: Permit): Sender<T> {
    const [receiver, sender] = pipe<T>({ capacity: BUFFERED_MESSAGES })

    void this.#pass(receiver, target, way === 'to peer' ? 'from peer' : 'to peer').finally(() => { permit?.[Symbol.dispose]() })

    return sender
  }

  #toReceiver (source: Receiver<unknown>, way: Way): Receiver<unknown> {
    const [receiver, sender] = pipe<unknown>()

    void this.#pass(source, sender, way)

    return receiver
  }

  /** Up to the end of either, which is that of the other. Never rejects. */
  async #pass<T> (source: Receiver<T>, target: Sender<T>, way: Way): Promise<void> {
    const forget = this.#init.track(({ message }) => {
      source.cancel({ code: REASON_CODE.refused, message })
      target.abort({ code: REASON_CODE.refused, message })
    })

    void target.closed.then((end) => { cancelWith(source, end) })

    try {
      for (let item = await next(source); item.done !== true; item = await next(source)) {
        await this.#send(target, item.value, way)
      }

      await target.close()
    } catch (thrown) {
      const reason = toReason(toError(thrown), REASON_CODE.failed)

      source.cancel(reason)
      target.abort(reason)
    } finally {
      forget()
    }
  }

  async #send<T> (target: Sender<T>, value: T, way: Way): Promise<void> {
    const guarded = this.#guard(value, way) as T

    try {
      await target.send(guarded)
    } catch (thrown) {
      discardValue(guarded)
      throw thrown
    }
  }
}

async function next<T> (source: Receiver<T>): Promise<IteratorResult<T, void>> {
  return source.tryReceive() ?? source.receive()
}

/** How one side has ended, for the other. */
export function cancelWith (receiver: Receiver<unknown>, end: ChannelEnd): void {
  if (end.how === 'aborted' || end.how === 'cancelled') {
    receiver.cancel(end.reason)
  } else if (end.how === 'lost') {
    receiver.cancel(end.error)
  }
}

/** The channels and byte streams in a value; undefined if there are none, as in most. */
function liveIn (value: unknown): Live | undefined {
  const senders = new Set<Sender<unknown>>()
  const receivers = new Set<Receiver<unknown>>()
  const bytes = new Set<ByteStreamLike>()
  // in memory a value may be wide, deep, or within itself
  const seen = new Set<object>()
  const waiting: unknown[] = [value]

  for (let part = waiting.pop(); part !== undefined || waiting.length > 0; part = waiting.pop()) {
    if (typeof part !== 'object' || part == null || ArrayBuffer.isView(part) || seen.has(part)) {
      continue
    }

    seen.add(part)

    if (isReceiver(part)) {
      receivers.add(part)
    } else if (isSender(part)) {
      senders.add(part)
    } else if (isBytes(part)) {
      bytes.add(part as ByteStreamLike)
    } else if (Array.isArray(part) || isPlain(part)) {
      for (const inner of Object.values(part)) {
        waiting.push(inner)
      }
    }
  }

  return senders.size + receivers.size + bytes.size === 0 ? undefined : { senders, receivers, bytes }
}

/** The same with other parts. What it is marked with stays, and so does its shape, also where it is within itself. */
function rebuilt (value: unknown, parts: ReadonlyMap<unknown, unknown>): unknown {
  const copies = new Map<object, unknown>()
  const root: { value: unknown } = { value }
  const waiting: object[] = [root]

  for (let holder = waiting.pop(); holder != null; holder = waiting.pop()) {
    for (const [key, inner] of Object.entries(holder)) {
      (holder as Record<string, unknown>)[key] = parts.get(inner) ?? copyOf(inner, copies, waiting)
    }
  }

  return root.value
}

function copyOf (value: unknown, copies: Map<object, unknown>, waiting: object[]): unknown {
  if (typeof value !== 'object' || value == null || !(Array.isArray(value) || isPlain(value))) {
    return value
  }

  const known = copies.get(value)

  if (known != null) {
    return known
  }

  const copy: object = Array.isArray(value) ? value.slice() : { ...value }

  copies.set(value, copy)
  waiting.push(copy)

  return copy
}

function isPlain (value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)

  return prototype === Object.prototype || prototype === null
}
