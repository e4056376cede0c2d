import { isCoded, toError } from '../../base/index.ts'
import { VERBS } from '../../service/index.ts'
import type { Exchange } from './exchange.ts'

/** Containers that are asked for their summary at a time, for one `docker ps`. */
export const MAX_SUMMARIES = 16

interface Entry {
  readonly Created?: number
  readonly Names?: readonly string[]
}

/**
 * What `docker ps` shows: `ls`, then the summary of each. One that fails, as it has been removed meanwhile, is left
 * out; only when none is left is that the answer.
 *
 * @throws ServiceError when `ls` fails, or every container
 */
export async function listContainers (exchange: Exchange): Promise<string> {
  using answer = await exchange.engine.ask(VERBS.ls, [exchange.query], VERBS.set, exchange)
  const names = answer.message.args
  const failures: unknown[] = []
  const entries = await mapBounded(names, MAX_SUMMARIES, async (name) => {
    try {
      return await summaryOf(exchange, name)
    } catch (thrown) {
      exchange.signal.throwIfAborted()
      exchange.log(`left ${name} out of the list of containers: ${toError(thrown).message}`, 'warn')
      failures.push(...isCoded(thrown, 'NotFound') ? [] : [thrown])

      return undefined
    }
  })

  if (names.length > 0 && failures.length === names.length) {
    throw failures[0]
  }

  return JSON.stringify(newest(entries.filter((entry) => entry != null), limitOf(exchange)))
}

async function summaryOf (exchange: Exchange, name: string): Promise<Entry> {
  await using container = await exchange.engine.child(name, exchange.signal)
  const size = exchange.isYes('size') ? 'size=1' : ''
  const entry = JSON.parse(await container.get(['summary', size], exchange.signal)) as Entry

  // as it was listed: an engine does not know what it is called among others
  return { ...entry, Names: [`/${name}`] }
}

/** Where they are as new, in the order in which they were listed. */
function newest (entries: readonly Entry[], limit: number): readonly Entry[] {
  return [...entries].sort((a, b) => (b.Created ?? 0) - (a.Created ?? 0)).slice(0, limit)
}

function limitOf ({ parameters }: Exchange): number {
  const limit = Number(parameters.get('limit') ?? '0')

  return limit > 0 ? limit : Infinity
}

/** As `map`, for at most so many at a time. */
async function mapBounded<T, U> (items: readonly T[], max: number, map: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  const queue = items.entries()

  await Promise.all(Array.from({ length: Math.min(max, items.length) }, async () => {
    for (const [index, item] of queue) {
      results[index] = await map(item)
    }
  }))

  return results
}
