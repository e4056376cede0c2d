import { VERBS } from '../../service/index.ts'
import { HttpError } from './http-error.ts'
import { answerLines, errorLine } from './messages.ts'
import { route } from './route.ts'
import type { Exchange } from './exchange.ts'
import type { Answer } from './remote.ts'
import type { Route } from './route.ts'

/** What is asked of images. Their names have slashes: `registry:5000/team/app:1`. */
export const IMAGE_ROUTES: readonly Route[] = [
  route('GET', '/images/json', async (exchange) => {
    exchange.answer(200, await exchange.engine.get(['images/json', exchange.query], exchange.signal))
  }),
  route('GET', '/images/{name}/json', getOf('json')),
  route('GET', '/images/{name}/history', getOf('history')),
  route('POST', '/images/create', pull),
  route('DELETE', '/images/{name}', remove)
]

function getOf (what: string): Route['handle'] {
  return async (exchange, name = '') => {
    exchange.answer(200, await exchange.engine.get([`images/${name}/${what}`, exchange.query], exchange.signal))
  }
}

async function pull (exchange: Exchange): Promise<void> {
  if (exchange.parameters.get('fromImage') == null) {
    throw new HttpError(501, 'NotImplemented', 'importing images is not supported by dockerserver: it can pull them, with fromImage')
  }

  const auth = exchange.request.headers['x-registry-auth']
  const meta = typeof auth === 'string' ? { 'registry-auth': auth } : {}

  using answer = await exchange.engine.ask(VERBS.watch, ['pull', exchange.query], VERBS.ack, { signal: exchange.signal, meta })

  await answerProgress(exchange, answer)
}

async function answerProgress (exchange: Exchange, answer: Answer): Promise<void> {
  try {
    await answerLines(exchange, answer, '\r\n')
  } catch (thrown) {
    exchange.signal.throwIfAborted()
    exchange.response.end(errorLine(thrown)) // the head has been sent: engines tell of errors in the body then
  }
}

async function remove (exchange: Exchange, name = ''): Promise<void> {
  const [removed = '[]'] = await exchange.engine.do(VERBS.set, ['remove-image', name, exchange.query], exchange.signal)

  exchange.answer(200, removed)
}
