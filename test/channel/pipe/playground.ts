import { ChannelReceiver, ChannelSender, MemoryChannel, select, withSchema } from '../../../src/channel/pipe/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { listenersOf, schemaOf } from './scene.ts'
import type { SelectBranches } from '../../../src/channel/pipe/index.ts'

export const CHANNELS = 3
const SIGNALS = 3

type Checks = 'none' | 'now' | 'later'

export interface ChannelSetup {
  capacity: number
  sending: Checks
  receiving: Checks
  seed: number
}

export type Step =
  | { op: 'send', channel: number, signal: number | undefined, handle: number }
  | { op: 'receive', channel: number, signal: number | undefined }
  | { op: 'select', branches: Array<{ kind: 'in' | 'out', channel: number }>, signal: number | undefined }
  | { op: 'trySend' | 'tryReceive' | 'close' | 'abort' | 'cancel', channel: number }
  | { op: 'abortSignal', signal: number }
  | { op: 'settle' }

const PASS = {
  now: schemaOf((value) => value as number),
  later: schemaOf(async (value) => {
    // a later check may be over before an earlier one
    for (let turn = (value as number) % 4; turn > 0; turn--) {
      await Promise.resolve()
    }

    return value as number
  })
}

/** How the receiving end may end for each end of the sending one. */
const FITTING_ENDS: Readonly<Record<string, readonly string[]>> = {
  closed: ['closed'],
  cancelled: ['cancelled'],
  aborted: ['aborted', 'cancelled']
}

/** What a loop over the receiver comes to. */
const LAST: Readonly<Record<string, string>> = { closed: 'done', cancelled: 'ChannelClosed', aborted: 'ChannelAborted' }

/** One channel, and what is known of its messages: numbers in the order in which they were offered. */
class Lane {
  readonly channel: MemoryChannel<number>
  readonly senders: [ChannelSender<number>, ChannelSender<number>]
  readonly receiver: ChannelReceiver<number>
  readonly accepted = new Set<number>()
  readonly refused = new Set<number>()
  readonly received: number[] = []
  readonly #ends: string[] = []
  isCancelled = false

  constructor ({ capacity, sending, receiving }: ChannelSetup) {
    this.channel = new MemoryChannel(capacity)

    const sender = new ChannelSender(this.channel.sendPort)
    const receiver = new ChannelReceiver(this.channel.receivePort)
    const checked = sending === 'none' ? sender : withSchema(sender, PASS[sending]) as ChannelSender<number>

    this.senders = [checked, checked.dup()]
    this.receiver = receiving === 'none' ? receiver : withSchema(receiver, PASS[receiving]) as ChannelReceiver<number>
  }

  /** Receives what is left, and sees how it ends. */
  async drain (): Promise<void> {
    const closed = Promise.all([this.senders[0].closed, this.receiver.closed])
    const drained = this.#receiveAll().catch((error: { code: string }) => error.code)

    this.#ends.push(...(await closed).map(({ how }) => how), String(await drained))
  }

  async #receiveAll (): Promise<string> {
    for await (const value of this.receiver) {
      this.received.push(value)
    }

    return 'done'
  }

  /** What is wrong with what was received, at the end of everything. */
  * faults (): Iterable<string> {
    const [sent = '', received = '', last] = this.#ends

    if (FITTING_ENDS[sent]?.includes(received) !== true || last !== LAST[received]) {
      yield `ended as ${this.#ends.join()}`
    }

    const accepted = [...this.accepted].sort((a, b) => a - b)
    const expected = this.isCancelled ? accepted.slice(0, this.received.length) : accepted

    if (this.received.join() !== expected.join()) {
      yield `accepted ${accepted.join()}, received ${this.received.join()}`
    }

    if (this.received.some((value) => this.refused.has(value))) {
      yield 'a message that was refused has come'
    }

    const { buffered, sending, receiving } = this.channel.stat()

    if (buffered + sending + receiving > 0) {
      yield 'something waits in the channel'
    }
  }
}

/** Runs steps on several channels, and keeps account. */
export class Playground {
  readonly #lanes: Lane[]
  readonly #signals: AbortController[]
  readonly #random: () => number
  #lastValue = 0
  #pending = 0

  constructor (setups: readonly ChannelSetup[]) {
    this.#lanes = setups.map((setup) => new Lane(setup))
    this.#signals = Array.from({ length: SIGNALS }, () => new AbortController())
    this.#random = seededRandom(setups[0]?.seed ?? 0)
  }

  async run (step: Step): Promise<void> {
    switch (step.op) {
      case 'send': return this.#send(this.#lane(step.channel), step.handle, this.#signal(step.signal))
      case 'receive': return this.#receive(this.#lane(step.channel), this.#signal(step.signal))
      case 'select': return this.#select(step.branches, this.#signal(step.signal))
      case 'abortSignal': return this.#abortSignal(step.signal)
      case 'settle': return settle()
      default: return this.#do(step.op, this.#lane(step.channel))
    }
  }

  /** Ends whatever has not ended, and takes what is left. That is enough for all to settle, whatever the signals do. */
  async finish (): Promise<void> {
    for (const lane of this.#lanes) {
      for (const sender of lane.senders) {
        this.#track(sender.close(), () => {})
      }

      this.#track(lane.drain(), () => {})
    }

    await settle()
    await settle()
  }

  faults (): string[] {
    const faults = this.#lanes.flatMap((lane, n) => [...lane.faults()].map((fault) => `channel ${n}: ${fault}`))
    const listeners = this.#signals.reduce((sum, { signal }) => sum + listenersOf(signal), 0)

    return [
      ...faults,
      ...this.#pending > 0 ? [`${this.#pending} promises are pending`] : [],
      ...listeners > 0 ? [`${listeners} listeners are left`] : []
    ]
  }

  #send (lane: Lane, handle: number, signal: AbortSignal | undefined): void {
    const value = ++this.#lastValue
    const sender = lane.senders[handle] ?? lane.senders[0]

    this.#track(sender.send(value, { signal }), () => { lane.accepted.add(value) }, () => { lane.refused.add(value) })
  }

  #receive (lane: Lane, signal: AbortSignal | undefined): void {
    this.#track(lane.receiver.receive({ signal }), ({ done, value }) => {
      if (done !== true) {
        lane.received.push(value)
      }
    })
  }

  #select (branches: ReadonlyArray<{ kind: 'in' | 'out', channel: number }>, signal: AbortSignal | undefined): void {
    const offers = new Map<string, { lane: Lane, value: number }>()
    const named = Object.fromEntries(branches.map(({ kind, channel }, n) => {
      const lane = this.#lane(channel)
      const value = ++this.#lastValue

      offers.set(`b${n}`, { lane, value })

      return [`b${n}`, kind === 'in' ? lane.receiver : [lane.senders[0], value]]
    })) as SelectBranches

    this.#track(select(named, { signal, random: this.#random }), (result) => {
      const { lane, value } = offers.get(result.name) ?? { lane: this.#lane(0), value: NaN }

      if (!('done' in result)) {
        lane.accepted.add(value)
      } else if (!result.done) {
        lane.received.push(result.value as number)
      }

      offers.delete('done' in result ? '' : result.name)
      this.#refuseAll(offers)
    }, () => { this.#refuseAll(offers) })
  }

  #refuseAll (offers: ReadonlyMap<string, { lane: Lane, value: number }>): void {
    for (const { lane, value } of offers.values()) {
      lane.refused.add(value)
    }
  }

  async #do (op: 'trySend' | 'tryReceive' | 'close' | 'abort' | 'cancel', lane: Lane): Promise<void> {
    // what was received before has to be written down before
    await settle()

    try {
      this.#doNow(op, lane)
    } catch {
      // an end that has ended says so; whether it should is told elsewhere
    }
  }

  #doNow (op: 'trySend' | 'tryReceive' | 'close' | 'abort' | 'cancel', lane: Lane): void {
    const value = ++this.#lastValue

    if (op === 'trySend') {
      const target = lane.senders[1].trySend(value) ? lane.accepted : lane.refused

      target.add(value)
    } else if (op === 'tryReceive') {
      const result = lane.receiver.tryReceive()

      if (result?.done === false) {
        lane.received.push(result.value)
      }
    } else if (op === 'close') {
      this.#track(lane.senders[1].close(), () => {})
    } else if (op === 'abort') {
      lane.senders[1].abort()
    } else {
      lane.isCancelled = true
      lane.receiver.cancel()
    }
  }

  #abortSignal (n: number): void {
    this.#signals[n]?.abort('enough')
  }

  #track<T> (promise: Promise<T>, onDone: (result: T) => void, onError: () => void = () => {}): void {
    this.#pending++
    promise.then(onDone, onError).finally(() => { this.#pending-- }).catch(() => {})
  }

  #lane (n: number): Lane {
    const lane = this.#lanes[n]

    if (lane == null) {
      throw new RangeError(`there is no channel ${n}`)
    }

    return lane
  }

  #signal (n: number | undefined): AbortSignal | undefined {
    return n == null ? undefined : this.#signals[n]?.signal
  }
}
