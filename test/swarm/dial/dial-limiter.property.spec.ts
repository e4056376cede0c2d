import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DialLimiter } from '../../../src/swarm/dial/dial-limiter.ts'
import { settle } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const ADDRESSES = ['/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.4/udp/1/quic-v1', '/memory/a', '/unix/%2Fa', '/ip4/1.2.3.4/tcp/1/p2p-circuit']
const USES_FD = [true, false, false, true, false]

interface Plan {
  peer: number
  address: number
  fails: boolean
}

type Step = { type: 'add', plan: Plan } | { type: 'end', which: number } | { type: 'abort', which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('add' as const), plan: fc.record({ peer: fc.nat(3), address: fc.nat(ADDRESSES.length - 1), fails: fc.boolean() }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('end' as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), which: fc.nat(50) }) }
)

/** Runs a script of arrivals, ends and aborts, and watches the bounds and that each job is answered once. */
class World {
  readonly limiter: DialLimiter
  readonly answers: string[][] = []
  readonly values = { made: 0, received: 0, late: 0 }
  readonly #bounds: { maxFdDials: number, maxDialsPerPeer: number }
  readonly #controllers: AbortController[] = []
  readonly #running = new Map<number, { plan: Plan, end(): void }>()

  constructor (bounds: { maxFdDials: number, maxDialsPerPeer: number }) {
    this.#bounds = bounds
    this.limiter = new DialLimiter(bounds)
  }

  async run (steps: Step[]): Promise<void> {
    for (const item of steps) {
      if (item.type === 'add') {
        this.#add(item.plan)
      } else if (item.type === 'end') {
        this.#end([...this.#running.keys()][item.which % Math.max(1, this.#running.size)])
      } else {
        this.#controllers[item.which % Math.max(1, this.#controllers.length)]?.abort(new Error('aborted'))
      }

      await Promise.resolve()
    }

    for (let turn = 0; turn <= steps.length; turn++) {
      await settle()
      this.#end(this.#running.keys().next().value)
    }
  }

  #add (plan: Plan): void {
    const id = this.#controllers.length
    const controller = new AbortController()
    const answers: string[] = []

    this.#controllers.push(controller)
    this.answers.push(answers)
    this.limiter.run({
      peer: `peer${plan.peer}`,
      address: multiaddr(ADDRESSES[plan.address] ?? ''),
      signal: controller.signal,
      dial: async () => this.#dial(id, plan),
      onLate: () => { this.values.late++ }
    }).then(() => {
      this.values.received++
      answers.push('value')
    }, (error: Error) => { answers.push(error.message) })
  }

  async #dial (id: number, plan: Plan): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const end = (): void => {
      if (plan.fails) {
        reject(new Error('failed'))
      } else {
        this.values.made++
        resolve('value')
      }
    }

    expect(this.#controllers[id]?.signal.aborted).toBe(false)
    this.#running.set(id, { plan, end })
    this.#check()

    return promise
  }

  #end (id: number | undefined): void {
    if (id != null) {
      this.#running.get(id)?.end()
      this.#running.delete(id)
    }
  }

  #check (): void {
    const plans = [...this.#running.values()].map(({ plan }) => plan)
    const perPeer = [0, 1, 2, 3].map((peer) => plans.filter((plan) => plan.peer === peer).length)

    expect(plans.filter((plan) => USES_FD[plan.address]).length).toBeLessThanOrEqual(this.#bounds.maxFdDials)
    expect(Math.max(...perPeer)).toBeLessThanOrEqual(this.#bounds.maxDialsPerPeer)
  }
}

describe('DialLimiter, any order of arrivals, ends and aborts', () => {
  it('never exceeds a bound, answers every job once, loses no connection, and ends idle', async () => {
    const bounds = fc.record({ maxFdDials: fc.integer({ min: 1, max: 4 }), maxDialsPerPeer: fc.integer({ min: 1, max: 3 }) })

    await fc.assert(fc.asyncProperty(bounds, fc.array(step, { maxLength: 60 }), async (limits, steps) => {
      const world = new World(limits)

      await world.run(steps)

      expect(world.answers.every((answers) => answers.length === 1)).toBe(true)
      expect(world.values.received + world.values.late).toBe(world.values.made)
      expect(world.limiter.stat()).toEqual({ fdInUse: 0, fdWaiting: 0, active: 0, waiting: 0, peers: 0 })
    }), { numRuns: 200 })
  })

  it('brings each of 20 peers with 101 addresses to its one good address', async () => {
    const seed = 20
    const random = seededRandom(seed)
    const limiter = new DialLimiter({ maxFdDials: 20, maxDialsPerPeer: 5 })
    let active = 0
    let most = 0

    const found = await Promise.all(Array.from({ length: 20 }, async (_, peer) => {
      const controller = new AbortController()
      const ports = Array.from({ length: 101 }, (__, port) => ({ port, order: random() })).sort((a, b) => a.order - b.order)
      const jobs = ports.map(async ({ port }) => limiter.run({
        peer: `peer${peer}`,
        address: multiaddr(`/ip4/127.0.0.1/tcp/${port}`),
        signal: controller.signal,
        dial: async () => {
          active++
          most = Math.max(most, active)

          for (let turns = Math.ceil(random() * 3); turns > 0; turns--) {
            await settle()
          }

          active--

          if (port !== 100) {
            throw new Error('bad dial')
          }

          return port
        }
      }))
      const winner = await Promise.any(jobs)

      controller.abort(new Error('found'))
      await Promise.allSettled(jobs)

      return winner
    }))

    await settle()
    await settle()
    await settle()
    await settle()

    expect(found, `seed ${seed}`).toEqual(Array(20).fill(100))
    expect(most).toBe(20)
    expect(limiter.stat()).toEqual({ fdInUse: 0, fdWaiting: 0, active: 0, waiting: 0, peers: 0 })
  })
})
