import { TransientMap } from '../../base/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { MemoryChannel } from '../pipe/index.ts'
import { discardMessage } from './discard-message.ts'
import { cannotSend } from './ends.ts'
import { LateSendPort } from './late-send-port.ts'
import { Pump } from './pump.ts'
import type { ContinuedReceivePort } from './continued-receive-port.ts'
import type { PumpHooks } from './pump.ts'
import type { Perishable, Reaper } from './reaper.ts'
import type { StreamReceivePort } from './stream-receive-port.ts'
import type { StreamSendPort } from './stream-send-port.ts'
import type { ChannelReason, ReceivePort, SendPort } from '../contract/index.ts'

const UNCLAIMED = Object.freeze({ code: REASON_CODE.unclaimed, message: 'it was returned, and no message referred to it' })

interface OriginsInit {
  reaper: Reaper
  now(): number
  /** Whether a message may lie unread that refers to something returned. */
  hasUnread(): boolean
}

/**
 * The ends that went away in messages and may come back, by the number of their stream; spec-channel 9. While
 * they are away, each is copied from or to its stream.
 */
export class Origins {
  readonly #init: OriginsInit
  readonly #senders = new TransientMap<number, SenderOrigin>()
  readonly #receivers = new TransientMap<number, ReceiverOrigin>()
  #error: Error | undefined

  constructor (init: OriginsInit) {
    this.#init = init
  }

  /** Of both kinds, also those that came back and were not claimed. */
  get size (): number {
    return this.#senders.size + this.#receivers.size
  }

  /** A sender goes away: what comes on the stream goes to its port. */
  addSender (ref: number, stream: StreamReceivePort, port: SendPort<unknown>): void {
    this.#createSender(ref).pump(stream, port)
  }

  /** A sender goes away whose receiver is on the stream itself. */
  addNestedSender (ref: number, stream: StreamReceivePort): void {
    this.#createSender(ref).follow(stream)
  }

  /** A receiver goes away: what comes from its port goes to the stream. */
  addReceiver (ref: number, port: ReceivePort<unknown>, stream: StreamSendPort): void {
    this.#createReceiver(ref).pump(port, stream)
  }

  /** A receiver goes away whose sender is on the stream itself. */
  addNestedReceiver (ref: number, stream: StreamSendPort): void {
    this.#createReceiver(ref).follow(stream)
  }

  /** Nothing more is received on one of our streams. */
  ended (ref: number): void {
    this.#senders.get(ref)?.streamEnded()
  }

  /** One of our streams is gone. */
  gone (ref: number): void {
    this.#receivers.get(ref)?.streamGone()
  }

  /** A message refers to a sender of ours: the original, or undefined if it was never away. */
  claimSender (ref: number): SendPort<unknown> | undefined {
    return this.#senders.get(ref)?.claim()
  }

  /** A receiver came back behind whose messages those of the original follow. */
  claimReceiver (ref: number, continued: ContinuedReceivePort): void {
    const origin = this.#receivers.get(ref)

    if (origin == null) {
      continued.follow(this.#error)
    } else {
      origin.claim(continued)
    }
  }

  /** The session is over, and nothing comes back any more. */
  end (error: Error): void {
    this.#error = error

    for (const origin of [...this.#senders.values(), ...this.#receivers.values()]) {
      origin.lose(error)
    }
  }

  #createSender (ref: number): SenderOrigin {
    const origin = new SenderOrigin(this.#init, ref, this.#senders)

    this.#senders.set(ref, origin)

    return origin
  }

  #createReceiver (ref: number): ReceiverOrigin {
    const origin = new ReceiverOrigin(this.#init, () => { this.#receivers.delete(ref) })

    this.#receivers.set(ref, origin)

    return origin
  }
}

/** spec-channel 9.2 */
class SenderOrigin implements Perishable, PumpHooks {
  /** The original, unless that is made when it comes back. */
  #port: SendPort<unknown> | undefined
  readonly #init: OriginsInit
  readonly #ref: number
  readonly #others: TransientMap<number, SenderOrigin>
  #late: LateSendPort | undefined
  #isNested = false
  #isReturned = false
  #since = 0

  constructor (init: OriginsInit, ref: number, others: TransientMap<number, SenderOrigin>) {
    this.#init = init
    this.#ref = ref
    this.#others = others
  }

  /** What comes on the stream goes to the original. */
  pump (stream: StreamReceivePort, port: SendPort<unknown>): void {
    this.#port = port
    new Pump(stream, port, this).start()
  }

  onRefused (message: unknown): void {
    discardMessage(message)
  }

  takesOver (reason: ChannelReason | undefined): boolean {
    if (reason?.code === REASON_CODE.returned && this.#port != null) {
      this.#returned(this.#port)
    }

    return this.#isReturned
  }

  /** Nothing more comes to the original from elsewhere. */
  onOver (): void {
    if (this.#isReturned && this.#late == null) {
      return
    }

    this.#remove()

    if (this.#port == null) {
      this.#late?.fail(cannotSend('returned after its channel had ended'))
    } else {
      // also where the original has ended: it says how
      this.#late?.open(this.#port)
    }
  }

  /** The receiver is on the stream itself. When the sender comes back, the two are joined in memory. */
  follow (stream: StreamReceivePort): void {
    this.#isNested = true
    stream.onReturned(() => {
      const channel = new MemoryChannel<unknown>(0)

      this.#returned(channel.sendPort)

      return channel.receivePort
    })
  }

  /** The original; what is sent there waits until all that was sent elsewhere has come. */
  claim (): SendPort<unknown> | undefined {
    if (this.#late != null) {
      return undefined
    }

    if (this.#isReturned) {
      this.#init.reaper.delete(this)
      this.#remove()

      return this.#port
    }

    this.#late = new LateSendPort()

    return this.#late
  }

  runsSince (now: number): number {
    return this.#init.hasUnread() ? now : this.#since
  }

  expire (): void {
    this.#remove()
    this.#port?.abort(UNCLAIMED)
  }

  /** The session is over. */
  lose (): void {
    if (this.#isReturned) {
      this.#init.reaper.delete(this)
      this.expire()
    }
  }

  streamEnded (): void {
    // a pump may have something left to pass on
    if (this.#isNested) {
      this.onOver()
    }
  }

  #returned (port: SendPort<unknown>): void {
    this.#port = port
    this.#isReturned = true

    if (this.#late == null) {
      this.#since = this.#init.now()
      this.#init.reaper.add(this)
    }
  }

  #remove (): void {
    this.#others.delete(this.#ref)
  }
}

/** spec-channel 9.3 */
class ReceiverOrigin implements Perishable {
  #port: ReceivePort<unknown> | undefined
  readonly #init: OriginsInit
  readonly #onOver: () => void
  #continued: ContinuedReceivePort | undefined
  #isNested = false
  #isReturned = false
  #since = 0

  constructor (init: OriginsInit, onOver: () => void) {
    this.#init = init
    this.#onOver = onOver
  }

  /** What comes from the original goes to the stream. */
  pump (port: ReceivePort<unknown>, stream: StreamSendPort): void {
    const pump = new Pump(port, stream, { onOver: () => { this.#ended() } })

    stream.onReturned(() => {
      if (!pump.isOver) {
        pump.stop()
        this.#returned(port)
      }

      return undefined
    })
    pump.start()
  }

  /** The sender is on the stream itself. When the receiver comes back, the two are joined in memory. */
  follow (stream: StreamSendPort): void {
    this.#isNested = true
    stream.onReturned(() => {
      const channel = new MemoryChannel<unknown>(0)

      this.#returned(channel.receivePort)

      return channel.sendPort
    })
  }

  claim (continued: ContinuedReceivePort): void {
    if (this.#continued != null) {
      continued.follow(undefined)
    } else if (this.#isReturned) {
      this.#init.reaper.delete(this)
      this.#onOver()
      continued.follow(this.#port)
    } else {
      this.#continued = continued
    }
  }

  runsSince (now: number): number {
    return this.#init.hasUnread() ? now : this.#since
  }

  expire (): void {
    this.#onOver()
    this.#port?.cancel(UNCLAIMED)
  }

  /** The session is over. */
  lose (error: Error): void {
    if (this.#isReturned) {
      this.#init.reaper.delete(this)
      this.expire()
    } else {
      this.#onOver()
      this.#continued?.follow(error)
    }
  }

  streamGone (): void {
    // a pump may have something left to cancel
    if (this.#isNested) {
      this.#ended()
    }
  }

  #returned (port: ReceivePort<unknown>): void {
    this.#port = port
    this.#isReturned = true

    if (this.#continued == null) {
      this.#since = this.#init.now()
      this.#init.reaper.add(this)
    } else {
      this.#onOver()
      this.#continued.follow(port)
    }
  }

  /** Nothing more goes to the stream, and nothing has come back. */
  #ended (): void {
    if (!this.#isReturned) {
      this.#onOver()
      this.#continued?.follow(undefined)
    }
  }
}
