import { isCoded } from '../../../src/base/index.ts'
import { pipe } from '../../../src/channel/pipe/index.ts'
import { memoryProviders } from '../../../src/channel/providers/index.ts'
import { createSession } from '../../../src/channel/session/index.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import type { Random } from '../../../src/base/index.ts'
import type { Receiver, Sender, Session, SessionLimits } from '../../../src/channel/contract/index.ts'
import type { MemoryInit } from '../../../src/channel/providers/index.ts'

/** A channel whose two ends wander about, and what became of its messages. */
export interface Wanderer {
  readonly id: number
  /** Who has the ends; undefined while they are on their way, or have gone down with something. */
  sender: { node: Node, end: Sender<number> } | undefined
  receiver: { node: Node, end: Receiver<number> } | undefined
  sent: number
  readonly received: number[]
  isSending: boolean
  isReceiving: boolean
  /** The receiver came to the end of the channel, or to an error. */
  ending: string | undefined
  /** It was closed, and nothing else happened to it. */
  isClosed: boolean
  /** Something that may cost messages was done to it. */
  isHarmed: boolean
}

export interface Node {
  readonly name: string
  readonly sessions: Session[]
}

interface Parcel {
  id: number
  sender?: Sender<number>
  receiver?: Receiver<number>
}

interface Road {
  readonly from: Node
  readonly carrier: Sender<Parcel>
  readonly session: Session
}

export interface WorldInit {
  random: Random
  memory?: MemoryInit
  limits?: Partial<SessionLimits>
}

/** Three nodes, each joined to the others by a session, and channels whose ends are sent about between them. */
export class World {
  readonly clock = new FakeClock()
  readonly nodes: Node[] = ['a', 'b', 'c'].map((name) => ({ name, sessions: [] }))
  readonly wanderers: Wanderer[] = []
  readonly roads: Road[] = []
  readonly pending = new Set<Promise<unknown>>()
  #isCut = false
  readonly #random: Random
  readonly #init: WorldInit

  constructor (init: WorldInit) {
    this.#random = init.random
    this.#init = init

    for (const [from, to] of [[0, 1], [1, 2], [2, 0]] as const) {
      this.#join(this.#node(from), this.#node(to))
    }
  }

  below (count: number): number {
    return Math.floor(this.#random() * count)
  }

  pick<T> (items: readonly T[]): T | undefined {
    return items[this.below(items.length)]
  }

  create (): void {
    const node = this.#node(this.below(this.nodes.length))
    const [receiver, sender] = this.#ends(node)

    this.wanderers.push({
      id: this.wanderers.length,
      sender: { node, end: sender },
      receiver: { node, end: receiver },
      sent: 0,
      received: [],
      isSending: false,
      isReceiving: false,
      ending: undefined,
      isClosed: false,
      isHarmed: this.#isCut
    })
  }

  send (wanderer: Wanderer | undefined): void {
    if (wanderer?.sender == null || wanderer.isSending || wanderer.isClosed) {
      return
    }

    const number = wanderer.sent++

    wanderer.isSending = true
    this.#track(wanderer.sender.end.send(number).catch((error: unknown) => {
      // it did not go: the next is to be this one again
      wanderer.sent--
      this.#expectHarm(wanderer, error)
    }).finally(() => { wanderer.isSending = false }))
  }

  receive (wanderer: Wanderer | undefined): void {
    if (wanderer?.receiver == null || wanderer.isReceiving || wanderer.ending != null) {
      return
    }

    wanderer.isReceiving = true
    this.#track(wanderer.receiver.end.receive().then((result) => {
      if (result.done === true) {
        wanderer.ending = 'closed'
      } else {
        wanderer.received.push(result.value)
      }
    }, (error: unknown) => {
      if (!isCoded(error, 'ChannelMoved')) {
        wanderer.ending = String(error)
        this.#expectHarm(wanderer, error)
      }
    }).finally(() => { wanderer.isReceiving = false }))
  }

  close (wanderer: Wanderer | undefined): void {
    if (wanderer?.sender != null && !wanderer.isSending) {
      wanderer.isClosed = true
      this.#track(wanderer.sender.end.close())
    }
  }

  abort (wanderer: Wanderer | undefined): void {
    if (wanderer?.sender != null) {
      wanderer.isHarmed = true
      wanderer.sender.end.abort({ code: 300, message: 'enough' })
    }
  }

  cancel (wanderer: Wanderer | undefined): void {
    if (wanderer?.receiver != null) {
      wanderer.isHarmed = true
      wanderer.receiver.end.cancel({ code: 301, message: 'no more' })
    }
  }

  moveSender (wanderer: Wanderer | undefined): void {
    const road = wanderer?.sender == null ? undefined : this.#roadFrom(wanderer.sender.node)

    if (wanderer?.sender != null && road != null) {
      const { end } = wanderer.sender

      wanderer.sender = undefined
      this.#ship(road, wanderer, { id: wanderer.id, sender: end })
    }
  }

  moveReceiver (wanderer: Wanderer | undefined): void {
    const road = wanderer?.receiver == null ? undefined : this.#roadFrom(wanderer.receiver.node)

    if (wanderer?.receiver != null && road != null) {
      const { end } = wanderer.receiver

      wanderer.receiver = undefined
      this.#ship(road, wanderer, { id: wanderer.id, receiver: end })
    }
  }

  /** Ends a session at once, and with it what goes through it. */
  cut (): void {
    this.#isCut = true

    for (const wanderer of this.wanderers) {
      wanderer.isHarmed = true
    }

    this.pick(this.roads)?.session.abort(new Error('cut'))
  }

  /** Closes every channel and receives all there is. */
  async finish (): Promise<void> {
    for (let round = 0; round < 2000 && this.wanderers.some((wanderer) => !this.#isOver(wanderer)); round++) {
      for (const wanderer of this.wanderers) {
        if (!wanderer.isClosed) {
          this.close(wanderer)
        }

        this.receive(wanderer)
      }

      await settle()
    }
  }

  async end (): Promise<void> {
    for (const { sessions } of this.nodes) {
      for (const session of sessions) {
        await session.close()
      }
    }

    await settle()
  }

  #ends (node: Node): [Receiver<number>, Sender<number>] {
    const session = this.pick(node.sessions)

    switch (session == null ? 0 : this.below(4)) {
      case 0: return session?.createNestedReceiver<number>() ?? pipe<number>()
      case 1: return session?.createNestedSender<number>().reverse() as [Receiver<number>, Sender<number>]
      default: return pipe<number>({ capacity: this.below(3) })
    }
  }

  #isOver (wanderer: Wanderer): boolean {
    return wanderer.ending != null || (wanderer.receiver == null && wanderer.isHarmed)
  }

  #node (index: number): Node {
    const node = this.nodes[index]

    if (node == null) {
      throw new RangeError('no such node')
    }

    return node
  }

  #roadFrom (node: Node): Road | undefined {
    return this.pick(this.roads.filter(({ from }) => from === node))
  }

  #ship (road: Road, wanderer: Wanderer, parcel: Parcel): void {
    this.#track(road.carrier.send(parcel).catch((error: unknown) => {
      this.#expectHarm(wanderer, error)
      // it did not go, and nobody else looks after it
      parcel.sender?.abort()
      parcel.receiver?.cancel()
    }))
  }

  #join (first: Node, second: Node): void {
    const providers = memoryProviders(this.#init.memory)
    const init = { clock: this.clock, limits: this.#init.limits }
    const [a, b] = providers.map((provider) => createSession(provider, init))

    if (a != null && b != null) {
      first.sessions.push(a)
      second.sessions.push(b)
      this.roads.push({ from: first, session: a, carrier: a.newSendChannel() })
      this.roads.push({ from: second, session: b, carrier: b.newSendChannel() })
      this.#track(this.#take(second, b))
      this.#track(this.#take(first, a))
    }
  }

  async #take (node: Node, session: Session): Promise<void> {
    try {
      for await (const { id, sender, receiver } of await session.waitReceiveChannel<Parcel>() as Receiver<Parcel>) {
        const wanderer = this.wanderers[id]

        if (wanderer != null && sender != null) {
          wanderer.sender = { node, end: sender }
        }

        if (wanderer != null && receiver != null) {
          wanderer.receiver = { node, end: receiver }
        }
      }
    } catch {
      // the session has ended
    }
  }

  #expectHarm (wanderer: Wanderer, error: unknown): void {
    if (!wanderer.isHarmed && !isCoded(error, 'ChannelMoved')) {
      throw new Error(`channel ${wanderer.id} failed without a cause`, { cause: error })
    }
  }

  #track (promise: Promise<unknown>): void {
    const tracked = promise.finally(() => { this.pending.delete(tracked) })

    this.pending.add(tracked)
  }
}
