import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filter, pipeline, readMessages, Server, serving, tap, task, tee } from '../../src/service/index.ts'
import { localStage, SERVICE_LINKS } from '../support/service-links.ts'
import type { Message, Task } from '../../src/service/index.ts'
import type { ServiceLink } from '../support/service-links.ts'

/** A stage, and what it makes of a list. */
interface Step {
  readonly name: string
  create(): Task
  apply(texts: string[]): string[]
}

const toText = ({ args: [, text = ''] }: Message): string => text

const STEPS: readonly Step[] = [
  { name: 'tap', create: () => tap(() => {}), apply: (texts) => texts },
  { name: 'tee', create: () => tee([() => {}]), apply: (texts) => texts },
  {
    name: 'twice',
    create: () => filter((message) => [message, message]),
    apply: (texts) => texts.flatMap((text) => [text, text])
  },
  {
    name: 'even',
    create: () => filter((message) => Number(toText(message)) % 2 === 0 ? message : undefined),
    apply: (texts) => texts.filter((text) => Number(text) % 2 === 0)
  },
  {
    name: 'count',
    create: () => task(async ({ input, log }) => {
      let count = 0

      for await (const { args } of readMessages(input)) {
        count += args.length > 0 ? 1 : 0
      }

      await log(String(count))
    }),
    apply: (texts) => [String(texts.length)]
  },
  { name: 'head', create: () => head(3), apply: (texts) => texts.slice(0, 3) }
]

function head (count: number): Task {
  return task(async ({ input, output }) => {
    let left = count

    for await (const message of readMessages(input)) {
      await output.send(message)

      if (--left === 0) {
        return
      }
    }
  })
}

async function outcomeOf (link: ServiceLink, texts: readonly string[], steps: readonly Step[]): Promise<{ heard: string[], states: string[] }> {
  const heard: string[] = []
  const tasks = steps.map((step) => step.create())
  const source = task(async ({ log }) => {
    for (const text of texts) {
      await log(text)
    }
  })
  const sink = serving(new Server().onLog(([, text = '']) => { heard.push(text) }))
  const middle = await Promise.all(tasks.map(async (object, index) => ({ name: String(steps[index]?.name), object: await link.reach(object) })))
  const run = pipeline([localStage('source', source), ...middle, localStage('sink', sink)])

  await run.start()
  await run.ended

  return { heard, states: [source, ...tasks, sink].map(({ status }) => status.state) }
}

describe.each(Object.entries(SERVICE_LINKS))('any pipeline of stages %s', (way, open) => {
  it('makes of its input what its stages make of it one after the other, and all of them end', async () => {
    await using link = await open()

    await fc.assert(fc.asyncProperty(fc.array(fc.nat(9).map(String), { maxLength: 12 }), fc.array(fc.constantFrom(...STEPS), { maxLength: 5 }), async (texts, steps) => {
      const { heard, states } = await outcomeOf(link, texts, steps)

      expect(heard).toEqual(steps.reduce((rest, step) => step.apply(rest), texts))
      expect(states.filter((state) => state !== 'exited')).toEqual([])
    }), { numRuns: way === 'in memory' ? 200 : 50 })
  })
})
