import { VERBS } from '../../service/index.ts'
import { listContainers } from './container-list.ts'
import { createContainer } from './create.ts'
import { answerLines } from './messages.ts'
import { route } from './route.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './route.ts'

/** What the head of an answer to a ping tells clients, which choose a version of the API by it. */
interface Version {
  readonly ApiVersion?: string
  readonly Os?: string
  readonly Version?: string
  readonly Experimental?: boolean
}

/** The first version of the API whose answers are passed on unchanged. */
const LEAST_API_VERSION = '1.41'

/** What is asked of the engine itself. */
export const ENGINE_ROUTES: readonly Route[] = [
  route('GET', '/_ping', ping),
  route('HEAD', '/_ping', ping),
  route('GET', '/version', getOf('version')),
  route('GET', '/info', getOf('info')),
  route('GET', '/system/df', getOf('system/df')),
  route('GET', '/networks', getOf('networks')),
  route('GET', '/networks/{name}', getOf('networks')),
  route('GET', '/volumes', getOf('volumes')),
  route('GET', '/volumes/{name}', getOf('volumes')),
  route('GET', '/events', events),
  route('GET', '/containers/json', async (exchange) => { exchange.answer(200, await listContainers(exchange)) }),
  route('POST', '/containers/create', createContainer)
]

/** Answers with the value of that name, or of that name and what is named in the path. */
function getOf (what: string): Route['handle'] {
  return async (exchange, name) => {
    const path = name == null ? what : `${what}/${name}`

    exchange.answer(200, await exchange.engine.get([path, exchange.query], exchange.signal))
  }
}

async function ping (exchange: Exchange): Promise<void> {
  const { ApiVersion = LEAST_API_VERSION, Os = 'linux', Version, Experimental = false } =
    JSON.parse(await exchange.engine.get(['version', ''], exchange.signal)) as Version
  const body = 'OK'

  exchange.response.writeHead(200, {
    'Api-Version': ApiVersion,
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    'Content-Length': body.length,
    'Content-Type': 'text/plain; charset=utf-8',
    'Docker-Experimental': String(Experimental),
    Ostype: Os,
    Pragma: 'no-cache',
    Server: `Docker/${Version ?? 'unknown'} (${Os})`
  }).end(exchange.method === 'HEAD' ? undefined : body)
}

async function events (exchange: Exchange): Promise<void> {
  using answer = await exchange.engine.ask(VERBS.watch, ['events', exchange.query], VERBS.ack, exchange)

  await answerLines(exchange, answer)
}
