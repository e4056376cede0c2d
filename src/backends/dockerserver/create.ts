import { VERBS } from '../../service/index.ts'
import type { Exchange } from './exchange.ts'
import type { Remote } from './remote.ts'

/** What the engine said as it created something, where the Ack has that; else `get` of the new object tells its ID. */
export async function answerCreated (exchange: Exchange, parent: Remote, args: readonly string[], idOf: (inspected: Record<string, unknown>) => unknown): Promise<void> {
  using answer = await parent.ask(VERBS.spawn, args, VERBS.ack, exchange)
  await using created = parent.objectOf(answer.message)
  const [said] = answer.message.args

  if (said != null) {
    exchange.answer(201, said)

    return
  }

  const inspected = JSON.parse(await created.get([], exchange.signal)) as Record<string, unknown>

  exchange.answer(201, JSON.stringify({ Id: idOf(inspected), Warnings: [] }))
}

export async function createContainer (exchange: Exchange): Promise<void> {
  await answerCreated(exchange, exchange.engine, [await exchange.json(), exchange.query], ({ Id }) => Id)
}
