import { ServiceError, VERBS } from '../../service/index.ts'
import { RAW_STREAM } from '../docker-media.ts'
import { answerBytes, giveBody } from './bytes.ts'
import { answerCreated } from './create.ts'
import { hijack } from './hijack.ts'
import { answerLines, following } from './messages.ts'
import { route } from './route.ts'
import type { Exchange } from './exchange.ts'
import type { Remote } from './remote.ts'
import type { Route } from './route.ts'
import type { Verb } from '../../service/index.ts'

/** What is asked of one container. */
export const CONTAINER_ROUTES: readonly Route[] = [
  on('GET', 'json', getOf('')),
  on('GET', 'top', getOf('top')),
  on('GET', 'changes', getOf('changes')),
  on('GET', 'stats', stats),
  on('GET', 'logs', logs),
  on('POST', 'start', changeState(VERBS.start, () => [])),
  on('POST', 'stop', changeState(VERBS.stop, ({ query }) => ['stop', query])),
  on('POST', 'restart', changeState(VERBS.stop, ({ query }) => ['restart', query])),
  on('POST', 'kill', changeState(VERBS.stop, ({ query }) => ['kill', query])),
  on('POST', 'pause', changeState(VERBS.set, () => ['paused', 'true'])),
  on('POST', 'unpause', changeState(VERBS.set, () => ['paused', 'false'])),
  on('POST', 'rename', changeState(VERBS.set, ({ parameters }) => ['name', parameters.get('name') ?? ''])),
  on('POST', 'resize', changeState(VERBS.set, ({ query }) => ['size', query], 200)),
  on('POST', 'wait', wait),
  on('POST', 'attach', attach),
  on('POST', 'exec', async (exchange, container) => answerCreated(exchange, container, [await exchange.json()], ({ ID, Id }) => ID ?? Id)),
  on('HEAD', 'archive', statArchive),
  on('GET', 'archive', getArchive),
  on('PUT', 'archive', putArchive),
  route('DELETE', '/containers/{name}', withContainer(changeState(VERBS.set, ({ query }) => ['removed', query])))
]

/** Answers a request that is about a container. It is let go of afterwards. */
type ContainerHandler = (exchange: Exchange, container: Remote) => Promise<void>

function on (method: string, what: string, handle: ContainerHandler): Route {
  return route(method, `/containers/{name}/${what}`, withContainer(handle))
}

function withContainer (handle: ContainerHandler): Route['handle'] {
  return async (exchange, name = '') => {
    await using container = await exchange.engine.child(name, exchange.signal)

    await handle(exchange, container)
  }
}

/** The value of that name; without one, what `docker inspect` shows. */
function getOf (what: string): ContainerHandler {
  return async (exchange, container) => {
    const args = what === '' && exchange.query === '' ? [] : [what, exchange.query]

    exchange.answer(200, await container.get(args, exchange.signal))
  }
}

/** Answers with nothing but a status: `unchanged` is 304. */
function changeState (verb: Verb, argsOf: (exchange: Exchange) => readonly string[], status = 204): ContainerHandler {
  return async (exchange, container) => {
    const [outcome] = await container.do(verb, argsOf(exchange), exchange.signal)

    exchange.answer(outcome === 'unchanged' ? 304 : status)
  }
}

async function stats (exchange: Exchange, container: Remote): Promise<void> {
  if (!exchange.isYes('stream', true)) {
    return getOf('stats')(exchange, container)
  }

  using answer = await container.ask(VERBS.watch, ['stats', exchange.query], VERBS.ack, exchange)

  await answerLines(exchange, answer)
}

/** The head of the answer says that the engine waits: only then do clients start the container. */
async function wait (exchange: Exchange, container: Remote): Promise<void> {
  using answer = await container.ask(VERBS.watch, ['exit', exchange.query], VERBS.ack, exchange)

  exchange.begin(200, { 'Content-Type': 'application/json' })

  const { value } = await following(exchange, answer).next()

  if (value == null) {
    throw new ServiceError('NoAnswer', 'wanted to hear how the container ended, but the engine stopped telling')
  }

  exchange.response.end(value)
}

async function logs (exchange: Exchange, container: Remote): Promise<void> {
  using answer = await container.ask(VERBS.attach, ['logs', exchange.query], VERBS.ack, exchange)

  await answerBytes(exchange, answer, { 'Content-Type': answer.message.args[0] ?? RAW_STREAM })
}

async function attach (exchange: Exchange, container: Remote): Promise<void> {
  // some clients repeat the query in a body; a body of chunks is what they have for the console instead
  if (exchange.request.headers['content-length'] != null) {
    await exchange.body()
  }

  using answer = await container.ask(VERBS.attach, ['', exchange.query], VERBS.ack, exchange)

  await hijack(exchange, answer)
}

const PATH_STAT = 'X-Docker-Container-Path-Stat'

async function statArchive (exchange: Exchange, container: Remote): Promise<void> {
  using answer = await container.ask(VERBS.file, ['stat', exchange.query], VERBS.file, exchange)
  const { att, args: [stat = ''] } = answer.message

  await att?.close()
  exchange.response.writeHead(200, { [PATH_STAT]: stat }).end()
}

async function getArchive (exchange: Exchange, container: Remote): Promise<void> {
  using answer = await container.ask(VERBS.file, ['get', exchange.query], VERBS.file, exchange)
  const [stat = ''] = answer.message.args

  await answerBytes(exchange, answer, { 'Content-Type': 'application/x-tar', [PATH_STAT]: stat })
}

async function putArchive (exchange: Exchange, container: Remote): Promise<void> {
  await giveBody(exchange, async (att) => {
    const answer = await container.ask(VERBS.file, ['put', exchange.query], VERBS.ack, { signal: exchange.signal, att })

    answer[Symbol.dispose]()
  })
  exchange.answer(200)
}
