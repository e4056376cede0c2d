import { describe, expect, it } from 'vitest'
import { pipeline, reference, task, VERBS } from '../../src/service/index.ts'
import { liveObjects } from '../support/live-objects.ts'
import { children, hostNodes, run, textOf } from '../support/mesh-pipeline.ts'
import { until } from '../support/until.ts'
import type { Stage, TaskRun } from '../../src/service/index.ts'
import type { HostNode } from '../support/mesh-pipeline.ts'

const MANY = 1000

/** Objects that one run may leave, on average: nothing of its own, which would be one at least. */
const MAX_OBJECTS_A_RUN = 0.5

/**
 * How often a batch of runs is measured at most. What the engine keeps of the last run alone (a
 * suspended generator's registers, until the code is optimised) grows in one batch and not in the
 * next; what each run leaves grows in all.
 */
const MAX_BATCHES = 3

function stage (name: string, does: TaskRun): Stage {
  return { name, object: reference(task(does, { name })) }
}

const say: TaskRun = async ({ output }) => {
  await output.send({ verb: VERBS.log, args: ['say', 'one'] })
  await output.send({ verb: VERBS.log, args: ['say', 'two'] })
}

const passOn: TaskRun = async ({ input, output }) => {
  for await (const message of input) {
    await output.send(message)
  }
}

async function runHere (): Promise<string[]> {
  const running = pipeline([stage('say', say), stage('first', passOn), stage('second', passOn)])
  const output = running.listen()
  const texts: string[] = []

  await running.start()

  for await (const { verb, args: [, text = ''] } of output) {
    if (verb === VERBS.log) {
      texts.push(text)
    }
  }

  expect((await running.ended).code).toBe(0)

  return texts
}

async function runAcross ({ host }: HostNode, lines: string[]): Promise<void> {
  const { running, output } = await run(host, lines)

  expect(await textOf(output)).toBe('ERR one\nERR two\n')
  expect((await running.ended).code).toBe(0)
}

/** Whether nothing is open between nodes but the roots that the first holds of the others. */
function isIdle (nodes: readonly HostNode[]): boolean {
  return nodes.every(({ mesh }) => {
    const connections = mesh.swarm.connections()
    const sessions = mesh.sessions().map((session) => session.stat())

    return mesh.stat().references === 0 &&
      connections.every(({ streams }) => streams.length === 1) &&
      sessions.every(({ opened, accepted, unclaimed }) => opened + accepted === 1 && unclaimed === 0)
  })
}

type Settled = () => Promise<void>

async function batchGrowth (count: number, once: () => Promise<unknown>, settled: Settled): Promise<number> {
  const before = await liveObjects()

  for (let n = 0; n < count; n++) {
    await once()
  }

  await settled()

  return (await liveObjects() - before) / count
}

/** The least growth of an average run over some batches, of which the first that shows none is the last. */
async function growthOf (count: number, once: () => Promise<unknown>, settled: Settled = async () => {}): Promise<number> {
  for (let warm = 0; warm < count / 4; warm++) {
    await once()
  }

  await settled()

  let least = Infinity

  for (let batch = 0; batch < MAX_BATCHES && least >= MAX_OBJECTS_A_RUN; batch++) {
    least = Math.min(least, await batchGrowth(count, once, settled))
  }

  return least
}

describe('pipelines that are run again and again', () => {
  it('leave nothing behind in one process', { timeout: 120_000 }, async () => {
    expect(await runHere()).toEqual(['one', 'two'])

    expect(await growthOf(MANY, runHere)).toBeLessThan(MAX_OBJECTS_A_RUN)
  })

  it('leave nothing behind at peers', { timeout: 120_000 }, async () => {
    const nodes = await hostNodes(3)
    const [near, a, b] = nodes
    const lines = [`exec printf 'ERR one\\nyes\\nERR two\\n' @${a?.id}`, `exec grep ERR @${b?.id}`]

    const settled = async (): Promise<void> => until(() => isIdle(nodes), 'everything that runs opened to be closed')
    const growth = await growthOf(100, async () => runAcross(near, lines), settled)

    expect(children()).toEqual([])
    expect(growth).toBeLessThan(MAX_OBJECTS_A_RUN)
  })
})
