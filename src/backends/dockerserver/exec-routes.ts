import { VERBS } from '../../service/index.ts'
import { hijack } from './hijack.ts'
import { route } from './route.ts'
import type { Exchange } from './exchange.ts'
import type { Remote } from './remote.ts'
import type { Route } from './route.ts'

/** What is asked of one exec. */
export const EXEC_ROUTES: readonly Route[] = [
  on('GET', 'json', async (exchange, exec) => { exchange.answer(200, await exec.get([], exchange.signal)) }),
  on('POST', 'start', start),
  on('POST', 'resize', async (exchange, exec) => {
    await exec.do(VERBS.set, ['size', exchange.query], exchange.signal)
    exchange.answer(200)
  })
]

function on (method: string, what: string, handle: (exchange: Exchange, exec: Remote) => Promise<void>): Route {
  return route(method, `/exec/{id}/${what}`, async (exchange, id = '') => {
    await using exec = await exchange.engine.child(`exec/${id}`, exchange.signal)

    await handle(exchange, exec)
  })
}

async function start (exchange: Exchange, exec: Remote): Promise<void> {
  const body = await exchange.json()

  if ((JSON.parse(body) as { Detach?: unknown }).Detach === true) {
    await exec.do(VERBS.start, [body], exchange.signal)
    exchange.answer(200)

    return
  }

  using answer = await exec.ask(VERBS.attach, ['', body], VERBS.ack, exchange)

  await hijack(exchange, answer)
}
