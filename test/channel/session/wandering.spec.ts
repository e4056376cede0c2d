import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { World } from './wandering.ts'
import type { WorldInit } from './wandering.ts'

const EMPTY = { opened: 0, accepted: 0, unclaimed: 0, pending: 0 }

type Step = (world: World) => void

const TRAVEL: Step[] = [
  (world) => { world.create() },
  (world) => { world.send(world.pick(world.wanderers)) },
  (world) => { world.send(world.pick(world.wanderers)) },
  (world) => { world.send(world.pick(world.wanderers)) },
  (world) => { world.receive(world.pick(world.wanderers)) },
  (world) => { world.receive(world.pick(world.wanderers)) },
  (world) => { world.moveSender(world.pick(world.wanderers)) },
  (world) => { world.moveReceiver(world.pick(world.wanderers)) }
]

const HARM: Step[] = [
  (world) => { world.close(world.pick(world.wanderers)) },
  (world) => { world.abort(world.pick(world.wanderers)) },
  (world) => { world.cancel(world.pick(world.wanderers)) }
]

async function run (seed: number, steps: readonly Step[], init: Partial<WorldInit> = {}): Promise<World> {
  const world = new World({ random: seededRandom(seed), ...init })

  world.create()

  for (let count = 0; count < 200; count++) {
    world.pick(steps)?.(world)

    for (let turn = world.below(4); turn > 0; turn--) {
      await (turn === 3 ? settle() : Promise.resolve())
    }
  }

  return world
}

async function assertNothingLeft (world: World): Promise<void> {
  await world.end()

  expect(world.pending.size).toBe(0)
  expect(world.clock.pending).toBe(0)

  for (const session of world.nodes.flatMap(({ sessions }) => sessions)) {
    expect(session.stat()).toEqual(EMPTY)
  }
}

function numbers (count: number): number[] {
  return Array.from({ length: count }, (_, number) => number)
}

const SEEDS = numbers(60)

describe('channels whose ends wander between three sides', () => {
  it.each(SEEDS)('lose nothing, repeat nothing, and keep their order (seed %i)', async (seed) => {
    const world = await run(seed, TRAVEL)

    await world.finish()

    for (const { id, sent, received, ending } of world.wanderers) {
      expect({ id, received, ending }).toEqual({ id, received: numbers(sent), ending: 'closed' })
    }

    for (const session of world.nodes.flatMap(({ sessions }) => sessions)) {
      expect(session.stat()).toEqual({ opened: 1, accepted: 1, unclaimed: 0, pending: 0 })
    }

    await assertNothingLeft(world)
  })

  it.each(SEEDS)('do so with tight buffers and messages as bare values (seed %i)', async (seed) => {
    const world = await run(seed, TRAVEL, { memory: { framing: 'values', bufferBytes: 4 }, limits: { sendBufferBytes: 1, receiveBufferBytes: 1 } })

    await world.finish()

    for (const { id, sent, received, ending } of world.wanderers) {
      expect({ id, received, ending }).toEqual({ id, received: numbers(sent), ending: 'closed' })
    }

    await assertNothingLeft(world)
  })

  it.each(SEEDS)('deliver the first messages in order when some are aborted and cancelled (seed %i)', async (seed) => {
    const world = await run(seed, [...TRAVEL, ...TRAVEL, ...HARM])

    await world.finish()

    for (const { id, received, isHarmed, sent } of world.wanderers) {
      expect({ id, received }).toEqual({ id, received: numbers(isHarmed ? received.length : sent) })
    }

    await assertNothingLeft(world)
  })

  it.each(SEEDS)('deliver the first messages in order when sessions are cut (seed %i)', async (seed) => {
    const world = await run(seed, [...TRAVEL, ...TRAVEL, ...TRAVEL, ...HARM, (world) => { world.below(5) === 0 && world.cut() }])

    await world.finish()

    for (const { id, received } of world.wanderers) {
      expect({ id, received }).toEqual({ id, received: numbers(received.length) })
    }

    await assertNothingLeft(world)
  })
})
