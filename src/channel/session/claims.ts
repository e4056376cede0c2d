import { TransientMap, TransientSet } from '../../base/index.ts'
import { REASON_CODE } from '../contract/index.ts'
import { unknownReference } from './ends.ts'
import type { OpenStream } from './open-stream.ts'
import type { Perishable, Reaper } from './reaper.ts'
import type { StreamTable } from './stream-table.ts'
import type { ChannelReason } from '../contract/index.ts'

/** Who waits for a stream that a message refers to. */
export interface Expectation {
  open(stream: OpenStream): void
  fail(error: Error): void
}

interface ClaimsInit {
  streams: StreamTable
  reaper: Reaper
  maxUnclaimedReferences: number
}

/** Streams and the messages that refer to them, until both have come; spec-channel 8.4, 8.5. */
export class Claims {
  readonly #streams: StreamTable
  readonly #reaper: Reaper
  readonly #max: number
  readonly #unclaimed = new TransientMap<number, UnclaimedStream>()
  readonly #byParent = new TransientMap<number, TransientSet<UnclaimedStream>>()
  readonly #expected = new TransientMap<number, ExpectedStream>()

  constructor ({ streams, reaper, maxUnclaimedReferences }: ClaimsInit) {
    this.#streams = streams
    this.#reaper = reaper
    this.#max = maxUnclaimedReferences
  }

  get size (): number {
    return this.#unclaimed.size
  }

  /** A stream came that is no top-level channel. */
  arrived (stream: OpenStream): void {
    const expected = this.#expected.get(stream.ref)

    if (expected != null) {
      this.#forgetExpected(expected)
      expected.open(stream)
    } else if (this.#isOrphan(stream)) {
      this.giveUp(stream, { code: REASON_CODE.unclaimed, message: 'the channel whose message refers to it has ended' })
    } else if (this.#unclaimed.size >= this.#max) {
      this.giveUp(stream, { code: REASON_CODE.refused, message: `${this.#max} streams wait to be claimed, which is the most` })
    } else {
      this.#keep(stream)
    }
  }

  /** The stream that a message refers to, if it is there and this is the first message that does. */
  claim (ref: number): OpenStream | undefined {
    const item = this.#unclaimed.get(ref)

    if (item == null) {
      return undefined
    }

    this.#forget(item)

    return item.stream
  }

  /** Waits for a stream to come. */
  expect (ref: number, expectation: Expectation, now: number): void {
    if (this.#streams.wasThere(ref) || this.#expected.has(ref)) {
      expectation.fail(unknownReference(ref, 'which was claimed by another message, or has ended'))
    } else if (this.#expected.size >= this.#max) {
      expectation.fail(unknownReference(ref, `which is not there, and ${this.#max} others are waited for, which is the most`))
    } else {
      const item = new ExpectedStream(ref, expectation, now, this.#expected)

      this.#expected.set(ref, item)
      this.#reaper.add(item)
    }
  }

  /** Whether streams wait to be claimed by messages of this channel. */
  hasChildren (parent: OpenStream): boolean {
    return this.#byParent.size > 0 && this.#byParent.has(parent.ref)
  }

  /** No more messages of this channel will be received. */
  parentEnded (parent: OpenStream): void {
    for (const item of this.#byParent.get(parent.ref) ?? []) {
      item.expire()
    }
  }

  giveUp (stream: OpenStream, reason: ChannelReason): void {
    this.#streams.remove(stream)
    stream.link.reset(reason)
    this.parentEnded(stream)
  }

  /** The session is over. Streams that came can still be claimed, unless nobody wants them any more. */
  end (error: Error, keepsUnclaimed: boolean): void {
    for (const item of this.#expected.values()) {
      this.#expected.delete(item.ref)
      item.fail(error)
    }

    if (!keepsUnclaimed) {
      this.#unclaimed.clear()
      this.#byParent.clear()
    }
  }

  #isOrphan ({ parent }: OpenStream): boolean {
    const found = this.#streams.find(parent)

    return found == null ? this.#streams.wasThere(parent) : found.port?.hasEnded === true
  }

  #keep (stream: OpenStream): void {
    const item = new UnclaimedStream(stream, this.#streams, () => {
      this.#forget(item)
      this.giveUp(stream, { code: REASON_CODE.unclaimed, message: 'no message referred to it' })
    })
    const siblings = this.#byParent.get(stream.parent)

    this.#unclaimed.set(stream.ref, item)
    this.#reaper.add(item)

    if (siblings == null) {
      const first = new TransientSet<UnclaimedStream>()

      first.add(item)
      this.#byParent.set(stream.parent, first)
    } else {
      siblings.add(item)
    }
  }

  #forget (item: UnclaimedStream): void {
    const { ref, parent } = item.stream
    const siblings = this.#byParent.get(parent)

    this.#unclaimed.delete(ref)
    this.#reaper.delete(item)
    siblings?.delete(item)

    if (siblings?.size === 0) {
      this.#byParent.delete(parent)
    }
  }

  #forgetExpected (item: ExpectedStream): void {
    this.#expected.delete(item.ref)
    this.#reaper.delete(item)
  }
}

class UnclaimedStream implements Perishable {
  readonly stream: OpenStream
  readonly #streams: StreamTable
  readonly #onExpire: () => void
  #parent: OpenStream | undefined
  #since = 0

  constructor (stream: OpenStream, streams: StreamTable, onExpire: () => void) {
    this.stream = stream
    this.#streams = streams
    this.#onExpire = onExpire
    this.#since = stream.idleSince
  }

  /** Not while the message may lie among those that were not received; spec-channel 8.4. */
  runsSince (now: number): number {
    this.#parent ??= this.#streams.find(this.stream.parent)

    const parent = this.#parent

    if (parent != null && (parent.port == null || parent.port.hasUnread)) {
      return now
    }

    return Math.max(this.#since, parent?.idleSince ?? 0)
  }

  expire (): void {
    this.#onExpire()
  }
}

class ExpectedStream implements Perishable {
  readonly ref: number
  readonly #expectation: Expectation
  readonly #since: number
  readonly #others: TransientMap<number, ExpectedStream>

  constructor (ref: number, expectation: Expectation, since: number, others: TransientMap<number, ExpectedStream>) {
    this.ref = ref
    this.#expectation = expectation
    this.#since = since
    this.#others = others
  }

  runsSince (): number {
    return this.#since
  }

  open (stream: OpenStream): void {
    this.#expectation.open(stream)
  }

  fail (error: Error): void {
    this.#expectation.fail(error)
  }

  expire (): void {
    this.#others.delete(this.ref)
    this.fail(unknownReference(this.ref, 'which did not come in time'))
  }
}
